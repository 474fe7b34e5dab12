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
import type { Rank, Verdict } from '../authentication/verdict.ts';
import type { EpochMs } from '../system/clock.ts';

export type JournalId = number & { readonly __brand: 'JournalId' };
export type DeliveryId = number & { readonly __brand: 'DeliveryId' };
/** Random, hex. A mailbox that is deleted and made again for another owner gets another. */
export type MailboxId = string & { readonly __brand: 'MailboxId' };
/** Random, hex. */
export type RunId = string & { readonly __brand: 'RunId' };

/** These four are the only makers of their brands: of values that come from rows or from a request. */
export const toJournalId = (value: number): JournalId => value as JournalId;
export const toDeliveryId = (value: number): DeliveryId => value as DeliveryId;
export const toMailboxId = (value: string): MailboxId => value as MailboxId;
export const toRunId = (value: string): RunId => value as RunId;

// ---------------------------------------------------------------------------------------------
// Acceptance

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
  readonly via: 'smtp' | 'ingest';
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

/** Content of a message: bytes as received, dot-stuffing undone, nothing added. */
export type AcceptedContent =
  | { readonly kind: 'inline'; readonly chunks: readonly Uint8Array[]; readonly sizeBytes: number }
  | { readonly kind: 'spooled'; readonly spool: Spool; readonly sizeBytes: number };

