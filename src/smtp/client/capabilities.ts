/** What a server says in answer to EHLO (RFC 5321 §4.1.1.1). Pure. */
import type { SmtpReply } from './reply.ts';

export interface Capabilities {
  readonly pipelining: boolean;
  readonly startTls: boolean;
  readonly smtputf8: boolean;
  readonly eightBitMime: boolean;
  /** Octets (RFC 1870); 0 where it names none, null where it does not know SIZE. */
  readonly sizeMax: number | null;
  /** Upper case, such as `PLAIN`. */
  readonly auth: readonly string[];
}

/** Of a server that knows HELO alone. */
export const NO_CAPABILITIES: Capabilities = {
  pipelining: false,
  startTls: false,
  smtputf8: false,
  eightBitMime: false,
  sizeMax: null,
  auth: [],
};

/** @param reply The positive answer to EHLO; its first line is the server's name. */
export function readCapabilities({ lines }: SmtpReply): Capabilities {
  const offered = new Map<string, readonly string[]>();
  for (const line of lines.slice(1)) {
    // `AUTH=PLAIN` is how some old servers write it.
    const [keyword, ...parameters] = line.trim().toUpperCase().split(/[ =]+/);
    if (keyword !== undefined && !offered.has(keyword)) offered.set(keyword, parameters);
  }
  const size = offered.get('SIZE');
  const limit = Number(size?.[0] ?? 0);
  return {
    pipelining: offered.has('PIPELINING'),
    startTls: offered.has('STARTTLS'),
    smtputf8: offered.has('SMTPUTF8'),
    eightBitMime: offered.has('8BITMIME'),
    sizeMax: size === undefined ? null : Number.isSafeInteger(limit) && limit >= 0 ? limit : 0,
    auth: offered.get('AUTH') ?? [],
  };
}
