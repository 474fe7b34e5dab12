/**
 * Text as encoded words (RFC 2047), where a header field cannot have it as it is.
 *
 * Every octet that comes out is printable ASCII, so that no text can end the field that it stands in.
 */
import { Buffer } from 'node:buffer';

/** A word may have 75 characters (RFC 2047 §2); with the longest of our field names before it, a line stays below 76. */
const WORD_CHARACTERS_MAX = 64;
const BASE64_LEAD = '=?UTF-8?B?';
const QUOTED_LEAD = '=?UTF-8?Q?';
const WORD_END = '?=';
const ROOM = WORD_CHARACTERS_MAX - QUOTED_LEAD.length - WORD_END.length;
/** Octets whose base64 fits into a word. */
const BASE64_OCTETS_MAX = Math.floor(ROOM / 4) * 3;

/** Text of Latin letters can be read as quoted octets; so much longer than in base64 it may be for that. */
const READABLE_FACTOR = 1.5;

/** What may stand as it is in a word wherever words may stand, phrases included (RFC 2047 §5 (3)). */
const PLAIN = /^[A-Za-z0-9!*+\-/]$/;

function quotedCharacter(character: string): string {
  if (PLAIN.test(character)) return character;
  if (character === ' ') return '_';
  return Array.from(
    Buffer.from(character),
    (octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** Pieces of whole characters (RFC 2047 §5 (3)), each at most `costMax` by `cost`. */
function pieces(text: string, costMax: number, cost: (character: string) => number): readonly string[] {
  const found: string[] = [];
  let piece: string[] = [];
  let used = 0;
  for (const character of text) {
    const more = cost(character);
    if (used + more > costMax && piece.length > 0) {
      found.push(piece.join(''));
      piece = [];
      used = 0;
    }
    piece.push(character);
    used += more;
  }
  if (piece.length > 0) found.push(piece.join(''));
  return found;
}

/**
 * Encodes text as words that belong together: white space between them means nothing (RFC 2047 §6.2).
 *
 * @param text Well-formed. Any character.
 * @returns Quoted octets, or base64 where that is much shorter; none for `""`.
 */
export function encodeWords(text: string): readonly string[] {
  const quotedLength = Array.from(text, quotedCharacter).join('').length;
  const base64Length = Math.ceil(Buffer.byteLength(text) / 3) * 4;
  if (quotedLength <= base64Length * READABLE_FACTOR) {
    return pieces(text, ROOM, (character) => quotedCharacter(character).length).map(
      (piece) => `${QUOTED_LEAD}${Array.from(piece, quotedCharacter).join('')}${WORD_END}`,
    );
  }
  return pieces(text, BASE64_OCTETS_MAX, (character) => Buffer.byteLength(character)).map(
    (piece) => `${BASE64_LEAD}${Buffer.from(piece).toString('base64')}${WORD_END}`,
  );
}
