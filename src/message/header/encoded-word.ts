/**
 * Encoded words in header fields (RFC 2047), and what else is found where text is expected:
 * raw UTF-8 (RFC 6532) and raw octets of no declared charset.
 */
import { charsetName, decodeCharset, decodeUndeclared } from '../charset/charset.ts';
import { decodeBase64, decodeQuotedPrintable } from '../mime/transfer-encoding.ts';

/** How an encoded word begins, `=?charset?encoding?`; no charset at all is sent, too. */
const WORD_START = /=\?([^?\s]{0,80})\?([bq])\?/gi;
const WORD_END = '?=';

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

interface Word {
  readonly start: number;
  readonly end: number;
  readonly charset: string;
  readonly isBase64: boolean;
  readonly text: string;
}

/**
 * Finds the encoded words of a text. A word may hold white space and single `?`, because broken
 * software writes them; one that the next begins inside of, or that never ends, is no word.
 */
function findWords(raw: string): readonly Word[] {
  const starts = [...raw.matchAll(WORD_START)];
  const words: Word[] = [];
  let closing = 0;
  let behind = 0;
  starts.forEach((match, index) => {
    const textStart = match.index + match[0].length;
    if (match.index < behind || closing < 0) return;
    // Kept from one start to the next: a text of many starts and no end is searched once.
    if (closing < textStart) closing = raw.indexOf(WORD_END, textStart);
    const next = starts[index + 1]?.index ?? raw.length;
    if (closing < 0 || closing > next) return;
    behind = closing + WORD_END.length;
    words.push({
      start: match.index,
      end: behind,
      charset: charsetName(match[1] as string),
      isBase64: /b/i.test(match[2] as string),
      text: raw.slice(textStart, closing),
    });
  });
  return words;
}

function quotedOctets(text: string): Uint8Array {
  // `_` is a space (RFC 2047 §4.2); a space that stands there raw would be lost at the end.
  return decodeQuotedPrintable(octets(text.replace(/[_ \t]/g, '=20'))).bytes;
}

/** Octets of neighbours of one charset. Base64 that was cut within a quantum is joined before it is decoded. */
function runOctets(words: readonly Word[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let open: string[] = [];
  let openDigits = 0;
  const finish = (): void => {
    if (open.length > 0) pieces.push(decodeBase64(octets(open.join(''))).bytes);
    open = [];
    openDigits = 0;
  };
  for (const word of words) {
    if (!word.isBase64) {
      finish();
      pieces.push(quotedOctets(word.text));
      continue;
    }
    const digits = word.text.replace(/\s+/g, '');
    open.push(digits);
    openDigits += digits.length;
    if (digits.endsWith('=') || openDigits % 4 === 0) finish();
  }
  finish();
  return Buffer.concat(pieces);
}

/**
 * Decodes unstructured text or a phrase, once: an encoded word that decodes to another stays as it
 * reads. Never throws; linear.
 *
 * White space between two encoded words goes (§6.2). Neighbours of one charset are decoded together,
 * since senders split multi-octet characters over two words (against §5, and often).
 *
 * @param raw One character per octet, unfolded.
 */
export function decodeWords(raw: string): string {
  if (!raw.includes('=?')) return decodeRaw(raw);
  const decoded: string[] = [];
  let run: Word[] = [];
  let at = 0;
  const finish = (): void => {
    const [first] = run;
    if (first !== undefined) decoded.push(decodeCharset(runOctets(run), first.charset).text);
    run = [];
  };
  for (const word of findWords(raw)) {
    const between = raw.slice(at, word.start);
    const isNeighbour = run.length > 0 && between.trim() === '';
    if (!isNeighbour || run[0]?.charset !== word.charset) finish();
    if (!isNeighbour) decoded.push(decodeRaw(between));
    run.push(word);
    at = word.end;
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