export interface Acceptance {
  readonly envelope: AcceptedEnvelope;
  readonly arrival: Arrival;
  readonly content: AcceptedContent;
  /** SHA-256 of the content, lower-case hex. */
  readonly exactFingerprint: string;
  /** The header section has neither Message-ID nor Date: evidence may have to judge it. */
  readonly lacksIdentity: boolean;
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

// ---------------------------------------------------------------------------------------------
// Rows

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

export type HookEvent = 'on_receive' | 'after_send';

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

// ---------------------------------------------------------------------------------------------
// Transitions

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

/** One run to insert with the delivery. */
export interface HookPlan {
  readonly hook: string;
  readonly event: HookEvent;
  readonly ordinal: number;
  /** Null: due as soon as the message is delivered. Else it is held with this `<code>: <sentence>`. */
  readonly held: string | null;
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

interface Change<In, Out> {
  readonly in: In;
  readonly out: Out;
}

/**
 * Every change of a row, by name. Each is one transaction with its trace rows, durable when its
 * promise resolves, and harmless when it is asked for again after a crash.
 */
export interface Transitions {
  /** Gives every mailbox its id: the known one where name and owner are the same, else a new one. */
  readonly 'register-mailboxes': Change<
    {
      readonly mailboxes: readonly { readonly name: string; readonly ownerUid: number | null }[];
      readonly at: EpochMs;
    },
    { readonly ids: Readonly<Record<string, MailboxId>> }
  >;
  /** `accepted` → `authenticated`. */
  readonly authenticated: Change<
    { readonly journalId: JournalId; readonly verdict: Verdict; readonly at: EpochMs },
    void
  >;
  /** Counts an attempt to read MIME before it is made. */
  readonly 'read-attempt': Change<
    { readonly journalId: JournalId; readonly at: EpochMs },
    { readonly attempts: number }
  >;
  /** Decides, for every pending delivery of a message, whether it is new (`reserved`), absorbed or promotes. */
  readonly identify: Change<
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
  readonly staged: Change<{ readonly deliveryId: DeliveryId; readonly at: EpochMs }, void>;
  /** `staged` → `reserved` with the next id: the name was taken by something that is not ours. */
  readonly 'id-taken': Change<
    { readonly deliveryId: DeliveryId; readonly at: EpochMs },
    { readonly id: string }
  >;
  /** `staged` → `delivered`; runs that are due may start from now on. Ends the message when it was the last. */
  readonly delivered: Change<{ readonly deliveryId: DeliveryId; readonly at: EpochMs }, void>;
  /** `promoting` → `exchanging`. */
  readonly exchanging: Change<
    { readonly deliveryId: DeliveryId; readonly inode: string; readonly at: EpochMs },
    void
  >;
  /**
   * `promoting`/`exchanging` → `delivered`. Runs held for lack of trust become due where their plan is
   * not held. `outcome` says whether the file was replaced or its owner had moved it away.
   */
  readonly promoted: Change<
    {
      readonly deliveryId: DeliveryId;
      readonly outcome: 'replaced' | 'gone';
      readonly hooks: readonly HookPlan[];
      readonly at: EpochMs;
    },
    void
  >;
  /** The delivery waits until `waiting.nextAt`; null ends the wait. */
  readonly waiting: Change<
    { readonly deliveryId: DeliveryId; readonly waiting: Waiting | null; readonly at: EpochMs },
    void
  >;
  /** Adds what files of the earlier version say of themselves; `done` lets decisions on the mailbox begin. */
  readonly 'legacy-scanned': Change<
    {
      readonly mailboxId: MailboxId;
      readonly entries: readonly {
        readonly legacyFingerprint: string;
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
   * Claims up to `limit` due runs, durable before they are handed out: oldest sequence first within a
   * mailbox, round robin between mailboxes, never two hooks of one message at once, within `limits`
   * (claimed and running ones count). Attempt is counted up.
   */
  readonly 'claim-runs': Change<
    { readonly limit: number; readonly limits: RunLimits; readonly at: EpochMs },
    { readonly runs: readonly RunRow[]; readonly nextDueAt: EpochMs | null }
  >;
  /** `claimed` → `running`: the mark of this attempt is taken. */
  readonly 'run-started': Change<
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
  readonly 'run-ended': Change<
    {
      readonly runId: RunId;
      readonly attempt: number;
      readonly state: Extract<RunState, 'succeeded' | 'failed' | 'timed_out' | 'interrupted' | 'cancelled'>;
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly reason: string | null;
      readonly at: EpochMs;
    },
    void
  >;
  /** `claimed`/`running` → `due` again, for a retry or because the attempt never started. */
  readonly 'run-again': Change<
    {
      readonly runId: RunId;
      readonly attempt: number;
      readonly dueAt: EpochMs;
      readonly reason: string;
      /** The attempt never took its mark: the launch is not counted as a start. */
      readonly started: boolean;
      readonly at: EpochMs;
    },
    void
  >;
  /** `held` → `due`, by a person or an agent (`by`). Answers which did. */
  readonly 'release-runs': Change<
    { readonly filter: RunFilter; readonly by: string; readonly at: EpochMs },
    { readonly released: readonly RunId[] }
  >;
  /** `due`/`held` → `cancelled`, or `interrupted` → `cancelled`. Runs that may have started are not touched here. */
  readonly 'cancel-runs': Change<
    { readonly filter: RunFilter; readonly by: string; readonly reason: string; readonly at: EpochMs },
    { readonly cancelled: readonly RunId[] }
  >;
  /** A new generation of a final run, due now. */
  readonly 'replay-run': Change<
    { readonly runId: RunId; readonly newRunId: RunId; readonly by: string; readonly at: EpochMs },
    { readonly run: RunRow }
  >;
  /** Everything that is not final becomes `held: restored` (design §3.8), and the new epoch is written. */
  readonly 'begin-epoch': Change<
    { readonly epoch: string; readonly reason: string; readonly at: EpochMs },
    { readonly held: number }
  >;
  /** Forgets the fingerprints of a delivery, so that the same message would be delivered again. */
  readonly 'forget-fingerprints': Change<
    { readonly deliveryId: DeliveryId; readonly by: string; readonly at: EpochMs },
    { readonly forgotten: number }
  >;
  /** One small slice of deletion by age; call again while `more`. */
  readonly sweep: Change<
    {
      readonly fingerprintsBefore: EpochMs;
      readonly heldBefore: EpochMs;
      readonly limit: number;
      readonly at: EpochMs;
    },
    { readonly more: boolean; readonly expiredRuns: readonly RunId[] }
  >;
}

export interface AbsorbedRow {
  readonly at: EpochMs;
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

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextCursor: string | null;
}

/** Every question, by name. Answers come from committed rows. */
export interface Queries {
  readonly message: Change<{ readonly journalId: JournalId }, MessageRow | null>;
  readonly delivery: Change<{ readonly deliveryId: DeliveryId }, DeliveryRow | null>;
  /** Finds by file id or Message-ID (without brackets), newest first, at most 20. */
  readonly find: Change<
    { readonly reference: string; readonly mailboxes?: readonly string[] },
    readonly { readonly delivery: DeliveryRow; readonly message: MessageRow }[]
  >;
  /** The life of a message: its own rows, its deliveries', its runs', and the copies absorbed into it. */
  readonly trace: Change<
    { readonly deliveryId: DeliveryId },
    {
      readonly rows: readonly TraceRow[];
      readonly absorbed: readonly AbsorbedRow[];
      readonly absorbedCount: number;
    }
  >;
  readonly runs: Change<
    {
      readonly filter: RunFilter;
      readonly deliveryId?: DeliveryId;
      readonly limit: number;
      readonly cursor?: string;
    },
    Page<RunRow>
  >;
  readonly run: Change<{ readonly runId: RunId }, RunRow | null>;
  /** Claimed and running runs, which a new daemon adopts. */
  readonly 'open-runs': Change<Record<string, never>, readonly RunRow[]>;
  readonly absorbed: Change<
    { readonly mailboxes?: readonly string[]; readonly limit: number; readonly cursor?: string },
    Page<AbsorbedRow>
  >;
  readonly mailboxes: Change<{ readonly mailboxes?: readonly string[] }, readonly MailboxStatus[]>;
  /** Mailboxes whose folder of the earlier version has not been read in. */
  readonly 'legacy-pending': Change<Record<string, never>, readonly MailboxId[]>;
  /** How far a message and its runs have come, for `ingest`, which waits. */
  readonly progress: Change<
    { readonly journalId: JournalId },
    { readonly deliveries: readonly DeliveryRow[]; readonly runs: readonly RunRow[] }
  >;
}

// ---------------------------------------------------------------------------------------------
// The port

export type RowsChanged = 'messages' | 'runs';

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
