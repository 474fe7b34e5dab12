/** `mailboxes list|show`: the caller's mailboxes and how they stand. */
import type { MailboxConfig } from '../config/config.ts';
import type { MailboxStatus, Page, Queries, RunRow } from '../journal/journal.ts';
import { formatInstant } from '../system/clock.ts';
import { mayAll, maySee, ownMailbox, ownMailboxes } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { PAGE_MAX } from './page.ts';

/** Counts are null where the journal cannot be read. */
export interface MailboxView {
  readonly name: string;
  readonly address: string;
  readonly aliases: readonly string[];
  /** Null: the daemon's user. */
  readonly owner: string | null;
  readonly trust: string;
  readonly hooks: number;
  readonly delivered: number | null;
  readonly pending: number | null;
  readonly waiting: number | null;
  readonly runs_held: number | null;
  readonly runs_interrupted: number | null;
  /** Messages that it sends and that are on their way, held ones too. */
  readonly outgoing: number | null;
  /** Those that wait for somebody. */
  readonly outgoing_held: number | null;
  readonly path: string;
}

type QueueCount = Queries['outgoing-counts']['out'][number];

/** What the journal knows of one mailbox; nothing where it does not know it yet, or cannot be read. */
interface Standing {
  readonly status?: MailboxStatus;
  readonly queue?: QueueCount;
}

function viewMailbox(
  context: OperationContext,
  mailbox: MailboxConfig,
  { status, queue }: Standing = {},
): MailboxView {
  const count = (value: number | undefined): number | null =>
    status === undefined ? (context.rows === null ? null : 0) : (value ?? 0);
  return {
    name: mailbox.name,
    address: mailbox.address,
    aliases: mailbox.aliases,
    owner: mailbox.owner,
    trust: mailbox.trust,
    hooks: mailbox.hooks.length,
    delivered: count(status?.delivered),
    pending: count(status?.pending),
    waiting: count(status?.waiting.length),
    runs_held: count(status?.runs.held),
    runs_interrupted: count(status?.runs.interrupted),
    outgoing: context.rows === null ? null : (queue?.open ?? 0),
    outgoing_held: context.rows === null ? null : (queue?.held ?? 0),
    path: `${context.dataDir}/inbox/${mailbox.name}`,
  };
}

async function standings(
  context: OperationContext,
  mailboxes: readonly MailboxConfig[],
): Promise<ReadonlyMap<string, Standing>> {
  if (context.rows === null || mailboxes.length === 0) return new Map();
  const names = { mailboxes: mailboxes.map(({ name }) => name) };
  const [rows, counts] = await Promise.all([
    context.rows.query('mailboxes', names),
    context.rows.query('outgoing-counts', names),
  ]);
  const queues = new Map(counts.map((queue) => [queue.mailbox, queue]));
  const ids = context.mailboxIds;
  const present = rows.filter(
    (row) => maySee(context, row) && (ids === null || ids[row.mailbox] === row.mailboxId),
  );
  return new Map(
    present.map((status) => {
      const queue = queues.get(status.mailbox);
      return [status.mailbox, { status, ...(queue === undefined ? {} : { queue }) }];
    }),
  );
}

export interface MailboxesListOutput {
  readonly mailboxes: readonly MailboxView[];
}

export const mailboxesList: CallOperation<Record<string, never>, MailboxesListOutput> = {
  kind: 'call',
  summary: 'Lists the mailboxes that you may use.',
  who: 'owner',
  errors: ['config.missing'],
  changes: false,
  async run(_input, context) {
    const mailboxes = ownMailboxes(context);
    const known = await standings(context, mailboxes);
    return { mailboxes: mailboxes.map((mailbox) => viewMailbox(context, mailbox, known.get(mailbox.name))) };
  },
};

export interface MailboxesShowInput {
  readonly mailbox: string;
}

export interface MailboxesShowOutput {
  readonly mailbox: MailboxView;
  readonly trusted_senders: readonly string[];
  readonly trust_spf: boolean;
  readonly require_addressed: boolean;
  readonly dedup: string;
  /** Messages that cannot be delivered yet, with the reason and what to do. */
  readonly waiting: readonly {
    readonly delivery_id: number;
    readonly code: string;
    readonly reason: string;
    readonly hint: string;
    readonly next_at: string;
  }[];
  /** How many runs are in each state. */
  readonly runs: Readonly<Record<string, number>>;
  /** Why runs are held, the most frequent first; of the newest {@link HELD_LOOKED_AT_MAX}. */
  readonly held: readonly HeldCount[];
}

