/**
 * Outgoing mail as rows: one for each message that somebody sends, one for each of its recipients.
 *
 * Terms:
 * - *submission*: the moment in which a message of ours becomes durable and its sender is answered. Its
 *   octets are a record of the log like those of a message that came in.
 * - *queue id*: names a message on its way out; random, part of its envelope's return path, so that what
 *   comes back can be matched.
 * - *attempt*: one try to hand a message to one destination, for the recipients that are due there.
 * - *doubt*: the connection ended after the final dot and before the reply: the other side may have the
 *   message or not (RFC 1047, RFC 5321 §6.1).
 * - *sent copy*: the file in the sender's `sent` folder. It is a delivery like any other, with its
 *   `folder`; a change of what became of the message is a promotion of it.
 * - *send key*: what makes two submissions one: a caller's idempotency key, or what a run sends to whom
 *   (design §3.6).
 */
import type { EpochMs } from '../system/clock.ts';
import type { Exchange, Page } from './exchange.ts';
import type { HookPlan } from './hook-plan.ts';
import type { DeliveryId, JournalId, MailboxId, QueueId, RunId } from './ids.ts';
import type { DeliveryRow, MessageRow, RawSource, RunRow } from './rows.ts';

/**
 * `queued` → `transmitting` → `delivered` | `deferred` | `failed`, and `deferred` → `transmitting` again.
 * A crash in `transmitting` leaves a doubt. `cancelled` is what somebody decided.
 */
export const RECIPIENT_STATES = [
  'queued',
  'transmitting',
  'deferred',
  'delivered',
  'failed',
  'cancelled',
] as const;
export type RecipientState = (typeof RECIPIENT_STATES)[number];
export const FINAL_RECIPIENT_STATES: readonly RecipientState[] = ['delivered', 'failed', 'cancelled'];

/** As files, hooks and surfaces call it (contract §5); a cancelled recipient counts as failed. */
export type DeliveryStatus = 'pending' | 'deferred' | 'delivered' | 'failed';

export interface OutgoingRecipient {
  readonly recipientId: number;
  /** As given, without angle brackets. */
  readonly address: string;
  readonly field: 'to' | 'cc' | 'bcc';
  /** Domain as it is looked up: lower case, A-labels; an address literal with its brackets. */
  readonly domain: string;
  /** It leads to a mailbox of ours and never leaves this host. */
  readonly isLocal: boolean;
  readonly state: RecipientState;
  /** Tries so far, the present one included. */
  readonly attempts: number;
  /** How many of them ended in doubt. */
  readonly doubts: number;
  /** When it is tried next; null where it is not. */
  readonly nextAt: EpochMs | null;
  readonly lastAttemptAt: EpochMs | null;
  /** The last reply of the other side, or in our words why there was none; one line; null before the first. */
  readonly reply: string | null;
  /** Enhanced status code (RFC 3463), such as `5.1.1`. */
  readonly status: string | null;
  /** Who was asked last: `mx.example.com [192.0.2.1]:25`. */
  readonly remote: string | null;
  /**
   * How the last connection was protected, such as `TLSv1.3, certificate verified`, or why not: `plain text,
   * TLS failed: …`; null where the server offers none.
   */
  readonly tls: string | null;
  readonly endedAt: EpochMs | null;
  /** What came back later about this recipient: `bounced: 5.1.1 …`, `complained`, `auto-replied`; null: nothing. */
  readonly answer: string | null;
}

export interface OutgoingRow {
  readonly queueId: QueueId;
  readonly journalId: JournalId;
  /** The sent copy. */
  readonly deliveryId: DeliveryId;
  readonly mailboxId: MailboxId;
  readonly mailbox: string;
  /** Name of the sent copy. */
  readonly id: string;
  /** Without angle brackets. */
  readonly messageId: string;
  readonly threadId: string;
  /** From as shown. */
  readonly from: string;
  readonly subject: string;
  /** With the queue id in it, so that a bounce can be matched. */
  readonly reversePath: string;
  readonly smtputf8: boolean;
  readonly format: 'markdown' | 'text' | 'html';
  readonly sizeBytes: number;
  readonly raw: RawSource;
  /** False once its bytes are gone; those of a message that is on its way are always kept. */
  readonly rawKept: boolean;
  /** `<code>: <sentence>`; it goes nowhere until somebody releases it. Null where it goes. */
  readonly held: string | null;
  /** Who sent it: `root`, `uid 1000`. */
  readonly by: string;
  /** The run that sent it, where a hook did. */
  readonly runId: RunId | null;
  readonly submittedAt: EpochMs;
  /** When what is not delivered is given up. */
  readonly expiresAt: EpochMs;
  /** When its last recipient became final; null while one is not. */
  readonly endedAt: EpochMs | null;
  readonly status: DeliveryStatus;
  /** Counts every change that the sent copy shows. */
  readonly version: number;
  /** In the order of To, Cc, Bcc. */
  readonly recipients: readonly OutgoingRecipient[];
}

