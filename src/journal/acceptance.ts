/**
 * What is handed to the journal for one message: its envelope, how it came, and its content.
 */
import type { EpochMs } from '../system/clock.ts';
import type { HookPlan } from './hook-plan.ts';
import type { MailboxId, QueueId } from './ids.ts';

export interface AcceptedRecipient {
  /** RCPT TO as given, without angle brackets and parameters. */
  readonly forwardPath: string;
  readonly mailboxId: MailboxId;
  /** Name of the mailbox at the time of acceptance; the id is what binds. */
  readonly mailbox: string;
  /** What stands behind `+` in the local part; null where there is none. */
  readonly tag: string | null;
}

export interface AcceptedEnvelope {
  /** MAIL FROM without angle brackets; `""` is the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly AcceptedRecipient[];
  readonly smtputf8: boolean;
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME';
}

export interface Arrival {
  /** `submission`: a message of ours, which has no recipients here; `outbox`: what the queue hands to a mailbox. */
  readonly via: 'smtp' | 'ingest' | 'submission' | 'outbox';
  readonly receivedAt: EpochMs;
  readonly sessionId: string;
  /** Null for `ingest`. */
  readonly clientAddress: string | null;
  readonly helo: string | null;
  /** RFC 3848 and 6531 §4.3: `SMTP`, `ESMTP`, `ESMTPS`, `UTF8SMTP`, `UTF8SMTPS`; `local` for ingest. */
  readonly protocol: string;
  /** `TLSv1.3 TLS_AES_256_GCM_SHA384`; null without TLS. */
  readonly tls: string | null;
}

/** How a message comes that no client has brought. */
export function localArrival(
  via: Exclude<Arrival['via'], 'smtp'>,
  { receivedAt, sessionId }: Pick<Arrival, 'receivedAt' | 'sessionId'>,
): Arrival {
  return { via, receivedAt, sessionId, clientAddress: null, helo: null, protocol: 'local', tls: null };
}

/** Contents up to here are part of the log; larger ones are files of their own (design §3.2). */
export const INLINE_BYTES_MAX: number = 256 * 1024;

/** Content of a message: bytes as received, dot-stuffing undone, nothing added. */
export type AcceptedContent =
  | { readonly kind: 'inline'; readonly chunks: readonly Uint8Array[]; readonly sizeBytes: number }
  | { readonly kind: 'spooled'; readonly spool: Spool; readonly sizeBytes: number };

/** What a record of the log settles, in the transaction that takes it into the rows. */
export interface Settlement {
  readonly queueId: QueueId;
  /**
   * - `local`: these recipients have it: the record is the message in their mailboxes.
   * - `report`: the sender is told that these were given up.
   * - `warning`: the sender is told that these have not got it yet.
   */
  readonly purpose: 'local' | 'report' | 'warning';
  readonly recipientIds: readonly number[];
  /** `after_send` hooks, each with its run's id, for the case that it settles the last recipient. */
  readonly hooks: readonly HookPlan[];
}

export interface Acceptance {
  readonly envelope: AcceptedEnvelope;
  readonly arrival: Arrival;
  readonly content: AcceptedContent;
  /** SHA-256 of the content, lower-case hex. */
  readonly exactFingerprint: string;
  /** The header section has neither Message-ID nor Date: evidence may have to judge it. */
  readonly lacksIdentity: boolean;
  /** What it settles of the outgoing mail; a record that settles nothing any more is kept and not delivered. */
  readonly settles?: Settlement;
}

/**
 * A large message on its way in: a file of its own under the journal's spool.
 * Disposing one that was not accepted removes its file.
 */
export interface Spool extends AsyncDisposable {
  /** Writes behind what is there. Chunks are written in order; resolve means "taken by the kernel". */
  write(chunk: Uint8Array): Promise<void>;
  readonly sizeBytes: number;
}

/** Room on the disk that a transaction has been promised. Disposing gives back what is unused. */
export interface Reservation extends Disposable {}
