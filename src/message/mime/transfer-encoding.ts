/**
 * Content-Transfer-Encodings (RFC 2045 §6): encoded octets in, octets out.
 *
 * Total and linear; what is wrong is skipped or kept as it stands, and said.
 */

export interface DecodedOctets {
  readonly bytes: Uint8Array;
  /** Something was not as the encoding demands. */
  readonly damaged: boolean;
}

const CR = 0x0d;
const LF = 0x0a;
const EQUALS = 0x3d;

/** Value of each base64 digit, 64 for what separates them, 65 for what is wrong (RFC 2045 §6.8). */
const BASE64_VALUES: Readonly<Uint8Array> = (() => {
  const values = new Uint8Array(256).fill(65);
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let index = 0; index < digits.length; index += 1) values[digits.charCodeAt(index)] = index;
  // The URL alphabet of RFC 4648 §5, which some senders use.
  values[0x2d] = 62;
  values[0x5f] = 63;
  for (const blank of [0x09, LF, CR, 0x20]) values[blank] = 64;
  return values;
})();

/**
 * Decodes base64. Padding ends a quantum and not the data: parts that were encoded in pieces and
 * joined decode whole. Octets outside the alphabet are skipped (§6.8) and count as damage.
 */
export function decodeBase64(encoded: Uint8Array): DecodedOctets {
  const bytes = new Uint8Array(Math.ceil((encoded.length * 3) / 4) + 3);
  let written = 0;
  let quantum = 0;
  let digits = 0;
  let damaged = false;
  for (let at = 0; at < encoded.length; at += 1) {
    const octet = encoded[at] as number;
    const value = BASE64_VALUES[octet] as number;
    if (value < 64) {
      quantum = ((quantum << 6) | value) & 0xffffff;
      digits += 1;
      if (digits === 4) {
        bytes[written++] = quantum >> 16;
        bytes[written++] = quantum >> 8;
        bytes[written++] = quantum;
        digits = 0;
        quantum = 0;
      }
    } else if (octet === EQUALS) {
      written = flushQuantum(bytes, written, quantum, digits);
      digits = 0;
      quantum = 0;
    } else if (value === 65) {
      damaged = true;
    }
  }
  if (digits === 1) damaged = true;
  written = flushQuantum(bytes, written, quantum, digits);
  return { bytes: bytes.subarray(0, written), damaged };
}

function flushQuantum(bytes: Uint8Array, written: number, quantum: number, digits: number): number {
  let at = written;
  if (digits === 2) bytes[at++] = quantum >> 4;
  if (digits === 3) {
    bytes[at++] = quantum >> 10;
    bytes[at++] = quantum >> 2;
  }
  return at;
}

function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const upper = octet & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

/**
 * Decodes quoted-printable (RFC 2045 §6.7): soft line breaks go, white space before a line end goes,
 * an `=` that encodes nothing stays as it stands and counts as damage.
 */
export function decodeQuotedPrintable(encoded: Uint8Array): DecodedOctets {
  const bytes = new Uint8Array(encoded.length);
  let written = 0;
  let damaged = false;
  let at = 0;
  while (at < encoded.length) {
    const octet = encoded[at] as number;
    if (octet === EQUALS) {
      const high = hexValue(encoded[at + 1]);
      const low = hexValue(encoded[at + 2]);
      if (high >= 0 && low >= 0) {
        bytes[written++] = high * 16 + low;
        at += 3;
        continue;
      }
      const lineEnd = softBreakEnd(encoded, at + 1);
      if (lineEnd > 0) {
        at = lineEnd;
        continue;
      }
      damaged = true;
    } else if (isBlank(octet)) {
      let end = at;
      while (isBlank(encoded[end])) end += 1;
      const atLineEnd =
        end >= encoded.length || encoded[end] === LF || (encoded[end] === CR && encoded[end + 1] === LF);
      if (!atLineEnd) {
        bytes.set(encoded.subarray(at, end), written);
        written += end - at;
      }
      at = end;
      continue;
    }
    bytes[written++] = octet;
    at += 1;
  }
  return { bytes: bytes.subarray(0, written), damaged };
}

/** Where the line after a soft break begins; 0 where what follows the `=` is no line end. */
function softBreakEnd(encoded: Uint8Array, start: number): number {
  let at = start;
  while (isBlank(encoded[at])) at += 1;
  if (at >= encoded.length) return encoded.length;
  if (encoded[at] === CR && encoded[at + 1] === LF) return at + 2;
  return encoded[at] === LF ? at + 1 : 0;
}

/** Octets as they are, and the misspellings of it that are sent (`7-bit`, `8bits`). */
const IDENTITY = /^(?:\d-?bits?|binary|none|unencoded|)$/;

/** True where an encoding of that name leaves octets as they are. @param encoding Lower case, without comments. */
export function isIdentityEncoding(encoding: string): boolean {
  return IDENTITY.test(encoding);
}

/** Decodes a body by the name of its encoding; null where the name is unknown (§6.4: treat as octets). */
export function decodeTransfer(encoded: Uint8Array, encoding: string): DecodedOctets | null {
  switch (encoding) {
    case 'base64':
      return decodeBase64(encoded);
    case 'quoted-printable':
      return decodeQuotedPrintable(encoded);
    default:
      return isIdentityEncoding(encoding) ? { bytes: encoded, damaged: false } : null;
  }
}
