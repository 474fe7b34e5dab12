/**
 * Cuts what comes in into command lines.
 *
 * A line of SMTP ends in CRLF (RFC 5321 §2.3.8). Every LF ends a line here, but one that is not
 * ended by CRLF, or has a CR within, is no command: it is answered, nothing of it is carried out,
 * and a client that never sends CR learns why instead of waiting for ever.
 */
import { MAIL_COMMAND_OCTETS_MAX } from './command.ts';
import type { LineFlaw } from './replies.ts';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** What is left of a line that is too long: enough to tell its verb. */
const TOO_LONG_HEAD_OCTETS = 16;

export interface CommandLine {
  /** Without CRLF. Only its first {@link TOO_LONG_HEAD_OCTETS} octets where the line was too long. */
  readonly text: string;
  readonly flaw: LineFlaw | null;
  /** Octets of the whole line as it came, its end included. */
  readonly octets: number;
}

export interface TakenLine {
  /** Null where the line's end has not come yet; what came of it is kept, up to the limit. */
  readonly line: CommandLine | null;
  /** Where in the bytes the next thing begins. */
  readonly end: number;
}

export class CommandLines {
  /** Start of a line whose end has not come; its octets past the limit are only counted. */
  #kept: Uint8Array[] = [];
  #keptOctets = 0;
  #octets = 0;

  /** Takes `bytes` from `from` up to the next LF. */
  take(bytes: Uint8Array, from: number): TakenLine {
    const lineFeed = bytes.indexOf(LF, from);
    const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
    const piece = bytes.subarray(from, end);
    if (lineFeed < 0) {
      this.#keep(piece);
      return { line: null, end };
    }
    if (this.#octets === 0) return { line: readLine(piece, piece.length), end };
    this.#keep(piece);
    const line = readLine(Buffer.concat(this.#kept), this.#octets);
    this.#kept = [];
    this.#keptOctets = 0;
    this.#octets = 0;
    return { line, end };
  }

  #keep(piece: Uint8Array): void {
    this.#octets += piece.length;
    const room = MAIL_COMMAND_OCTETS_MAX - this.#keptOctets;
    if (room <= 0) return;
    const copy = Uint8Array.prototype.slice.call(piece, 0, room);
    this.#kept.push(copy);
    this.#keptOctets += copy.length;
  }
}

function readLine(bytes: Uint8Array, octets: number): CommandLine {
  if (octets > MAIL_COMMAND_OCTETS_MAX) {
    return { text: decode(bytes.subarray(0, TOO_LONG_HEAD_OCTETS)).text, flaw: 'too-long', octets };
  }
  const hasCr = bytes.length > 1 && bytes[bytes.length - 2] === CR;
  const body = bytes.subarray(0, bytes.length - (hasCr ? 2 : 1));
  const { text, isUtf8 } = decode(body);
  if (!hasCr || body.includes(CR)) return { text, flaw: 'bare-line-end', octets };
  if (body.includes(NUL)) return { text, flaw: 'nul', octets };
  return { text, flaw: isUtf8 ? null : 'not-utf8', octets };
}

function decode(bytes: Uint8Array): { readonly text: string; readonly isUtf8: boolean } {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!/[\x80-\xff]/.test(latin1)) return { text: latin1, isUtf8: true };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), isUtf8: true };
  } catch {
    // The decoder has no other way to say that the octets are not UTF-8.
    return { text: latin1, isUtf8: false };
  }
}
