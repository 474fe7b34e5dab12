/** Bodies of parts in 7-bit octets: quoted-printable for text (RFC 2045 §6.7), base64 for all else (§6.8). */
import { Buffer } from 'node:buffer';

/** RFC 2045 §6.7 (5), §6.8. */
const LINE_CHARACTERS_MAX = 76;
const LINE_END = '\r\n';
/** Octets that make one line of base64. */
const LINE_OCTETS = (LINE_CHARACTERS_MAX / 4) * 3;
/** Encoded at once: some 50 KiB, a fraction of a millisecond. */
const PIECE_OCTETS = LINE_OCTETS * 1024;
/** Encoded before others have their turn: a few milliseconds at most. */
const TURN_OCTETS = 1024 * 1024;

const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const DOT = 0x2e;
const HEX = Buffer.from('0123456789ABCDEF');
const FROM = Buffer.from('From ');

export interface TextOctets {
  readonly encoding: '7bit' | 'quoted-printable';
  /** CRLF line ends, none at the end. */
  readonly octets: Uint8Array;
}

/**
 * Whether text can leave as it stands and arrive as it left. White space at the end of a line, `From `
 * and dots at its start are changed by some who pass mail on, and that would break its signature; a line
 * that looks like a boundary of ours would end the part.
 */
function isPlain(text: string): boolean {
  return /^[\t\n\x20-\x7e]*$/.test(text) && !/^(?:From |\.|--=_)|[\t ]$|[^\n]{77}/m.test(text);
}

/** True where the line that begins at `at` begins with `From ` or a dot. */
function isFragile(octets: Uint8Array, at: number): boolean {
  if (octets[at] === DOT) return true;
  return FROM.every((octet, index) => octets[at + index] === octet);
}

/**
 * Quoted-printable. One pass, linear.
 *
 * @param octets UTF-8 with LF line ends.
 */
function quotedPrintable(octets: Uint8Array): Uint8Array {
  // Three for each octet, and three for each soft line break.
  const out = Buffer.alloc(octets.length * 3 + 3 * Math.ceil((octets.length * 3) / 72) + 3);
  let length = 0;
  let column = 0;
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] as number;
    if (octet === LF) {
      length += out.write(LINE_END, length, 'latin1');
      column = 0;
      continue;
    }
    const endsLine = at + 1 === octets.length || octets[at + 1] === LF;
    const isBlank = octet === SPACE || octet === TAB;
    const isLiteral = isBlank ? !endsLine : octet > SPACE && octet < 0x7f && octet !== EQUALS;
    // A line break takes one character of the line that it is in.
    if (column + (isLiteral ? 1 : 3) > LINE_CHARACTERS_MAX - 1) {
      length += out.write(`=${LINE_END}`, length, 'latin1');
      column = 0;
    }
    if (isLiteral && !(column === 0 && isFragile(octets, at))) {
      out[length] = octet;
      length += 1;
      column += 1;
      continue;
    }
    out[length] = EQUALS;
    out[length + 1] = HEX[octet >> 4] as number;
    out[length + 2] = HEX[octet & 0x0f] as number;
    length += 3;
    column += 3;
  }
  return out.subarray(0, length);
}

/**
 * Text of a part as octets.
 *
 * @param text Well-formed, LF line ends.
 */
export function encodeText(text: string): TextOctets {
  if (isPlain(text)) {
    return { encoding: '7bit', octets: Buffer.from(text.replaceAll('\n', LINE_END), 'latin1') };
  }
  return { encoding: 'quoted-printable', octets: quotedPrintable(Buffer.from(text)) };
}

/** Octets of {@link encodeBase64}'s answer for so many octets. */
export function base64Size(sizeBytes: number): number {
  if (sizeBytes === 0) return 0;
  const digits = Math.ceil(sizeBytes / 3) * 4;
  return digits + (Math.ceil(digits / LINE_CHARACTERS_MAX) - 1) * LINE_END.length;
}

/** Whole lines of base64, a line end behind each but the last. */
function base64Lines(octets: Uint8Array): Buffer {
  const digits = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < digits.length; at += LINE_CHARACTERS_MAX) {
    lines.push(digits.slice(at, at + LINE_CHARACTERS_MAX));
  }
  return Buffer.from(lines.join(LINE_END), 'latin1');
}

/**
 * Base64 in lines of 76, none of them ended behind the last.
 *
 * Memory: one piece of the source and some 100 KiB. Others have their turn between pieces, whatever the
 * source does.
 */
export async function* encodeBase64(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let isFirst = true;
  let turn = 0;
  const written = (octets: Uint8Array): Uint8Array => {
    const lines = base64Lines(octets);
    const piece = isFirst ? lines : Buffer.concat([Buffer.from(LINE_END), lines]);
    isFirst = false;
    return piece;
  };
  for await (const piece of source) {
    let from = 0;
    while (rest.length + piece.length - from >= PIECE_OCTETS) {
      const taken = PIECE_OCTETS - rest.length;
      yield written(Buffer.concat([rest, piece.subarray(from, from + taken)]));
      rest = new Uint8Array(0);
      from += taken;
      turn += PIECE_OCTETS;
      if (turn >= TURN_OCTETS) {
        turn = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    rest = Buffer.concat([rest, piece.subarray(from)]);
  }
  if (rest.length > 0) yield written(rest);
}
