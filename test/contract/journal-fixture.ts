/**
 * What the journal's contract is tested with: an implementation under test, messages, and the steps
 * that a pipeline would take.
 */
import { createHash } from 'node:crypto';
import {
  type Rank,
  UNAUTHENTICATED,
  type Verdict,
  type VerdictDetails,
} from '../../src/authentication/verdict.ts';
import type {
  Acceptance,
  Decision,
  DedupMode,
  HookPlan,
  Journal,
  JournalId,
  MailboxId,
  RunRow,
} from '../../src/journal/journal.ts';
import type { SimulatedClock } from '../../src/system/clock.sim.ts';
import { type EpochMs, epochMs } from '../../src/system/clock.ts';

export interface OpenOptions {
  readonly restored?: boolean;
}

/** One journal under test, which can be closed and opened again over the same store. */
export interface Store extends AsyncDisposable {
  readonly clock: SimulatedClock;
  open(options?: OpenOptions): Promise<Journal>;
  /** The raw bytes of a message, read as a reader process would. */
  readRaw(raw: {
    readonly path: string;
    readonly offset: number;
    readonly sizeBytes: number;
  }): Promise<Uint8Array>;
}

/** What is stored while DNS does not answer. */
export const PROVISIONAL: Verdict = { ...UNAUTHENTICATED, dkim: 'temperror', provisional: true };

export const DAY_MS: number = 24 * 60 * 60 * 1000;
export const WINDOW_MS: number = 35 * DAY_MS;

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface MessageOptions {
  readonly text: string;
  readonly to?: readonly { readonly mailbox: string; readonly path?: string }[];
  readonly lacksIdentity?: boolean;
  readonly at?: EpochMs;
}

/** A journal with its mailboxes registered, and the steps of a pipeline by hand. */
export class Desk {
  readonly journal: Journal;
  readonly clock: SimulatedClock;
  readonly ids: Readonly<Record<string, MailboxId>>;

  private constructor(journal: Journal, clock: SimulatedClock, ids: Readonly<Record<string, MailboxId>>) {
    this.journal = journal;
    this.clock = clock;
    this.ids = ids;
  }

