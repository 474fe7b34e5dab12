/**
 * Fields with parameters: Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183), with the
 * continuations, charsets and languages of RFC 2231 and the encoded words that are sent instead.
 */
import { decodeCharset } from './charset.ts';
import { decodeWords } from './encoded-word.ts';

export interface ParameterizedValue {
  /** What stands before the first `;`: lower case, without white space and comments. */
  readonly value: string;
  /** Decoded, by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Honest fields have a handful. */
const PARAMETERS_MAX = 200;
/** Continuations of one parameter (RFC 2231 §3). */
const SECTIONS_MAX = 200;

interface RawParameter {
  readonly name: string;
  /** One character per octet. */
  readonly value: string;
}

/** A comment behind a value (RFC 2045 §5.1); not behind a file name, where it is a name sent without quotes. */
function withoutComment(name: string, value: string): string {
  return /^(?:file)?name/.test(name) ? value : value.replace(/\s\([^()]{0,200}\)$/, '').trim();
}

/** Splits at `;` outside quoted strings and comments, which go. */
function split(raw: string): { readonly value: string; readonly parameters: readonly RawParameter[] } {
  const pieces: { readonly text: string; readonly equals: number }[] = [];
  let text: string[] = [];
  let equals = -1;
  let at = 0;
  let quoted = false;
  let depth = 0;
  const finish = (): void => {
    if (pieces.length <= PARAMETERS_MAX) pieces.push({ text: text.join(''), equals });
    text = [];
    equals = -1;
  };
  for (; at < raw.length; at += 1) {
    const character = raw[at] as string;
    if (character === '\\' && (quoted || depth > 0) && at + 1 < raw.length) {
      at += 1;
      // Windows paths are sent unescaped: a backslash that escapes nothing special is one.
      if (depth === 0) text.push(raw[at] === '"' || raw[at] === '\\' ? (raw[at] as string) : `\\${raw[at]}`);
    } else if (depth > 0) {
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
    } else if (character === '"') quoted = !quoted;
    else if (quoted) text.push(character);
    else if (character === '(' && equals < 0) depth += 1;
    else if (character === ';') finish();
    else {
      if (character === '=' && equals < 0) equals = text.length;
      text.push(character);
    }
  }
  finish();
  const [first, ...rest] = pieces;
  return {
    value: (first?.text ?? '').replace(/\s+/g, '').toLowerCase(),
    parameters: rest
      .filter((piece) => piece.equals > 0)
      .map((piece) => {
        const name = piece.text.slice(0, piece.equals).trim().toLowerCase();
        return { name, value: withoutComment(name, piece.text.slice(piece.equals + 1).trim()) };
      }),
  };
}

interface Section {
  readonly index: number;
  readonly extended: boolean;
  readonly value: string;
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Joins the sections of one parameter and decodes it by the charset of its first (RFC 2231 §4.1). */
function joinSections(sections: readonly Section[]): string {
  const ordered = [...sections].sort((a, b) => a.index - b.index);
  const extended = ordered.some((section) => section.extended);
  if (!extended) return decodeWords(ordered.map((section) => section.value).join(''));
  const [first] = ordered;
  const lead = first?.extended === true ? /^([^']*)'([^']*)'/.exec(first.value) : null;
  const joined = ordered
    .map((section, index) => {
      const value = index === 0 && lead !== null ? section.value.slice(lead[0].length) : section.value;
      return section.extended ? percentDecoded(value) : value;
    })
    .join('');
  return decodeCharset(Buffer.from(joined, 'latin1'), lead?.[1] ?? '').text;
}

/**
 * Reads a field with parameters. Never throws.
 *
 * The extended form (`name*`) wins over the plain one where both are sent (RFC 6266 §4.3); of two
 * equal names the first counts.
 *
 * @param raw The field's value, one character per octet, unfolded.
 */
export function parseParameterized(raw: string): ParameterizedValue {
  const { value, parameters } = split(raw);
  const plain = new Map<string, string>();
  const sections = new Map<string, Section[]>();
  for (const parameter of parameters) {
    const match = /^([^*]+)\*(?:(\d{1,4})(\*)?)?$/.exec(parameter.name);
    if (match === null) {
      if (parameter.name !== '' && !plain.has(parameter.name))
        plain.set(parameter.name, decodeWords(parameter.value));
      continue;
    }
    const name = match[1] as string;
    const list = sections.get(name) ?? [];
    sections.set(name, list);
    const index = Number(match[2] ?? '0');
    if (list.length < SECTIONS_MAX && !list.some((section) => section.index === index)) {
      list.push({ index, extended: match[2] === undefined || match[3] === '*', value: parameter.value });
    }
  }
  for (const [name, list] of sections) plain.set(name, joinSections(list));
  return { value, parameters: plain };
}
