/** UTF-7 (RFC 2152): ASCII, and UTF-16 as base64 between `+` and `-`. */

const PLUS = 0x2b;
const MINUS = 0x2d;
const REPLACEMENT = 0xfffd;
/** Units are made into text in pieces of this size, which a call takes as arguments. */
const PIECE_UNITS = 8 * 1024;

/** Value of each base64 digit, 64 for what is none. */
function digitValue(octet: number): number {
  if (octet >= 0x41 && octet <= 0x5a) return octet - 0x41;
  if (octet >= 0x61 && octet <= 0x7a) return octet - 0x47;
  if (octet >= 0x30 && octet <= 0x39) return octet + 4;
  if (octet === PLUS) return 62;
  return octet === 0x2f ? 63 : 64;
}

/**
 * Decodes UTF-7. Never throws; linear. `+-` is a plus; bits that are left over at the end of a run are
 * padding; octets above 127, which it has none of, become U+FFFD.
 */
export function decodeUtf7(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let used = 0;
  let inRun = false;
  let bits = 0;
  let bitCount = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at] as number;
    const digit = inRun ? digitValue(octet) : 64;
    if (digit < 64) {
      bits = ((bits << 6) | digit) & 0x3fffff;
      bitCount += 6;
      if (bitCount < 16) continue;
      bitCount -= 16;
      units[used++] = (bits >> bitCount) & 0xffff;
      continue;
    }
    if (inRun && octet === MINUS) {
      if (bytes[at - 1] === PLUS && bitCount === 0) units[used++] = PLUS;
      inRun = false;
      continue;
    }
    inRun = octet === PLUS;
    bits = 0;
    bitCount = 0;
    if (!inRun) units[used++] = octet < 0x80 ? octet : REPLACEMENT;
  }
  const pieces: string[] = [];
  for (let at = 0; at < used; at += PIECE_UNITS) {
    pieces.push(String.fromCharCode(...units.subarray(at, Math.min(used, at + PIECE_UNITS))));
  }
  return pieces.join('').toWellFormed();
}
