/**
 * Encoded words in header fields (RFC 2047), and what else is found where text is expected:
 * raw UTF-8 (RFC 6532) and raw octets of no declared charset.
 */
import { charsetName, decodeCharset, decodeUndeclared } from './charset.ts';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.ts';

/** `=?charset?encoding?text?=`, white space in the text allowed because broken software writes it. */
const ENCODED_WORD = /=\?([^?\s]{1,80})\?([bq])\?([^?\r\n]*)\?=/gi;

function octets(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}

/**
 * Text of octets outside encoded words.
 *
 * @param raw One character per octet. Text with any other character is decoded already and comes back as it is.
 */
export function decodeRaw(raw: string): string {
  let highest = 0;
  for (let at = 0; at < raw.length; at += 1) highest = Math.max(highest, raw.charCodeAt(at));
  return highest <= 0x7f || highest > 0xff ? raw : decodeUndeclared(octets(raw));
}

interface Run {
  readonly charset: string;
  readonly pieces: Uint8Array[];
}

function wordOctets(encoding: string, text: string): Uint8Array {
  if (encoding === 'b' || encoding === 'B') return decodeBase64(octets(text)).bytes;
  // `_` is a space (RFC 2047 §4.2); a space that stands there raw would be lost at the end.
  return decodeQuotedPrintable(octets(text.replace(/[_ ]/g, '=20'))).bytes;
}

/**
 * Decodes unstructured text or a phrase. Never throws; linear.
 *
 * White space between two encoded words goes (§6.2). Neighbours of one charset are decoded together,
 * since senders split multi-octet characters over two words (against §5, and often).
 *
 * @param raw One character per octet, unfolded.
 */
export function decodeWords(raw: string): string {
  if (!raw.includes('=?')) return decodeRaw(raw);
  const decoded: string[] = [];
  let run: Run | null = null;
  const finish = (): void => {
    if (run !== null) decoded.push(decodeCharset(Buffer.concat(run.pieces), run.charset).text);
    run = null;
  };
  let at = 0;
  for (const match of raw.matchAll(ENCODED_WORD)) {
    const between = raw.slice(at, match.index);
    at = match.index + match[0].length;
    const adjacent = run !== null && between.trim() === '';
    const charset = charsetName(match[1] as string);
    const bytes = wordOctets(match[2] as string, match[3] as string);
    if (adjacent && (run as Run | null)?.charset === charset) {
      (run as Run | null)?.pieces.push(bytes);
      continue;
    }
    finish();
    if (!adjacent) decoded.push(decodeRaw(between));
    run = { charset, pieces: [bytes] };
  }
  finish();
  decoded.push(decodeRaw(raw.slice(at)));
  return decoded.join('');
}

/** Decoded text on one line: control characters and runs of white space become one space. */
export function decodeLine(raw: string): string {
  return oneLine(decodeWords(raw));
}

/** Text on one line: control characters, line and paragraph separators and runs of white space become one space. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
