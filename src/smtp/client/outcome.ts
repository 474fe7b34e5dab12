/** What is asked of one SMTP server, and what can come of it. */
import type { SmtpReply } from './reply.ts';

/** Whom we say that we are (RFC 4616 §2). */
export interface Login {
  /** The authentication identity; the operator calls it a user. */
  readonly authcid: string;
  readonly password: string;
}

/** How a connection was protected, in words for rows and traces. Null where it stands: plain text. */
export interface TlsStanding {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** Null where the certificate verifies for the host; else why not, such as `self-signed certificate`. */
  readonly problem: string | null;
}

export interface OutgoingEnvelope {
  /** `""` is the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly string[];
  /** The addresses or the header are not ASCII. */
  readonly smtputf8: boolean;
  readonly sizeBytes: number;
}

export type RecipientOutcome =
  | { readonly kind: 'accepted'; readonly reply: SmtpReply }
  | { readonly kind: 'refused'; readonly permanent: boolean; readonly reply: SmtpReply };

/** Nothing was handed over; another endpoint, or this one later, may take it. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly stage: 'connect' | 'greeting' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data';
  readonly reason: string;
  readonly reply: SmtpReply | null;
}

/** This server can never take this message (no SMTPUTF8, SIZE too small, an address that cannot be written). */
export interface Impossible {
  readonly kind: 'impossible';
  readonly status: string;
  readonly reason: string;
  readonly reply: SmtpReply | null;
}

export type TransmissionOutcome =
  /** Every recipient has an answer, in the order of the envelope. */
  | {
      readonly kind: 'answered';
      readonly recipients: readonly RecipientOutcome[];
      readonly stage: 'mail' | 'rcpt' | 'data' | 'dot';
    }
  /** Those that were refused before have their answer; for the others (null) nobody knows. */
  | {
      readonly kind: 'in-doubt';
      readonly recipients: readonly (RecipientOutcome | null)[];
      readonly reason: string;
    }
  | Unavailable
  | Impossible;

export function unavailable(
  stage: Unavailable['stage'],
  reason: string,
  reply: SmtpReply | null = null,
): Unavailable {
  return { kind: 'unavailable', stage, reason, reply };
}
