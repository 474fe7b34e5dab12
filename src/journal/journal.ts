/**
 * The journal: everything that has been accepted, and how far each of it has come.
 *
 * It is the one place where `inbound`, `pipeline` and `outbound` meet. Two parts stand behind this
 * interface: the *log* (raw messages with their envelopes, append-only, flushed before the `250`)
 * and the *rows* (one per thing that has a state). Rows of accepted messages are derived from the
 * log and are rebuilt from its tail after a crash.
 *
 * Terms:
 * - *journal id*: number of a record in the log, in order of acceptance.
 * - *delivery*: one message on its way into one mailbox; a message with recipients in two mailboxes
 *   has two deliveries.
 * - *absorb*: a delivery ends without a file because the mailbox holds the message already.
 * - *promote*: a better authenticated copy takes the place of the stored one, under the same id.
 * - *run*: one hook for one delivery; a *generation* is a run that somebody asked for again, an
 *   *attempt* is one start of a run.
 * - *lease*: a row that `claim` has handed out and that nobody else gets until it is advanced,
 *   released or the process ends. Leases of messages live in memory; a claimed run is a durable row.
 *
 * What stands here must not know: SMTP, MIME, where mailboxes lie, how a process is started.
 */
import type { EpochMs } from '../system/clock.ts';
import type { Acceptance, Reservation, Spool } from './acceptance.ts';
import type { JournalId } from './ids.ts';
import type { Queries } from './queries.ts';
import type { MessageRow } from './rows.ts';
import type { Transitions } from './transitions.ts';

export * from './acceptance.ts';
export type * from './exchange.ts';
export type * from './hook-plan.ts';
export * from './ids.ts';
export * from './outgoing.ts';
export type * from './queries.ts';
export * from './rows.ts';
export type * from './transitions.ts';

export type RowsChanged = 'messages' | 'runs' | 'outgoing';

export interface Journal extends AsyncDisposable {
  /** Random, hex; another after a restore. */
  readonly epoch: string;

  /**
   * Makes a message durable: once this resolves it survives power loss. All that wait share one flush.
   *
   * @throws AimxError `journal.no-room` (nothing was kept; the sender keeps its copy) or `journal.broken`
   *   (nothing is known; the process must end).
   */
  accept(acceptance: Acceptance): Promise<JournalId>;

  /** Records, durable when it resolves, that the client has seen our `250` for a message. */
  recordEvidence(journalId: JournalId, at: EpochMs): Promise<void>;

  /** Opens a file for a message that is too large to be kept in memory. @throws as `accept`. */
  openSpool(): Promise<Spool>;

  /** Sets room aside for `sizeBytes`; null where there is none. Does no I/O of its own. */
  reserve(sizeBytes: number): Reservation | null;

  /** Messages a second that are being accepted at this moment: work that can wait makes way for them. */
  acceptsPerSecond(): number;

  /** Leases up to `limit` messages that are not done, in order of acceptance, whose wait is over at `at`. */
  claimMessages(
    limit: number,
    at: EpochMs,
  ): Promise<{
    readonly messages: readonly MessageRow[];
    /** When the next one that waits falls due; null where none does. */
    readonly nextDueAt: EpochMs | null;
  }>;

  /** Gives a lease back, done or not. */
  releaseMessage(journalId: JournalId): void;

  advance<Kind extends keyof Transitions>(
    kind: Kind,
    input: Transitions[Kind]['in'],
  ): Promise<Transitions[Kind]['out']>;

  query<Kind extends keyof Queries>(kind: Kind, input: Queries[Kind]['in']): Promise<Queries[Kind]['out']>;

  /** Calls back after rows of a kind have changed, at most once a turn. Returns how to stop. */
  onChange(kind: RowsChanged, callback: () => void): Disposable;

  /** Rejects when the journal cannot be used any more; the daemon ends with what it says. */
  readonly broken: Promise<never>;

  /** Unlinks, compresses and copies out segments by age; small slices, never on the way of a `250`. */
  retain(options: { readonly keepRawMs: number; readonly at: EpochMs }): Promise<void>;

  /** Folders under the journal for others to use: staging, stdin copies and hook runs. */
  readonly folders: { readonly staging: string; readonly stdin: string; readonly runs: string };
}
