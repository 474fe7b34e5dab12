/**
 * Every question about the rows, by name, with what goes in and what comes out.
 */
import type { EpochMs } from '../system/clock.ts';
import type { Exchange, Page } from './exchange.ts';
import type { DeliveryId, JournalId, MailboxId, RunId } from './ids.ts';
import type { OutgoingQueries } from './outgoing.ts';
import type { DeliveryRow, MessageRow, RunRow, RunState, TraceRow, Waiting } from './rows.ts';
import type { RunFilter } from './transitions.ts';

export interface AbsorbedRow {
  /** When it was decided; the copy itself came at `receivedAt`. */
  readonly at: EpochMs;
  readonly receivedAt: EpochMs;
  readonly journalId: JournalId;
  readonly clientAddress: string | null;
  readonly by: 'exact' | 'content' | 'message-id' | 'legacy';
  readonly mailbox: string;
  /** Id of the message that holds it. */
  readonly id: string;
  readonly deliveredTo: readonly string[];
}

export interface MailboxStatus {
  readonly mailboxId: MailboxId;
  readonly mailbox: string;
  readonly delivered: number;
  readonly pending: number;
  readonly waiting: readonly { readonly deliveryId: DeliveryId; readonly waiting: Waiting }[];
  readonly runs: Readonly<Partial<Record<RunState, number>>>;
}

/** Every question, by name. Answers come from committed rows. */
export interface Queries extends OutgoingQueries {
  readonly message: Exchange<{ readonly journalId: JournalId }, MessageRow | null>;
  readonly delivery: Exchange<{ readonly deliveryId: DeliveryId }, DeliveryRow | null>;
  /** Finds by file id or Message-ID (without brackets), newest first, at most 20. */
  readonly find: Exchange<
    { readonly reference: string; readonly mailboxes?: readonly string[] },
    readonly { readonly delivery: DeliveryRow; readonly message: MessageRow }[]
  >;
  /**
   * The life of a message: its own rows, its deliveries', its runs', and the copies absorbed into it.
   * `sameMessageId`: ids of other messages of the mailbox that have its Message-ID, oldest first, at most 20.
   */
  readonly trace: Exchange<
    { readonly deliveryId: DeliveryId },
    {
      readonly rows: readonly TraceRow[];
      readonly absorbed: readonly AbsorbedRow[];
      readonly absorbedCount: number;
      readonly sameMessageId: readonly string[];
    }
  >;
  readonly runs: Exchange<
    {
      readonly filter: RunFilter;
      readonly deliveryId?: DeliveryId;
      /** The beginning of a run's id, lower-case hex. */
      readonly runIdPrefix?: string;
      readonly limit: number;
      readonly cursor?: string;
    },
    Page<RunRow>
  >;
  readonly run: Exchange<{ readonly runId: RunId }, RunRow | null>;
  /** Claimed and running runs, which a new daemon adopts. */
  readonly 'open-runs': Exchange<Record<string, never>, readonly RunRow[]>;
  readonly absorbed: Exchange<
    { readonly mailboxes?: readonly string[]; readonly limit: number; readonly cursor?: string },
    Page<AbsorbedRow>
  >;
  readonly mailboxes: Exchange<{ readonly mailboxes?: readonly string[] }, readonly MailboxStatus[]>;
  /** Mailboxes whose folder of the earlier version has not been read in. */
  readonly 'legacy-pending': Exchange<Record<string, never>, readonly MailboxId[]>;
  /** How far a message and its runs have come, for `ingest`, which waits. */
  readonly progress: Exchange<
    { readonly journalId: JournalId },
    { readonly deliveries: readonly DeliveryRow[]; readonly runs: readonly RunRow[] }
  >;
}
