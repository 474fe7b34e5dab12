/**
 * Tag lists: the syntax of signatures and of key records.
 *
 *     tag-list  = tag-spec *( ";" tag-spec ) [ ";" ]                RFC 6376 §3.2
 *     tag-spec  = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 *     tag-name  = ALPHA *( ALPHA / DIGIT / "_" )
 *     tag-value = [ tval *( 1*(WSP / FWS) tval ) ]                  tval = 1*( %x21-3A / %x3C-7E )
 *
 * Octets above 0x7F are taken in values: internationalized mail has them (RFC 8616 §5).
 */

/** A tag that was found; offsets are into the text of the list. */
export interface Tag {
  /** Without the white space around it. */
  readonly value: string;
  /** Behind the `=`. */
  readonly start: number;
  /** At the `;` behind it, or at the end of the list. */
  readonly end: number;
}
export type Tags = ReadonlyMap<string, Tag>;

export type TagList =
  | { readonly kind: 'tags'; readonly tags: Tags }
  /** `tags` are those that stand before the error. */
  | { readonly kind: 'malformed'; readonly reason: string; readonly tags: Tags };

/** The RFCs name a dozen; unknown ones are allowed. */
const TAGS_MAX = 100;
/** Of what a message said, in a reason. */
const QUOTED_CHARACTERS_MAX = 40;

/** What a message said, bounded and printable, for a reason. */
export function quote(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]+/g, '?');
  if (printable.length <= QUOTED_CHARACTERS_MAX) return `"${printable}"`;
  return `"${printable.slice(0, QUOTED_CHARACTERS_MAX)}…"`;
}

function trimFolds(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && ' \t\r\n'.includes(text[start] as string)) start += 1;
  while (end > start && ' \t\r\n'.includes(text[end - 1] as string)) end -= 1;
  return text.slice(start, end);
}

/** Linear, never throws. @param text One character per octet; folds may be there or not. */
export function parseTagList(text: string): TagList {
  const tags = new Map<string, Tag>();
  const malformed = (reason: string): TagList => ({ kind: 'malformed', reason, tags });
  let at = 0;
  while (at <= text.length) {
    const semicolon = text.indexOf(';', at);
    const end = semicolon < 0 ? text.length : semicolon;
    const equals = text.indexOf('=', at);
    if (equals < 0 || equals > end) {
      const rest = trimFolds(text.slice(at, end));
      if (rest === '' && semicolon < 0 && tags.size > 0) break;
      return malformed(rest === '' ? 'an empty tag' : `${quote(rest)} is no tag`);
    }
    const name = trimFolds(text.slice(at, equals));
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return malformed(`${quote(name)} is no name of a tag`);
    if (tags.has(name)) return malformed(`the tag ${quote(name)} occurs twice`);
    if (tags.size === TAGS_MAX) return malformed(`more than ${TAGS_MAX} tags`);
    const value = trimFolds(text.slice(equals + 1, end));
    if (/[^\x21-\x3a\x3c-\x7e\x80-\xff \t\r\n]/.test(value))
      return malformed(`the tag ${quote(name)} has a control character`);
    tags.set(name, { value, start: equals + 1, end });
    at = end + 1;
  }
  return { kind: 'tags', tags };
}

/** The value without white space, as base64 and lists of names are written (RFC 6376 §2.10, §3.5). */
export function withoutFolds(value: string): string {
  return value.replace(/[ \t\r\n]+/g, '');
}

/** @returns The octets; null where the text (white space allowed in it) is no base64 or is empty. */
export function parseBase64(value: string): Buffer | null {
  const digits = withoutFolds(value);
  if (digits === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(digits)) return null;
  return Buffer.from(digits, 'base64');
}
