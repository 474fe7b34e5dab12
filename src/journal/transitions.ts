/**
 * Every change of a row, by name, with what goes in and what comes out.
 */
import type { Rank, Verdict } from '../authentication/verdict.ts';
import type { EpochMs } from '../system/clock.ts';
import type { Exchange } from './exchange.ts';
import type { HookPlan } from './hook-plan.ts';
import type { DeliveryId, JournalId, MailboxId, RunId } from './ids.ts';
import type { OutgoingTransitions } from './outgoing.ts';
import type { DeliveryRow, RunRow, RunState, Trusted, Waiting } from './rows.ts';

export type DedupMode = 'content' | 'message-id' | 'off';

/** What the identify step knows of one mailbox of a message. */
export interface IdentifyTarget {
  readonly deliveryId: DeliveryId;
  readonly mode: DedupMode;
  readonly rank: Rank;
  readonly trusted: Trusted;
  readonly trustReason: string | null;
  /** `YYYY-MM-DD-HHMMSS-<slug>`; the transaction adds `-2`, `-3`, … where it is reserved already. */
  readonly baseId: string;
  readonly hooks: readonly HookPlan[];
}

/** What a later answer means for a delivery that stands. */
export interface Reassessment {
  readonly deliveryId: DeliveryId;
  readonly rank: Rank;
  readonly trusted: Trusted;
  readonly trustReason: string | null;
}

export interface Identity {
  readonly contentFingerprint: string;
  /** Without angle brackets; null where the field is absent or empty. */
  readonly messageId: string | null;
  /** Hash of Message-ID, From, Date and Subject, by which files of the earlier version are known. */
  readonly legacyFingerprint: string | null;
  readonly inReplyTo: string | null;
  /** In order; the leftmost is the thread's root. */
  readonly references: readonly string[];
  readonly subject: string;
  /** From as shown in the file. */
  readonly from: string;
  /** `<code>: <sentence>` where no run may answer it (RFC 3834); null for a letter. */
  readonly automatic: string | null;
}

export type Decision =
  | { readonly kind: 'deliver'; readonly delivery: DeliveryRow }
  | {
      readonly kind: 'absorb';
      readonly delivery: DeliveryRow;
      readonly into: DeliveryId;
      readonly by: 'exact' | 'content' | 'message-id' | 'legacy';
    }
  /** `delivery` is the stored one, now `promoting` with the better copy's journal id. */
  | { readonly kind: 'promote'; readonly delivery: DeliveryRow; readonly copy: DeliveryRow }
  /**
   * Not now: another copy is on its way into the mailbox, or the mailbox is not read in. The row waits and
   * the message is handed out again when that has ended.
   */
  | { readonly kind: 'wait'; readonly delivery: DeliveryRow };

export interface RunLimits {
  readonly perMailbox: Readonly<Record<MailboxId, number>>;
  readonly perMailboxDefault: number;
  /** Runs of this hook at once; hooks without an entry have no limit of their own. */
  readonly perHook: Readonly<Record<string, number>>;
}

export interface RunFilter {
  readonly runIds?: readonly RunId[];
  readonly mailboxes?: readonly string[];
  readonly hook?: string;
  readonly states?: readonly RunState[];
}

/**
 * Every change of a row, by name. Each is one transaction with its trace rows, durable when its
 * promise resolves, and harmless when it is asked for again after a crash.
 */
export interface Transitions extends OutgoingTransitions {
  /** Gives every mailbox its id: the known one where name and owner are the same, else a new one. */
  readonly 'register-mailboxes': Exchange<
    {
      readonly mailboxes: readonly { readonly name: string; readonly ownerUid: number | null }[];
      readonly at: EpochMs;
    },
    { readonly ids: Readonly<Record<string, MailboxId>> }
  >;
  /**
   * `accepted` → `authenticated`, or a later answer in the place of one that DNS had left open. Deliveries
   * of the message that stand and are `reassessed` become `promoting`: their file, stdin and environment
   * are made anew from the same bytes, and runs held for lack of trust follow with `promoted`.
   */
  readonly authenticated: Exchange<
    {
      readonly journalId: JournalId;
      readonly verdict: Verdict;
      /** When to ask again; null: this answer is final. */
      readonly recheckAt: EpochMs | null;
      readonly reassessed: readonly Reassessment[];
      readonly at: EpochMs;
    },
    { readonly promoting: readonly DeliveryRow[] }
  >;
  /** Counts an attempt to read MIME before it is made. */
  readonly 'read-attempt': Exchange<
    { readonly journalId: JournalId; readonly at: EpochMs },
    { readonly attempts: number }
  >;
  /**
   * Decides, for every pending delivery of a message, whether it is new (`reserved`), absorbed or promotes.
   * Counts the first attempt to read where there is something to read.
   */
  readonly identify: Exchange<
    {
      readonly journalId: JournalId;
      readonly identity: Identity;
      readonly targets: readonly IdentifyTarget[];
      readonly windowMs: number;
      readonly at: EpochMs;
    },
    { readonly decisions: readonly Decision[] }
  >;
  /** `reserved` → `staged`: the finished file lies flushed in the staging folder. */
  readonly staged: Exchange<
    { readonly deliveryId: DeliveryId; readonly shownVersion?: number; readonly at: EpochMs },
    void
  >;
  /** `staged` → `reserved` with the next id: the name was taken by something that is not ours. */
  readonly 'id-taken': Exchange<
    { readonly deliveryId: DeliveryId; readonly at: EpochMs },
    { readonly id: string }
  >;
  /** `staged` → `delivered`; runs that are due may start from now on. Ends the message when it was the last. */
  readonly delivered: Exchange<{ readonly deliveryId: DeliveryId; readonly at: EpochMs }, void>;
  /** `promoting` → `exchanging`. */
  readonly exchanging: Exchange<
    {
      readonly deliveryId: DeliveryId;
      readonly inode: string;
      /** Of a sent copy: the version of its outgoing row that the staged file shows. */
      readonly shownVersion?: number;
      readonly at: EpochMs;
    },
    void
  >;
  /**
   * `promoting`/`exchanging` → `delivered`. Runs held for lack of trust become due where their plan is
   * not held. `outcome` says whether the file was replaced or its owner had moved it away.
   */
  readonly promoted: Exchange<
    {
      readonly deliveryId: DeliveryId;
      readonly outcome: 'replaced' | 'gone';
      /** Of a sent copy that is gone: as with `exchanging`. */
      readonly shownVersion?: number;
      readonly hooks: readonly HookPlan[];
      readonly at: EpochMs;
    },
    void
  >;
  /** The delivery waits until `waiting.nextAt`; null ends the wait. */
  readonly waiting: Exchange<
    { readonly deliveryId: DeliveryId; readonly waiting: Waiting | null; readonly at: EpochMs },
    void
  >;
  /**
   * Adds what files say of themselves that the rows do not know: those of the earlier version, and after a
   * restore those that are newer than the backup. `done` lets decisions on the mailbox begin.
   */
  readonly 'legacy-scanned': Exchange<
    {
      readonly mailboxId: MailboxId;
      readonly entries: readonly {
        /** By which a retry is known: a file of the earlier version has no fingerprint of its content. */
        readonly fingerprint: { readonly kind: 'legacy' | 'content'; readonly hash: string };
        readonly messageId: string | null;
        readonly threadId: string | null;
        readonly id: string;
        readonly receivedAt: EpochMs;
      }[];
      readonly done: boolean;
      readonly at: EpochMs;
    },
    void
  >;
  /**
   * A mailbox cannot be read in at present: its pending deliveries, which nobody is handed, say why they
   * wait. Ended by `legacy-scanned`.
   */
  readonly 'legacy-waits': Exchange<
    { readonly mailboxId: MailboxId; readonly waiting: Waiting; readonly at: EpochMs },
    void
  >;

