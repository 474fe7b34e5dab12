/**
 * The rows as others see them: one for each message, delivery and run, with the states that it passes
 * through.
 */
import type { Rank, Verdict } from '../authentication/verdict.ts';
import type { EpochMs } from '../system/clock.ts';
import type { AcceptedEnvelope, Arrival } from './acceptance.ts';
import type { HookEvent } from './hook-plan.ts';
import type { DeliveryId, JournalId, MailboxId, RunId } from './ids.ts';

/** Where the raw bytes of a message lie. A reader opens the path itself; bytes never pass through rows. */
export interface RawSource {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Lower-case hex; a reader checks it. */
  readonly sha256: string;
  /** How the stored bytes are packed; `offset` then counts in the packed file. */
  readonly encoding: 'plain' | 'zstd';
}

/** `accepted` → `authenticated` → `done`. */
export type MessageState = 'accepted' | 'authenticated' | 'done';

export interface MessageRow {
  readonly journalId: JournalId;
  readonly state: MessageState;
  readonly envelope: AcceptedEnvelope;
  readonly arrival: Arrival;
  readonly sizeBytes: number;
  readonly exactFingerprint: string;
  readonly lacksIdentity: boolean;
  readonly raw: RawSource;
  /** False once the raw bytes are gone (`keep_raw`, or an absorbed copy); `raw.path` is then not to be opened. */
  readonly rawKept: boolean;
  /** Null until authenticated. */
  readonly verdict: Verdict | null;
  /** When authentication is to be asked for again, because DNS did not answer; null where nobody will. */
  readonly recheckAt: EpochMs | null;
  /** How often it was asked for again. */
  readonly rechecks: number;
  /** How often reading its MIME was begun; counted on disk before each attempt. */
  readonly readAttempts: number;
  readonly deliveries: readonly DeliveryRow[];
}

/**
 * `pending` → `reserved` → `staged` → `delivered`, or `pending` → `absorbed`.
 * A promotion takes the stored delivery through `promoting` → `exchanging` → `delivered` again.
 */
export type DeliveryState =
  | 'pending'
  | 'reserved'
  | 'staged'
  | 'delivered'
  | 'absorbed'
  | 'promoting'
  | 'exchanging';

export interface DeliveryRow {
  readonly deliveryId: DeliveryId;
  /** The copy whose bytes the file is made from; changes with a promotion. */
  readonly journalId: JournalId;
  readonly mailboxId: MailboxId;
  readonly mailbox: string;
  /** Which of the mailbox's folders it goes into: `sent` for the copy of a message of ours. */
  readonly folder: 'inbox' | 'sent';
  /** The forward-paths that led here. */
  readonly deliveredTo: readonly string[];
  readonly tag: string | null;
  readonly state: DeliveryState;
  /** Name of the file or bundle; null before `reserved`. */
  readonly id: string | null;
  /** Place in the mailbox's sequence; null before `reserved`. */
  readonly sequence: number | null;
  readonly threadId: string | null;
  /** The other message with the same Message-ID whose content differs; null where there is none. */
  readonly resembles: string | null;
  readonly trusted: Trusted | null;
  readonly trustReason: string | null;
  readonly rank: Rank | null;
  /** For `absorbed`: the delivery that holds the message. */
  readonly absorbedInto: DeliveryId | null;
  /** For `exchanging`: inode of the staged copy before the exchange, which tells whether it took place. */
  readonly exchangeInode: string | null;
  readonly deliveredAt: EpochMs | null;
  /** Why it waits; null where it does not. */
  readonly waiting: Waiting | null;
}

export type Trusted = 'none' | 'true' | 'false';

export interface Waiting {
  /** Stable code, such as `mailbox-unsafe`, `no-room`, `owner-missing`. */
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
  readonly nextAt: EpochMs;
}

export const RUN_STATES = [
  'due',
  'held',
  'claimed',
  'running',
  'succeeded',
  'failed',
  'timed_out',
  'interrupted',
  'cancelled',
] as const;
export type RunState = (typeof RUN_STATES)[number];
/** `interrupted` waits for a decision and is final unless somebody decides. */
export const FINAL_RUN_STATES: readonly RunState[] = [
  'succeeded',
  'failed',
  'timed_out',
  'interrupted',
  'cancelled',
];

/** What an `after_send` hook is started for (contract §6). */
export type SendStatus = 'delivered' | 'failed' | 'deferred';

export interface RunRow {
  readonly runId: RunId;
  readonly deliveryId: DeliveryId;
  readonly mailboxId: MailboxId;
  readonly mailbox: string;
  /** Id of the message's file. */
  readonly id: string;
  readonly sequence: number;
  readonly hook: string;
  readonly event: HookEvent;
  /** Of `after_send`: what it tells (`AIMX_SEND_STATUS`); null for `on_receive`. */
  readonly sendStatus: SendStatus | null;
  /** Place among the hooks of the message, from 0, in config order. */
  readonly ordinal: number;
  readonly generation: number;
  /** Starts so far, the present one included; 0 before the first. */
  readonly attempt: number;
  readonly state: RunState;
  /** `<code>: <sentence>`; null where there is nothing to say. */
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly dueAt: EpochMs | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
}

export interface TraceRow {
  readonly at: EpochMs;
  readonly journalId: JournalId | null;
  readonly deliveryId: DeliveryId | null;
  readonly runId: RunId | null;
  /** Dotted and stable: `message.accepted`, `delivery.absorbed`, `run.started`. */
  readonly event: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
