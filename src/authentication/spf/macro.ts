/**
 * Macro strings of SPF (RFC 7208 §7): parsing, and expansion into domain names.
 *
 *     domain-spec   = macro-string domain-end                                      RFC 7208 §7.1
 *     domain-end    = ( "." toplabel [ "." ] ) / macro-expand
 *     macro-string  = *( macro-expand / macro-literal )
 *     macro-expand  = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
 *     macro-literal = %x21-24 / %x26-7E
 *
 * Explanations (`exp`) are not fetched, so the letters that only they may use (`c r t`) have no values.
 */

/** Letters that a domain-spec may use (§7.2). */
export type MacroLetter = 's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'v' | 'h';

export interface Macro {
  readonly kind: 'macro';
  readonly letter: MacroLetter;
  /** How many right-hand parts are kept; null keeps all. */
  readonly parts: number | null;
  readonly isReversed: boolean;
  /** Characters at which the value is cut into parts. */
  readonly delimiters: string;
  /** An upper-case letter: the result is URL-escaped (§7.3). */
  readonly isEscaped: boolean;
}

/** Literals and macros, in order. */
export type MacroString = readonly (string | Macro)[];

/** What letters stand for. */
export type MacroValues = Readonly<Record<MacroLetter, string>>;

/** RFC 7208 §7.3: longer names lose labels on the left. */
const NAME_OCTETS_MAX = 253;

const MACRO = /%(?:[%_-]|\{([a-z])(\d{0,9})(r?)([-.+,/_=]*)\})/iy;
const LITERAL = /[!-$&-~]+/y;
const NAME_LETTERS = 'slodipvh';
const EXPLANATION_LETTERS = 'crt';
const NOT_ASCII = /[^\0-\x7f]/;
/** `toplabel` (§7.1): letters, digits and inner hyphens, and not digits alone. */
const DOMAIN_END = /\.(?!\d+\.?$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?$/i;

const LITERAL_MACROS: Readonly<Record<string, string>> = { '%%': '%', '%_': ' ', '%-': '%20' };

interface ScannedMacros {
  readonly macros: MacroString;
  /** The last thing was a `macro-expand`. */
  readonly endsInMacro: boolean;
}

/** Reads a whole text; null where the syntax is wrong. */
function scanMacros(text: string, { letters }: { readonly letters: string }): ScannedMacros | null {
  const macros: (string | Macro)[] = [];
  let endsInMacro = false;
  for (let at = 0; at < text.length; ) {
    LITERAL.lastIndex = at;
    const literal = LITERAL.exec(text)?.[0];
    endsInMacro = literal === undefined;
    if (literal !== undefined) {
      macros.push(literal);
      at += literal.length;
      continue;
    }
    MACRO.lastIndex = at;
    const match = MACRO.exec(text);
    if (match === null) return null;
    const macro = readMacro(match);
    if (macro === null || (typeof macro !== 'string' && !letters.includes(macro.letter))) return null;
    macros.push(macro);
    at += match[0].length;
  }
  return { macros, endsInMacro };
}

function readMacro(match: RegExpExecArray): string | Macro | null {
  const [whole, letter, digits = '', reversed, delimiters = ''] = match;
  if (letter === undefined) return LITERAL_MACROS[whole] ?? null;
  const parts = digits === '' ? null : Number(digits);
  // §7.3: a number of parts must not be zero.
  if (parts === 0) return null;
  const lower = letter.toLowerCase();
  return {
    kind: 'macro',
    letter: lower as MacroLetter,
    parts,
    isReversed: reversed !== '',
    delimiters: delimiters === '' ? '.' : delimiters,
    isEscaped: letter !== lower,
  };
}

/**
 * Whether `text` is a macro string, as the value of a modifier that nobody knows must be (§6). It may
 * hold the letters of explanations. Never throws.
 */
export function isMacroString(text: string): boolean {
  return scanMacros(text, { letters: NAME_LETTERS + EXPLANATION_LETTERS }) !== null;
}

/**
 * Parses a domain-spec. What its macros expand to is not checked (§7.1).
 *
 * @returns Null where the syntax is wrong. Never throws.
 */
export function parseDomainSpec(text: string): MacroString | null {
  const scanned = scanMacros(text, { letters: NAME_LETTERS });
  if (scanned === null) return null;
  return scanned.endsInMacro || DOMAIN_END.test(text) ? scanned.macros : null;
}

/** Whether a letter occurs in it, of either case. */
export function usesLetter(macros: MacroString, letter: MacroLetter): boolean {
  return macros.some((macro) => typeof macro !== 'string' && macro.letter === letter);
}

/** Cuts at any of the delimiters, reverses, keeps right-hand parts, joins with dots (§7.3). */
function transform(value: string, { delimiters, parts, isReversed }: Macro): string {
  const found: string[] = [];
  let part = '';
  for (const character of value) {
    if (delimiters.includes(character)) {
      found.push(part);
      part = '';
    } else part += character;
  }
  found.push(part);
  if (isReversed) found.reverse();
  return (parts === null ? found : found.slice(-parts)).join('.');
}

/** Escapes what is not `unreserved` in RFC 3986 §2.3, as octets of UTF-8. */
function escapeForUrl(value: string): string {
  return Array.from(new TextEncoder().encode(value), (octet) => {
    const character = String.fromCharCode(octet);
    return /[a-z0-9._~-]/i.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/**
 * Expands a domain-spec into the name that DNS is asked for, without a dot at the end.
 *
 * A name over 253 octets loses labels on its left (§7.3). So it is made from its right end, and no more
 * of it than can remain: a long record full of macros costs no more than a short one.
 *
 * @returns Null where no name comes out: a macro stands for what is not ASCII, escaped or not (RFC 8616
 *   §4: the term then matches nothing), or one label takes all the room.
 */
export function expandDomainSpec(macros: MacroString, values: MacroValues): string | null {
  if (macros.some((macro) => typeof macro !== 'string' && NOT_ASCII.test(values[macro.letter]))) return null;
  let name = '';
  for (let at = macros.length - 1; at >= 0 && name.length <= NAME_OCTETS_MAX + 1; at--) {
    const macro = macros[at] ?? '';
    if (typeof macro === 'string') {
      name = macro + name;
      continue;
    }
    const value = transform(values[macro.letter], macro);
    name = (macro.isEscaped ? escapeForUrl(value) : value) + name;
  }
  if (name.endsWith('.')) name = name.slice(0, -1);
  if (name.length > NAME_OCTETS_MAX) {
    // A label is whole where a dot stands before it.
    const dot = name.indexOf('.', name.length - NAME_OCTETS_MAX - 1);
    if (dot < 0) return null;
    name = name.slice(dot + 1);
  }
  return name;
}
