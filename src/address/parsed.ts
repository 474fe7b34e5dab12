/**
 * What a parser answers. Parsers in `address/` and `smtp/` are total: they take any string, look at
 * it once, never throw, and say where the first wrong character stands and what was allowed there.
 */

export interface Malformed {
  readonly kind: 'malformed';
  /** Index into the text (UTF-16 code units) of the first character that does not fit. */
  readonly offset: number;
  /** What was allowed there, for a log or a person: `"@" before the domain`. */
  readonly expected: string;
}

export type Parsed<Value> = { readonly kind: 'parsed'; readonly value: Value } | Malformed;

/** What a parser of a part answers to the parser of the whole: the value, and where it ended. */
export type Scanned<Value> =
  | { readonly kind: 'scanned'; readonly value: Value; readonly end: number }
  | Malformed;

/** The one way to make a {@link Malformed}. */
export function malformed(offset: number, expected: string): Malformed {
  return { kind: 'malformed', offset, expected };
}

/** Turns a part into a whole: what was scanned must reach the end of the text. */
export function whole<Value>(text: string, scanned: Scanned<Value>): Parsed<Value> {
  if (scanned.kind === 'malformed') return scanned;
  if (scanned.end < text.length) return malformed(scanned.end, 'the end');
  return { kind: 'parsed', value: scanned.value };
}
