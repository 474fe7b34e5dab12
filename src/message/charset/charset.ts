/**
 * Octets of a named charset to text.
 *
 * The platform's decoder knows the charsets of the web; the two libraries behind it (old code pages;
 * Japanese variants) are loaded when a message first needs them, since most never do.
 */
import { isUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';
import { charsetName, UNDECLARED } from './charset-aliases.ts';
import { decodeShifted, isShiftedCharset } from './shifted-charsets.ts';
import { decodeUtf7 } from './utf-7.ts';

export { charsetName };

export interface DecodedText {
  readonly text: string;
  /** What could not be done as declared; null where nothing is to be said. */
  readonly problem: 'unknown-charset' | 'invalid-octets' | 'mislabelled' | null;
}

/** Loads a library when it is first asked for; most messages need none. */
const load = createRequire(import.meta.url);

function platformDecoder(name: string): InstanceType<typeof TextDecoder> | null {
  try {
    // Bytes that are wrong become U+FFFD. A byte order mark is no part of the text.
    return new TextDecoder(name);
  } catch {
    return null; // The constructor is the only way to ask which charsets are known.
  }
}

/** Text of octets without a declared charset: UTF-8 where it is, else Windows-1252, which never fails. */
export function decodeUndeclared(bytes: Uint8Array): string {
  return new TextDecoder(isUtf8(bytes) ? 'utf-8' : 'windows-1252').decode(bytes);
}

function decodeJapanese(bytes: Uint8Array): string {
  const japanese = load('encoding-japanese') as typeof import('encoding-japanese');
  return japanese.convert(bytes, { to: 'UNICODE', from: 'JIS', type: 'string' });
}

function decodeByCodePage(name: string, bytes: Uint8Array): string | null {
  const iconv = load('iconv-lite') as typeof import('iconv-lite');
  return iconv.encodingExists(name) ? iconv.decode(Buffer.from(bytes), name) : null;
}

/** Whether a surrogate of the range that begins with `second` stands there as UTF-8 of three octets. */
function isSurrogate(bytes: Uint8Array, at: number, second: number): boolean {
  return (
    bytes[at] === 0xed && ((bytes[at + 1] ?? 0) & 0xf0) === second && ((bytes[at + 2] ?? 0) & 0xc0) === 0x80
  );
}

/**
 * Surrogate pairs that were written as UTF-8, three octets each (CESU-8), as the four octets that they
 * should be. Some databases and Java write them.
 */
function withoutCesu(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0xed)) return bytes;
  const mended = new Uint8Array(bytes.length);
  let used = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (!isSurrogate(bytes, at, 0xa0) || !isSurrogate(bytes, at + 3, 0xb0)) {
      mended[used++] = bytes[at] as number;
      continue;
    }
    const [, a = 0, b = 0, , c = 0, d = 0] = bytes.subarray(at, at + 6);
    const high = ((a & 0x0f) << 6) | (b & 0x3f);
    const code = 0x10000 + (high << 10) + (((c & 0x0f) << 6) | (d & 0x3f));
    mended[used++] = 0xf0 | (code >> 18);
    mended[used++] = 0x80 | ((code >> 12) & 0x3f);
    mended[used++] = 0x80 | ((code >> 6) & 0x3f);
    mended[used++] = 0x80 | (code & 0x3f);
    at += 5;
  }
  return mended.subarray(0, used);
}

function decodeUtf8(bytes: Uint8Array): DecodedText {
  const utf8 = new TextDecoder('utf-8');
  if (isUtf8(bytes)) return { text: utf8.decode(bytes), problem: null };
  const mended = withoutCesu(bytes);
  if (mended.length < bytes.length && isUtf8(mended)) return { text: utf8.decode(mended), problem: null };
  const text = utf8.decode(mended);
  // Not one octet above 127 that is UTF-8: the label is wrong, and it is most likely Windows-1252.
  const isMislabelled = !/[^\0-\x7f\ufffd]/.test(text);
  return { text: isMislabelled ? decodeUndeclared(bytes) : text, problem: 'invalid-octets' };
}

