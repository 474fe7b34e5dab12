/** TOML 1.0 values as frontmatter writes them: one line each, no character that a terminal would obey. */
import { wellFormed } from '../charset/charset.ts';

/**
 * Characters that are written as escapes: controls (U+0000–001F, U+007F–009F), line separators, bidi
 * controls and invisible marks, tag characters, and lone surrogates, which are no text at all.
 */
const ESCAPED =
  /["\\\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const codePoint = character.codePointAt(0) as number;
  const hex = codePoint.toString(16).toUpperCase();
  return codePoint > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

/**
 * A basic string. `+++` becomes `\u002B++`, so that even a reader that splits on it works (contract §5).
 * Joiners that scripts and emoji need (U+200C, U+200D) come back from the escape as they were.
 */
export function tomlString(text: string): string {
  return `"${wellFormed(text)
    .replace(ESCAPED, escapeCharacter)
    .replace(/\+(?=\+\+)/g, '\\u002B')}"`;
}

/** An array of strings on one line. */
export function tomlStrings(texts: readonly string[]): string {
  return `[${texts.map(tomlString).join(', ')}]`;
}