/** What is submitted, beside the octets, which are a record of the log by then. */
export interface Submission {
  readonly journalId: JournalId;
  readonly queueId: QueueId;
  readonly mailboxId: MailboxId;
  readonly mailbox: string;
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly contentFingerprint: string;
  readonly from: string;
  readonly subject: string;
  readonly reversePath: string;
  readonly smtputf8: boolean;
  readonly format: 'markdown' | 'text' | 'html';
  /** `YYYY-MM-DD-HHMMSS-<slug>` for the sent copy. */
  readonly baseId: string;
  readonly recipients: readonly Pick<OutgoingRecipient, 'address' | 'field' | 'domain' | 'isLocal'>[];
  readonly by: string;
}

/** What makes two submissions one. */
export type SendKey =
  /** Given by the caller; kept for 7 days within the mailbox. Other content under the same key is an error. */
  | { readonly kind: 'caller'; readonly key: string; readonly contentHash: string }
  /**
   * Of a run: (hook and message, set of recipients, ordinal of such a send within the attempt). The
   * transaction counts the ordinal. Other content under the same key is the same answer in other words.
   */
  | { readonly kind: 'run'; readonly runId: RunId; readonly attempt: number };

/** Limits that only the transaction can judge, since two may send at once. Null: none. */
export interface SendLimits {
  readonly sendsPerHour: number | null;
  readonly newRecipientsPerDay: number | null;
  /** For what runs send: in all, to one person, in one thread. Past them it is held and not refused (loop breaker). */
  readonly runSendsPerHour: number | null;
  readonly perCorrespondentPerHour: number | null;
  readonly perThreadPerDay: number | null;
}

export type SubmitOutcome =
  /** `outgoing.held` says whether it waits for somebody. */
  | { readonly kind: 'submitted'; readonly outgoing: OutgoingRow }
  /** The key is known: this is what was sent under it. */
  | { readonly kind: 'already-sent'; readonly outgoing: OutgoingRow }
  /** The key is known with other content. */
  | { readonly kind: 'key-conflict'; readonly outgoing: OutgoingRow }
  | {
      readonly kind: 'over-limit';
      readonly limit: 'sends-per-hour' | 'new-recipients-per-day';
      readonly allowed: number;
      /** When there is room again. */
      readonly againAt: EpochMs;
    };

/** As a destination without room: nothing leaves this host now. */
export const EVERY_DESTINATION = '*';

/** Every server takes so many recipients in one transaction (RFC 5321 §4.5.3.1.8). */
export const BATCH_RECIPIENTS_MAX = 100;

/** One destination's share of a message. */
export interface OutgoingBatch {
  readonly outgoing: OutgoingRow;
  /** Those of its recipients that are due now and lead to the same destination; leased to who claimed. */
  readonly recipients: readonly OutgoingRecipient[];
}

/** What one attempt was for one recipient. */
export interface AttemptResult {
  readonly recipientId: number;
  readonly outcome: 'delivered' | 'deferred' | 'failed' | 'in-doubt';
  readonly reply: string;
  readonly status: string | null;
  /** For `deferred` and `in-doubt`: when it is tried again. */
  readonly nextAt: EpochMs | null;
}

/** One attempt as the trace keeps it. */
export interface AttemptFacts {
  readonly domain: string;
  readonly remote: string | null;
  readonly tls: string | null;
  /**
   * Where it ended: `route`, `connect`, `greeting`, `ehlo`, `tls`, `auth`, `mail`, `rcpt`, `data`, `dot`,
   * `local`; `read` where the stored message could not be read.
   */
  readonly stage: string;
  readonly startedAt: EpochMs;
}

export interface OutgoingFilter {
  readonly queueIds?: readonly QueueId[];
  readonly mailboxes?: readonly string[];
}

/** A report about a message of ours, or an answer to it, that has come in. */
export interface ReceivedAnswer {
  /** The message that brings it. */
  readonly deliveryId: DeliveryId;
  readonly mailboxId: MailboxId;
  readonly kind: 'delivery-report' | 'complaint' | 'disposition' | 'auto-reply' | 'reply';
  /** Queue ids found in the forward-paths that it came to, best first. */
  readonly queueIds: readonly string[];
  /** Message-IDs that it may be about, best first. */
  readonly messageIds: readonly string[];
  /** For each recipient that it speaks of; `address` `""` where it names none. */
  readonly recipients: readonly {
    readonly address: string;
    /** Of a delivery report. */
    readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | null;
    /** One line for the sent file: `5.1.1 User unknown`. */
    readonly text: string;
  }[];
  /** From, as shown, for an answer that names no recipient. */
  readonly from: string;
}

