/** Lengths as the wire counts them. RFC 6531 §3.4 keeps the limits of RFC 5321 §4.5.3.1 in octets. */

/** Half of a surrogate pair: no UTF-8 comes from it, so no text from the wire has it. */
export const LONE_SURROGATE: RegExp = /\p{Surrogate}/u;

/** True where every character is ASCII, so that characters and octets are the same. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Octets of `text` in UTF-8. */
export function octetLength(text: string): number {
  return isAscii(text) ? text.length : Buffer.byteLength(text, 'utf8');
}