export interface HeldCount {
  /** What stands before the colon of their reasons. */
  readonly code: string;
  readonly runs: number;
  /** Of the newest of them. */
  readonly run_id: string;
  readonly id: string;
  readonly reason: string;
}

/** More are only counted as held: whoever has so many looks for the reason in the newest. */
const HELD_LOOKED_AT_MAX = 2 * PAGE_MAX;

/** The reason of a run that is held without one, which none is. */
const NO_REASON = 'held: nobody said why';

async function heldCounts(context: OperationContext, mailbox: string): Promise<readonly HeldCount[]> {
  if (context.rows === null) return [];
  const counts = new Map<string, HeldCount>();
  let cursor: string | null = null;
  for (let looked = 0; looked < HELD_LOOKED_AT_MAX; looked += PAGE_MAX) {
    const page: Page<RunRow> = await context.rows.query('runs', {
      filter: { mailboxes: [mailbox], states: ['held'] },
      limit: PAGE_MAX,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const run of page.rows.filter((row) => maySee(context, row))) {
      const { reason, runId, id } = { ...run, reason: run.reason ?? NO_REASON };
      const code = reason.slice(0, reason.indexOf(':'));
      const known = counts.get(code);
      // Newest first, so the first of a code is the newest.
      counts.set(code, { ...(known ?? { code, run_id: runId, id, reason }), runs: (known?.runs ?? 0) + 1 });
    }
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return [...counts.values()].sort((a, b) => b.runs - a.runs);
}

export const mailboxesShow: CallOperation<MailboxesShowInput, MailboxesShowOutput> = {
  kind: 'call',
  summary: 'Shows one mailbox: its settings, what waits in it and why.',
  who: 'owner',
  errors: ['request.not-found', 'config.missing'],
  changes: false,
  async run(input, context) {
    const mailbox = ownMailbox(context, input.mailbox);
    const standing = (await standings(context, [mailbox])).get(mailbox.name);
    const status = standing?.status;
    return {
      mailbox: viewMailbox(context, mailbox, standing),
      trusted_senders: mailbox.trustedSenders,
      trust_spf: mailbox.trustSpf,
      require_addressed: mailbox.requireAddressed,
      dedup: mailbox.dedupMode,
      waiting: (status?.waiting ?? []).map(({ deliveryId, waiting }) => ({
        delivery_id: deliveryId,
        code: waiting.code,
        reason: waiting.reason,
        hint: waiting.hint,
        next_at: formatInstant(waiting.nextAt),
      })),
      runs: { ...status?.runs },
      held: (status?.runs.held ?? 0) === 0 ? [] : await heldCounts(context, mailbox.name),
    };
  },
};

export interface AttentionOutput {
  readonly held: number;
  readonly interrupted: number;
  /** Messages of ours that go nowhere until somebody decides. */
  readonly outgoing_held: number;
  /** Messages that cannot be delivered yet, by mailbox. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** How many runs and messages of ours wait for a decision, and what mail waits; shown at the foot of `list` and `mailboxes list`. */
export const attention: CallOperation<Record<string, never>, AttentionOutput> = {
  kind: 'call',
  summary: 'Counts the runs and messages that wait for a decision, and those that cannot be delivered yet.',
  who: 'owner',
  errors: ['daemon.unreachable'],
  changes: false,
  async run(_input, context) {
    if (context.rows === null) return { held: 0, interrupted: 0, outgoing_held: 0, waiting: {} };
    const scope = mayAll(context) ? {} : { mailboxes: ownMailboxes(context).map(({ name }) => name) };
    const [all, queues] = await Promise.all([
      context.rows.query('mailboxes', scope),
      context.rows.query('outgoing-counts', scope),
    ]);
    const rows = all.filter((row) => maySee(context, row));
    const names = new Set(rows.map(({ mailbox }) => mailbox));
    const outgoingHeld = queues
      .filter(({ mailbox }) => names.has(mailbox))
      .reduce((total, { held }) => total + held, 0);
    const sum = (state: 'held' | 'interrupted'): number =>
      rows.reduce((total, row) => total + (row.runs[state] ?? 0), 0);
    const waiting = Object.fromEntries(
      rows.filter((row) => row.waiting.length > 0).map((row) => [row.mailbox, row.waiting.length]),
    );
    return {
      held: sum('held'),
      interrupted: sum('interrupted'),
      outgoing_held: outgoingHeld,
      waiting,
    };
  },
};
