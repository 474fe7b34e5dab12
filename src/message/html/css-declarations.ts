/** Declarations of CSS: of a `style` attribute, or between the braces of a rule. */
import { parseColour } from './css-colour.ts';
import { isBackground, isValueOf } from './css-value.ts';

export interface Declaration {
  /** Lower case, trimmed, without `!important`. */
  readonly value: string;
  readonly isImportant: boolean;
}

/** The properties that decide whether a person sees text, and no others; shorthands are taken apart. */
export type Declarations = ReadonlyMap<string, Declaration>;

/** Longer values are `data:` images and generated nonsense. */
const VALUE_CHARACTERS_MAX = 512;

const PROPERTIES: ReadonlySet<string> = new Set([
  'display',
  'visibility',
  'content-visibility',
  'font-size',
  'opacity',
  'filter',
  'color',
  '-webkit-text-fill-color',
  'background-color',
  'background-image',
  'width',
  'height',
  'max-width',
  'max-height',
  'line-height',
  'overflow',
  'overflow-x',
  'overflow-y',
  'position',
  'left',
  'top',
  'right',
  'bottom',
  'text-indent',
  'margin-left',
  'margin-top',
  'padding-left',
  'padding-top',
  'letter-spacing',
  'zoom',
  'transform',
  'translate',
  'scale',
  'rotate',
  'mask',
  'mix-blend-mode',
  'clip',
  'clip-path',
  'mso-hide',
  'white-space',
]);

/** Names for the same in a text that runs from left to right and from top to bottom, or of one maker. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['inline-size', 'width'],
  ['block-size', 'height'],
  ['max-inline-size', 'max-width'],
  ['max-block-size', 'max-height'],
  ['overflow-inline', 'overflow-x'],
  ['overflow-block', 'overflow-y'],
  ['inset-inline-start', 'left'],
  ['inset-inline', 'left'],
  ['inset-block-start', 'top'],
  ['inset-block', 'top'],
  ['margin-inline-start', 'margin-left'],
  ['margin-inline', 'margin-left'],
  ['margin-block-start', 'margin-top'],
  ['margin-block', 'margin-top'],
  ['padding-inline-start', 'padding-left'],
  ['padding-block-start', 'padding-top'],
  ['-webkit-transform', 'transform'],
  ['-webkit-filter', 'filter'],
  ['-webkit-clip-path', 'clip-path'],
  ['-webkit-mask', 'mask'],
  ['-webkit-mask-image', 'mask'],
  ['mask-image', 'mask'],
]);

/** Words of a value; a function with its parentheses is one (they do not nest in what is looked at). */
function wordsOf(value: string): readonly string[] {
  return value.match(/[^\s()]*\([^()]*\)|[^\s]+/g) ?? [];
}

