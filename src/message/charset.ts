/**
 * Octets of a named charset to text.
 *
 * The platform's decoder knows the charsets of the web; the two libraries behind it (old code pages
 * and UTF-7; Japanese variants) are loaded when a message first needs them, since most never do.
 */
import { createRequire } from 'node:module';

export interface DecodedText {
  readonly text: string;
  /** What could not be done as declared; null where nothing is to be said. */
  readonly problem: 'unknown-charset' | 'invalid-octets' | null;
}

/** Names seen in mail that no registry lists, with what they mean. */
const ALIASES: Readonly<Record<string, string>> = {
  '': 'us-ascii',
  ascii: 'us-ascii',
  'ansi_x3.4-1968': 'us-ascii',
  '7bit': 'us-ascii',
  default: 'us-ascii',
  unknown: 'us-ascii',
  'x-unknown': 'us-ascii',
  'unknown-8bit': 'us-ascii',
  utf8: 'utf-8',
  'utf-8n': 'utf-8',
  cp932: 'shift_jis',
  'x-sjis-cp932': 'shift_jis',
  ks_c_5601: 'euc-kr',
  cp949: 'euc-kr',
  cp936: 'gbk',
  'x-gbk': 'gbk',
  cp950: 'big5',
  'x-mac-roman': 'macintosh',
  'unicode-1-1-utf-7': 'utf-7',
};

/** No charset's name is longer (RFC 2978 §2.3). */
const CHARSET_NAME_MAX = 64;

/** Lower case, without quotes, spaces and the language of RFC 2231 §5. */
export function charsetName(label: string): string {
  const name = label
    .slice(0, CHARSET_NAME_MAX)
    .replace(/[*].*$/s, '')
    .replace(/["'\s]/g, '')
    .toLowerCase();
  return ALIASES[name] ?? name;
}

function platformDecoder(name: string): InstanceType<typeof TextDecoder> | null {
  try {
    // Bytes that are wrong become U+FFFD. A byte order mark is no part of the text.
    return new TextDecoder(name);
  } catch {
    return null; // The constructor is the only way to ask which charsets are known.
  }
}

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false; // `fatal` answers by throwing; there is no other way to ask.
  }
}

/** Text of octets without a declared charset: UTF-8 where it is, else Windows-1252, which never fails. */
export function decodeUndeclared(bytes: Uint8Array): string {
  return new TextDecoder(isValidUtf8(bytes) ? 'utf-8' : 'windows-1252').decode(bytes);
}

function decodeJapanese(bytes: Uint8Array): string {
  const japanese = createRequire(import.meta.url)('encoding-japanese') as typeof import('encoding-japanese');
  return japanese.convert(bytes, { to: 'UNICODE', from: 'JIS', type: 'string' });
}

function decodeByCodePage(name: string, bytes: Uint8Array): string | null {
  const iconv = createRequire(import.meta.url)('iconv-lite') as typeof import('iconv-lite');
  return iconv.encodingExists(name) ? iconv.decode(Buffer.from(bytes), name) : null;
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
  if (name === 'us-ascii') return { text: decodeUndeclared(bytes), problem: null };
  if (name === 'utf-8') {
    if (isValidUtf8(bytes)) return { text: new TextDecoder('utf-8').decode(bytes), problem: null };
    const text = new TextDecoder('utf-8').decode(bytes);
    // Not one octet above 127 that is UTF-8: the label is wrong, and it is most likely Windows-1252.
    const isMislabelled = !/[^\0-\x7f\ufffd]/.test(text);
    return { text: isMislabelled ? decodeUndeclared(bytes) : text, problem: 'invalid-octets' };
  }
  try {
    if (/^(iso-2022-jp-|cp5022|csiso2022jp|x-iso-2022-jp)/.test(name)) {
      return { text: decodeJapanese(bytes), problem: null };
    }
    const decoder = platformDecoder(name);
    if (decoder !== null) {
      const text = decoder.decode(bytes);
      if (name === 'iso-2022-jp' && text.includes('\ufffd')) {
        return { text: decodeJapanese(bytes), problem: null };
      }
      return { text, problem: text.includes('\ufffd') ? 'invalid-octets' : null };
    }
    const text = decodeByCodePage(name, bytes);
    if (text !== null) return { text, problem: text.includes('\ufffd') ? 'invalid-octets' : null };
  } catch {
    // A decoder that fails on broken input leaves the octets to the fallback below.
  }
  return { text: decodeUndeclared(bytes), problem: 'unknown-charset' };
}

/** Text without lone surrogates, which no encoding can write: each becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