export interface OutgoingTransitions {
  /**
   * Makes a message of ours of a record of the log, or finds that it was sent before: its sent copy, its
   * recipients and what its key says, in one transaction.
   */
  readonly submit: Exchange<
    {
      readonly submission: Submission;
      readonly key: SendKey | null;
      readonly limits: SendLimits;
      /** The run that sends, whatever its key. */
      readonly runId: RunId | null;
      /** `<code>: <sentence>` where it must wait for somebody. */
      readonly held: string | null;
      readonly expiresAt: EpochMs;
      readonly at: EpochMs;
    },
    SubmitOutcome
  >;
  /**
   * Leases recipients that are due, oldest first, at most `limit` batches of at most
   * {@link BATCH_RECIPIENTS_MAX} recipients, and no more of them for a destination than it has room. The
   * lease ends with `attempted` or `release-outgoing`, or with the process.
   */
  readonly 'claim-outgoing': Exchange<
    {
      readonly limit: number;
      /** Batches for one destination, unless `rooms` has another number for it. */
      readonly perDestination: number;
      /** By destination; 0: nothing is handed out for it. */
      readonly rooms: Readonly<Record<string, number>>;
      /** `message`: everything of a message goes one way (a relay); local recipients are a batch of their own. */
      readonly group: 'domain' | 'message';
      readonly at: EpochMs;
    },
    { readonly batches: readonly OutgoingBatch[]; readonly nextDueAt: EpochMs | null }
  >;
  readonly 'release-outgoing': Exchange<{ readonly recipientIds: readonly number[] }, void>;
  /**
   * Durable before the final dot: a crash from here on is a doubt.
   *
   * @throws AimxError `request.conflict` where one of them was cancelled or held meanwhile: the dot must not be sent.
   */
  readonly transmitting: Exchange<
    {
      readonly queueId: QueueId;
      readonly recipientIds: readonly number[];
      readonly remote: string;
      readonly tls: string | null;
      readonly at: EpochMs;
    },
    void
  >;
  /**
   * The results of one attempt; gives the lease back. Plans `after_send` for the first deferral and when
   * the last recipient is final (once each), and has the sent copy made anew.
   */
  readonly attempted: Exchange<
    {
      readonly queueId: QueueId;
      readonly attempt: AttemptFacts;
      readonly results: readonly AttemptResult[];
      /** The mailbox's `after_send` hooks, in config order. */
      readonly hooks: readonly HookPlan[];
      readonly at: EpochMs;
    },
    { readonly outgoing: OutgoingRow }
  >;
  /** Somebody decides. Answers which messages changed. */
  readonly 'decide-outgoing': Exchange<
    {
      readonly filter: OutgoingFilter;
      /** `release` lets held ones go, `retry` makes those that wait due now. */
      readonly decision: 'hold' | 'release' | 'cancel' | 'retry';
      /** For `release`: only those whose hold has this code (`approval` for `queue approve`). */
      readonly heldCode?: string;
      readonly reason: string;
      readonly by: string;
      /** For `cancel`, which names its messages: as with `attempted`. By mailbox name. */
      readonly hooks?: Readonly<Record<string, readonly HookPlan[]>>;
      /** For `release`: when it is given up at the earliest. */
      readonly expiresAt?: EpochMs;
      readonly at: EpochMs;
    },
    { readonly changed: readonly QueueId[] }
  >;
  /** Matches what came back, once for each message that brings it. Null: it is about nothing of ours. */
  readonly answered: Exchange<
    { readonly answer: ReceivedAnswer; readonly at: EpochMs },
    { readonly outgoing: OutgoingRow | null }
  >;
}

/** The message that a run was started for, for who decides whether it may be answered. */
export interface RunOccasion {
  readonly run: RunRow;
  readonly delivery: DeliveryRow;
  readonly message: MessageRow | null;
  /** Why the message is automatic, as stored when it was decided on; null for a letter. */
  readonly automatic: string | null;
  /** From of the message, as shown. */
  readonly from: string;
}

export interface OutgoingQueries {
  readonly outgoing: Exchange<{ readonly queueId: QueueId }, OutgoingRow | null>;
  /** Of a sent copy. */
  readonly 'outgoing-of': Exchange<{ readonly deliveryId: DeliveryId }, OutgoingRow | null>;
  /** Newest first. */
  readonly 'outgoing-list': Exchange<
    {
      readonly mailboxes?: readonly string[];
      /** `open`: not final (held ones too). Default all. */
      readonly only?: 'open' | 'held' | 'failed';
      /** A queue id or its beginning, an id of a sent copy, or a Message-ID. */
      readonly reference?: string;
      readonly limit: number;
      readonly cursor?: string;
    },
    Page<OutgoingRow>
  >;
  /** Messages with recipients that were given up, or are late by `lateBefore`, and whose sender was not told. */
  readonly 'reports-due': Exchange<
    { readonly lateBefore: EpochMs; readonly limit: number },
    {
      readonly reports: readonly {
        readonly outgoing: OutgoingRow;
        readonly purpose: 'report' | 'warning';
        readonly recipientIds: readonly number[];
      }[];
      /** Submission time of the oldest that is on its way and not late yet; null where there is none. */
      readonly oldestWaitingAt: EpochMs | null;
    }
  >;
  readonly 'run-occasion': Exchange<{ readonly runId: RunId }, RunOccasion | null>;
  /** How many messages are in the queue, by mailbox. */
  readonly 'outgoing-counts': Exchange<
    { readonly mailboxes?: readonly string[] },
    readonly { readonly mailbox: string; readonly open: number; readonly held: number }[]
  >;
}