  static async open(
    store: Store,
    mailboxes: readonly string[] = ['alice'],
    options?: OpenOptions,
  ): Promise<Desk> {
    const journal = await store.open(options);
    const at = store.clock.now();
    const { ids } = await journal.advance('register-mailboxes', {
      mailboxes: mailboxes.map((name) => ({ name, ownerUid: 1000 })),
      at,
    });
    for (const mailboxId of Object.values(ids))
      await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at });
    return new Desk(journal, store.clock, ids);
  }

  get now(): EpochMs {
    return this.clock.now();
  }

  mailboxId(name: string): MailboxId {
    const id = this.ids[name];
    if (id === undefined) throw new Error(`no mailbox ${name}`);
    return id;
  }

  acceptance(options: MessageOptions): Acceptance {
    const bytes = Buffer.from(options.text);
    const recipients = (options.to ?? [{ mailbox: 'alice' }]).map(({ mailbox, path }) => ({
      forwardPath: path ?? `${mailbox}@example.com`,
      mailboxId: this.mailboxId(mailbox),
      mailbox,
      tag: null,
    }));
    return {
      envelope: { reversePath: 'sender@example.net', recipients, smtputf8: false, body: '7BIT' },
      arrival: {
        via: 'smtp',
        receivedAt: options.at ?? this.now,
        sessionId: 's1',
        clientAddress: '192.0.2.1',
        helo: 'mx.example.net',
        protocol: 'ESMTP',
        tls: null,
      },
      content: { kind: 'inline', chunks: [bytes], sizeBytes: bytes.length },
      exactFingerprint: sha256(bytes),
      lacksIdentity: options.lacksIdentity ?? false,
    };
  }

  accept(options: MessageOptions): Promise<JournalId> {
    return this.journal.accept(this.acceptance(options));
  }

  /** Takes the decision on every pending delivery of a message. */
  async identify(journalId: JournalId, options: IdentifyOptions = {}): Promise<readonly Decision[]> {
    const message = await this.journal.query('message', { journalId });
    if (message === null) throw new Error(`no message ${journalId}`);
    const at = this.now;
    await this.journal.advance('authenticated', {
      journalId,
      verdict: verdictOf(options),
      recheckAt: options.recheckAt ?? null,
      reassessed: [],
      at,
    });
    const { decisions } = await this.journal.advance('identify', {
      journalId,
      identity: {
        contentFingerprint: sha256(options.content ?? message.exactFingerprint),
        messageId: options.messageId === undefined ? `${journalId}@example.net` : options.messageId,
        legacyFingerprint: options.legacy ?? null,
        inReplyTo: options.inReplyTo ?? null,
        references: options.references ?? [],
        subject: 'Hello',
        automatic: null,
        from: 'sender@example.net',
      },
      targets: message.deliveries
        .filter((delivery) => delivery.state === 'pending')
        .map((delivery) => ({
          deliveryId: delivery.deliveryId,
          mode: options.mode ?? 'content',
          rank: options.rank ?? 'none',
          trusted: 'none',
          trustReason: null,
          baseId: options.baseId ?? '2026-11-24-200000-hello',
          hooks: options.hooks ?? [],
        })),
      windowMs: WINDOW_MS,
      at,
    });
    return decisions;
  }

  /** Takes a message all the way into its mailboxes. */
  async deliver(journalId: JournalId, options: IdentifyOptions = {}): Promise<readonly Decision[]> {
    const decisions = await this.identify(journalId, options);
    for (const decision of decisions) if (decision.kind === 'deliver') await this.place(decision);
    return decisions;
  }

  /** `reserved` → `staged` → `delivered`. */
  async place(decision: Extract<Decision, { kind: 'deliver' }>): Promise<void> {
    const { deliveryId } = decision.delivery;
    await this.journal.advance('staged', { deliveryId, at: this.now });
    await this.journal.advance('delivered', { deliveryId, at: this.now });
  }

  async send(
    text: string,
    options: IdentifyOptions & Partial<MessageOptions> = {},
  ): Promise<readonly Decision[]> {
    return this.deliver(await this.accept({ ...options, text }), options);
  }

  async claimRuns(limit: number = 10, limits: Partial<RunLimitsInput> = {}): Promise<readonly RunRow[]> {
    const { runs } = await this.journal.advance('claim-runs', {
      limit,
      limits: { perMailbox: {}, perMailboxDefault: 4, perHook: {}, ...limits },
      at: this.now,
    });
    return runs;
  }

  async start(run: RunRow): Promise<void> {
    const { runId, attempt } = run;
    await this.journal.advance('run-started', { runId, attempt, startedAt: this.now, pid: 1, at: this.now });
  }

  async end(run: RunRow, state: 'succeeded' | 'failed' | 'interrupted' = 'succeeded'): Promise<void> {
    await this.journal.advance('run-ended', {
      runId: run.runId,
      attempt: run.attempt,
      state,
      exitCode: state === 'failed' ? 1 : 0,
      signal: null,
      reason: null,
      at: this.now,
    });
  }
}

interface RunLimitsInput {
  readonly perMailboxDefault: number;
  readonly perHook: Readonly<Record<string, number>>;
}

export interface IdentifyOptions {
  /** What the content fingerprint is made of; the message's own bytes when absent. */
  readonly content?: string;
  readonly messageId?: string | null;
  readonly legacy?: string;
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  readonly mode?: DedupMode;
  readonly rank?: Rank;
  /** Whom the only From names; without it nobody has looked. */
  readonly author?: string;
  /** DNS has left it open, and is asked again then. */
  readonly recheckAt?: EpochMs;
  readonly baseId?: string;
  readonly hooks?: readonly HookPlan[];
}

function verdictOf({ recheckAt, author }: IdentifyOptions): Verdict {
  const verdict = recheckAt == null ? UNAUTHENTICATED : PROVISIONAL;
  if (author === undefined) return verdict;
  // Of what authentication has found, the journal looks at the author alone.
  const details = { author: { addresses: [author], count: 1, domain: null } };
  return { ...verdict, details: details as unknown as VerdictDetails };
}

/** A hook of a plan: due, unless `held` says why not. */
export function hook(
  name: string,
  options: { readonly ordinal?: number; readonly held?: string } = {},
): HookPlan {
  return { hook: name, event: 'on_receive', ordinal: options.ordinal ?? 0, held: options.held ?? null };
}

/** Moves wall time to a later moment without 35 days of timers. */
export function later(clock: SimulatedClock, ms: number): EpochMs {
  clock.advance(ms);
  return epochMs(clock.now());
}
