/**
 * A server's replies as the client reads them (RFC 5321 §4.2).
 *
 *     Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *
 * Pure: octets in, replies out. Whatever a server sends is bounded here, and made printable.
 */

import { LONE_SURROGATE } from '../../address/octets.ts';

export interface SmtpReply {
  /** 200–599. */
  readonly code: number;
  /** Enhanced status code (RFC 3463) where the first line begins with one of its class; else null. */
  readonly status: string | null;
  /** The lines' text without codes, joined by one space: printable, bounded, safe for rows, logs and terminals. */
  readonly text: string;
  /** The lines' text, one by one: what EHLO is answered with. */
  readonly lines: readonly string[];
}

/** RFC 5321 §4.5.3.1.5 says 512 octets; servers that quote a policy are longer. */
const LINE_OCTETS_MAX = 4_096;
/** EHLO of the largest servers has some twenty lines. */
const LINES_MAX = 128;
/** What is kept of a reply. */
const TEXT_CHARACTERS_MAX = 500;

export type ReplyReading =
  | { readonly kind: 'reply'; readonly reply: SmtpReply }
  /** What came is no reply; nothing that follows can be understood. */
  | { readonly kind: 'malformed'; readonly reason: string };

const LINE = /^([2-5][0-5][0-9])(?:([ -])(.*))?$/s;
const TOO_LONG = 'a line of its reply is too long';
const STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

/** Reads replies out of what comes, however it is cut. */
export class ReplyReader {
  #rest = '';
  #lines: string[] = [];
  #code: string | null = null;

  /** True where a reply has begun and not ended. */
  get isWithinReply(): boolean {
    return this.#rest !== '' || this.#lines.length > 0;
  }

  /** @returns what was completed by these octets, in order; nothing is read behind what is malformed. */
  take(octets: Uint8Array): readonly ReplyReading[] {
    this.#rest += Buffer.from(octets).toString('latin1');
    const read: ReplyReading[] = [];
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end < 0) {
        // The CR of its end may have come.
        if (this.#rest.length > LINE_OCTETS_MAX + 1) read.push(malformed(TOO_LONG));
        return read;
      }
      const line = this.#rest.slice(0, end).replace(/\r$/, '');
      this.#rest = this.#rest.slice(end + 1);
      const reading = this.#line(line);
      if (reading !== null) read.push(reading);
      if (reading?.kind === 'malformed') return read;
    }
  }

  #line(line: string): ReplyReading | null {
    if (line.length > LINE_OCTETS_MAX) return malformed(TOO_LONG);
    const [, code, separator, text = ''] = LINE.exec(line) ?? [];
    if (code === undefined) return malformed('it sent a line that is no reply');
    if (this.#code !== null && code !== this.#code) return malformed('the lines of its reply have two codes');
    this.#code = code;
    this.#lines.push(text);
    if (this.#lines.length > LINES_MAX) return malformed('its reply has too many lines');
    if (separator === '-') return null;
    const reply = replyOf(Number(code), this.#lines);
    this.#code = null;
    this.#lines = [];
    return { kind: 'reply', reply };
  }
}

function malformed(reason: string): ReplyReading {
  return { kind: 'malformed', reason };
}

function replyOf(code: number, raw: readonly string[]): SmtpReply {
  const found = STATUS.exec(raw[0] ?? '');
  // A code of another class than the reply's is no statement about it (RFC 2034 §4).
  const status = found?.[1] === String(code)[0] ? (found?.[0].trim() ?? null) : null;
  const lines = raw.map(printable);
  const text = lines
    .map((line) =>
      status !== null && line.startsWith(status) ? line.slice(status.length).trim() : line.trim(),
    )
    .filter((line) => line !== '')
    .join(' ')
    .slice(0, TEXT_CHARACTERS_MAX)
    // The cut may have left half of a pair.
    .replace(LONE_SURROGATE, '');
  return { code, status, text, lines };
}

/** UTF-8 where it is (RFC 6531 §3.7.4), without what a terminal or a log would obey. */
function printable(line: string): string {
  const decoded = new TextDecoder('utf-8').decode(Buffer.from(line, 'latin1'));
  return decoded.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** A reply on one line, as rows and reports show it: `550 5.1.1 User unknown`. */
export function formatReply({ code, status, text }: SmtpReply): string {
  return [String(code), ...(status === null ? [] : [status]), ...(text === '' ? [] : [text])].join(' ');
}