function ofBackground(value: string): readonly (readonly [string, string])[] {
  // `var(…)`, `color-mix(…)` and pictures are alike in this: nobody here knows what they look like.
  const hasImage = /(?<![a-z-])(?!rgba?\(|hsla?\()[a-z-]+\(/.test(value);
  const words = wordsOf(value);
  if (!hasImage && !isBackground(words)) return [];
  const colour = words.find((word) => parseColour(word) !== null);
  return [
    ['background-color', colour ?? 'transparent'],
    ['background-image', hasImage ? value : 'none'],
  ];
}

/** CSS 2 §15.8: the size stands before the family, with the height of lines behind a slash. */
function ofFont(value: string): readonly (readonly [string, string])[] {
  const size =
    /(?:^|\s)((?:calc|min|max|clamp)\(.{1,100}\)|[\d.]+(?:e[+-]?\d+)?(?:[a-z]{2,5}|%)?|(?:xx?-)?(?:small|large)|medium)(?:\s?\/\s?([\d.]+[a-z%]*))?\s+\S/.exec(
      value,
    );
  if (size === null) return [];
  const found: (readonly [string, string])[] = [['font-size', size[1] ?? '']];
  if (size[2] !== undefined) found.push(['line-height', size[2]]);
  return found;
}

function ofBox(
  value: string,
  names: { readonly top: string; readonly left: string },
): readonly (readonly [string, string])[] {
  const [top = '', right = top, , left = right] = wordsOf(value);
  return [
    [names.top, top],
    [names.left, left],
  ];
}

function expand(written: string, value: string): readonly (readonly [string, string])[] {
  const property = OTHER_NAMES.get(written) ?? written;
  if (PROPERTIES.has(property)) {
    // `margin-inline` has two sides, of which the first is looked at.
    return [[property, /-(?:inline|block)$/.test(written) ? (wordsOf(value)[0] ?? '') : value]];
  }
  if (property === 'background') return ofBackground(value);
  if (property === 'font') return ofFont(value);
  if (property === 'margin') return ofBox(value, { top: 'margin-top', left: 'margin-left' });
  if (property === 'padding') return ofBox(value, { top: 'padding-top', left: 'padding-left' });
  if (property === 'inset') return ofBox(value, { top: 'top', left: 'left' });
  if (property === 'contain' && /\b(?:paint|strict|content)\b/.test(value)) return [['overflow', 'clip']];
  return [];
}

/** Ends of declarations: semicolons outside of parentheses and quotes (`url(data:…;base64,…)`). */
function splitDeclarations(text: string): readonly string[] {
  if (!/["'(\\]/.test(text)) return text.split(';');
  const pieces: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '\\') at += 1;
    else if (quote !== '') {
      if (character === quote || character === '\n') quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth = Math.max(0, depth - 1);
    else if (character === ';' && depth === 0) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** Text without its comments; one that is not closed ends the text (CSS Syntax 3 §4.3.2). Linear. */
export function withoutComments(text: string): string {
  if (!text.includes('/*')) return text;
  const pieces: string[] = [];
  const marks = /["'\n]|\\[\s\S]|\/\*/g;
  let quote = '';
  let from = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const [found] = mark;
    if (found === '/*') {
      // One in quotes is none.
      if (quote !== '') continue;
      pieces.push(text.slice(from, mark.index));
      const end = text.indexOf('*/', mark.index + 2);
      if (end < 0) return pieces.join('');
      from = end + 2;
      marks.lastIndex = from;
    } else if (found === '\n' || found === quote) quote = '';
    else if (found.length === 1 && quote === '') quote = found;
  }
  pieces.push(text.slice(from));
  return pieces.join('');
}

/** CSS Syntax 3 §4.3.7: `\64isplay` is `display`. */
export function unescapeCss(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:([0-9a-f]{1,6})\s?|([^\n]))/gi,
    (_all, hex: string | undefined, other: string | undefined) => {
      if (hex === undefined) return other ?? '';
      const codePoint = Number.parseInt(hex, 16);
      return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '\ufffd';
    },
  );
}

/** Reads declarations. Never throws; linear; what is wrong or unknown is left out (CSS 2 §4.2). */
export function parseDeclarations(text: string): Declarations {
  const found = new Map<string, Declaration>();
  for (const piece of splitDeclarations(withoutComments(text))) {
    const colon = piece.indexOf(':');
    if (colon < 0) continue;
    const property = unescapeCss(piece.slice(0, colon)).trim().toLowerCase();
    const written = piece.slice(colon + 1, colon + 1 + VALUE_CHARACTERS_MAX);
    const whole = unescapeCss(written).trim().toLowerCase();
    const value = whole.replace(/\s?!\s?important$/, '').trim();
    if (value === '') continue;
    const isImportant = value.length < whole.length;
    const parts = expand(property, value);
    if (!parts.every(([name, part]) => isValueOf(name, part))) continue;
    for (const [name, part] of parts) {
      if (found.get(name)?.isImportant === true && !isImportant) continue;
      found.set(name, { value: part, isImportant });
    }
  }
  return found;
}