  /**
   * Claims up to `limit` due runs, durable before they are handed out: oldest sequence first within a
   * mailbox, round robin between mailboxes, never two hooks of one message at once, within `limits`
   * (claimed and running ones count). Attempt is counted up.
   */
  readonly 'claim-runs': Exchange<
    { readonly limit: number; readonly limits: RunLimits; readonly at: EpochMs },
    { readonly runs: readonly RunRow[]; readonly nextDueAt: EpochMs | null }
  >;
  /** `claimed` → `running`: the mark of this attempt is taken. */
  readonly 'run-started': Exchange<
    {
      readonly runId: RunId;
      readonly attempt: number;
      readonly startedAt: EpochMs;
      /** The launcher, for the trace and for ending it. */
      readonly pid: number | null;
      readonly at: EpochMs;
    },
    void
  >;
  /** `claimed`/`running` → a final state. Ignored where the attempt is not the present one. */
  readonly 'run-ended': Exchange<
    {
      readonly runId: RunId;
      readonly attempt: number;
      readonly state: Extract<RunState, 'succeeded' | 'failed' | 'timed_out' | 'interrupted' | 'cancelled'>;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly reason: string | null;
      /** Where it is known: a run may end while nobody looks. Absent: `at`. */
      readonly endedAt?: EpochMs;
      readonly at: EpochMs;
    },
    void
  >;
  /** `claimed`/`running` → `due` again, for a retry or because the attempt never started. */
  readonly 'run-again': Exchange<
    {
      readonly runId: RunId;
      readonly attempt: number;
      readonly dueAt: EpochMs;
      readonly reason: string;
      /** False where the attempt never took its mark: its launch is then not counted as a start. */
      readonly started: boolean;
      readonly at: EpochMs;
    },
    void
  >;
  /**
   * `held` → `due`, by a person or an agent (`by`). Answers which did. With `oncePerLetter` as in
   * {@link HookPlan}: what would start a second time for one letter stays held, and says so.
   */
  readonly 'release-runs': Exchange<
    {
      readonly filter: RunFilter;
      readonly oncePerLetter?: boolean;
      readonly by: string;
      readonly at: EpochMs;
    },
    { readonly released: readonly RunId[] }
  >;
  /** `due`/`held` → `cancelled`, or `interrupted` → `cancelled`. Runs that may have started are not touched here. */
  readonly 'cancel-runs': Exchange<
    { readonly filter: RunFilter; readonly by: string; readonly reason: string; readonly at: EpochMs },
    { readonly cancelled: readonly RunId[] }
  >;
  /** A new generation of a final run, due now. */
  readonly 'replay-run': Exchange<
    { readonly runId: RunId; readonly newRunId: RunId; readonly by: string; readonly at: EpochMs },
    { readonly run: RunRow }
  >;
  /** Everything that is not final becomes `held: restored` (design §3.8), and the new epoch is written. */
  readonly 'begin-epoch': Exchange<
    { readonly epoch: string; readonly reason: string; readonly at: EpochMs },
    { readonly held: number }
  >;
  /** Forgets the fingerprints of a delivery, so that the same message would be delivered again. */
  readonly 'forget-fingerprints': Exchange<
    { readonly deliveryId: DeliveryId; readonly by: string; readonly at: EpochMs },
    { readonly forgotten: number }
  >;
  /** One small slice of deletion by age; call again while `more`. */
  readonly sweep: Exchange<
    {
      readonly fingerprintsBefore: EpochMs;
      readonly heldBefore: EpochMs;
      readonly limit: number;
      readonly at: EpochMs;
    },
    { readonly more: boolean; readonly expiredRuns: readonly RunId[] }
  >;
}