/** Octets looked at to find the byte order of UTF-16 that has no mark. */
const BYTE_ORDER_BYTES = 4096;

/**
 * UTF-16 by its mark; without one by where the zeros of spaces, line ends and Latin letters stand,
 * and big-endian where there are none (RFC 2781 §4.3).
 */
function utf16Name(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  let even = 0;
  let odd = 0;
  const end = Math.min(bytes.length, BYTE_ORDER_BYTES);
  for (let at = 0; at < end; at += 1) {
    if (bytes[at] !== 0) continue;
    if (at % 2 === 0) even += 1;
    else odd += 1;
  }
  return odd > even ? 'utf-16le' : 'utf-16be';
}

/** ISO-2022-JP that does not say so: an escape to a set of two octets, and seven bits alone. */
function looksJapanese(bytes: Uint8Array): boolean {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!raw.includes('\x1b$B', 0, 'latin1') && !raw.includes('\x1b$@', 0, 'latin1')) return false;
  return bytes.every((octet) => octet < 0x80);
}

function decodeNamed(bytes: Uint8Array, name: string): string | null {
  if (isShiftedCharset(name)) return decodeShifted(bytes, name);
  if (name === 'utf-7') return decodeUtf7(bytes);
  if (name === 'iso-2022-jp') {
    const text = new TextDecoder(name).decode(bytes);
    return text.includes('\ufffd') ? decodeJapanese(bytes) : text;
  }
  if (name.startsWith('iso-2022-jp-')) return decodeJapanese(bytes);
  const platform = platformDecoder(name === 'utf-16' ? utf16Name(bytes) : name);
  return platform === null ? decodeByCodePage(name, bytes) : platform.decode(bytes);
}

/**
 * Decodes text of a part or an encoded word. Never throws.
 *
 * US-ASCII with octets above 127 is read as UTF-8 or Windows-1252, whichever fits; so is an unknown
 * charset, with a problem named.
 *
 * @param label The charset as declared; `""` where none is.
 */
export function decodeCharset(bytes: Uint8Array, label: string): DecodedText {
  const name = charsetName(label);
  if (name === UNDECLARED) {
    const text = looksJapanese(bytes) ? decodeNamed(bytes, 'iso-2022-jp') : null;
    return { text: text ?? decodeUndeclared(bytes), problem: null };
  }
  if (name === 'utf-8') return decodeUtf8(bytes);
  try {
    // A table may map two octets to half a character.
    const text = decodeNamed(bytes, name)?.toWellFormed() ?? null;
    if (text !== null) return { text, problem: text.includes('\ufffd') ? 'invalid-octets' : null };
  } catch {
    // A decoder that fails on broken input leaves the octets to the fallback below.
  }
  return { text: decodeUndeclared(bytes), problem: 'unknown-charset' };
}

/** Charsets in which octets that are UTF-8 beyond ASCII would be an accented capital before a sign, each time. */
const WESTERN = new Set(['windows-1252', 'iso-8859-15']);

/**
 * Decodes the text of a whole part: as {@link decodeCharset}, but Latin-1 whose every octet above 127
 * belongs to proper UTF-8 is UTF-8, which programs that relabel text make of it; `Ã©` for each `é` is
 * what nobody wrote. Not done to encoded words, which are too short to tell, nor to other charsets,
 * whose letters in a row can be UTF-8 by chance (Thai, Cyrillic, Chinese).
 */
export function decodePartCharset(bytes: Uint8Array, label: string): DecodedText {
  if (WESTERN.has(charsetName(label)) && bytes.some((octet) => octet > 0x7f) && isUtf8(bytes)) {
    return { text: new TextDecoder('utf-8').decode(bytes), problem: 'mislabelled' };
  }
  return decodeCharset(bytes, label);
}

/** Text without lone surrogates, which no encoding can write: each becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
