/**
 * How long the client waits for each part of a conversation: what RFC 5321 §4.5.3.2 says it should wait
 * at least. Less makes a slow server one that never gets its mail, or gets it twice.
 */
export interface ClientTimeouts {
  /** Not in the RFC: a server that takes connections takes one in a few round trips. */
  readonly connectMs: number;
  /** §4.5.3.2.1: a busy server takes the connection and greets when its load permits. */
  readonly greetingMs: number;
  /** EHLO, MAIL, RCPT, RSET, STARTTLS, AUTH: §4.5.3.2.2 and §4.5.3.2.3, since lists are expanded before the reply. */
  readonly commandMs: number;
  /** Not in the RFC: a handshake is two round trips and some arithmetic. */
  readonly handshakeMs: number;
  /** From DATA to its 354: §4.5.3.2.4. */
  readonly dataMs: number;
  /** One piece of the content: §4.5.3.2.5. */
  readonly blockMs: number;
  /** From the final dot to its reply: §4.5.3.2.6. A shorter one makes doubts (RFC 1047). */
  readonly finalDotMs: number;
}

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  connectMs: 30_000,
  greetingMs: 300_000,
  commandMs: 300_000,
  handshakeMs: 30_000,
  dataMs: 120_000,
  blockMs: 180_000,
  finalDotMs: 600_000,
};
