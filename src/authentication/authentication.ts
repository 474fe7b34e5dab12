/**
 * The front door: who wrote a message, from its octets and the connection that brought it.
 *
 * Terms are those of RFC 8601: each method (SPF, DKIM, DMARC, ARC, iprev) has a result; *alignment*
 * (RFC 7489 §3.1) ties a result to the domain in From, without which it says nothing about the author.
 *
 * It asks DNS through the port that it is given, and knows neither the journal nor mailboxes.
 */

import type { EpochMs } from '../system/clock.ts';
import type { Dns } from '../system/dns.ts';

/** What is asked about. */
export interface AuthenticationInput {
  /** Without a zone; null where no client brought it (`ingest`). */
  readonly clientAddress: string | null;
  /** As the client gave it; null where it gave none. */
  readonly helo: string | null;
  /** Without angle brackets; `""` is the null reverse-path. */
  readonly reversePath: string;
  /** Against which expiry is judged, so that a check made later comes out the same. */
  readonly receivedAt: EpochMs;
  /** The message as received, CRLF line ends. */
  readonly content: Uint8Array;
}

export interface AuthenticationWorld {
  readonly dns: Dns;
  /** Ends every question; what was not answered by then is `temperror`. */
  readonly signal: AbortSignal;
  /** Told of a method that threw, which none is expected to: the verdict has its name alone, a log can have the stack. */
  readonly onDefect?: (method: string, error: unknown) => void;
}
