/**
 * Which runs start next: oldest first within a mailbox, round robin between mailboxes, within limits.
 *
 * What it costs grows with the number of mailboxes that have something due, not with how much they
 * have: the next mailbox and its oldest runs are each one step in an index.
 */
import type { RunRow } from '../rows.ts';
import type { RunLimits, Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import type { Database } from './database.ts';
import { decodeRun } from './rows.ts';

/** Where the round goes on; kept as long as the process, since any beginning is fair. */
export interface Round {
  after: string;
}

type Input = Transitions['claim-runs']['in'];

export function claimRuns(context: Context, round: Round, input: Input): Transitions['claim-runs']['out'] {
  const { db } = context;
  openTimedGates(context, input.at);
  const chosen = chooseRuns(db, round, input);
  const runs = chosen.map((runKey) => claim(context, runKey, input.at));
  const next = db.get("SELECT MIN(due_at) AS at FROM runs WHERE state = 'due' AND gate = 1");
  return { runs, nextDueAt: (next?.['at'] ?? null) as Transitions['claim-runs']['out']['nextDueAt'] };
}

function openTimedGates({ db }: Context, at: number): void {
  db.run("UPDATE runs SET gate = 2 WHERE state = 'due' AND gate = 1 AND due_at <= ?", at);
}

interface Candidate {
  readonly runKey: number;
  readonly hook: string;
}

function chooseRuns(db: Database, round: Round, input: Input): readonly number[] {
  const open = countOpen(db);
  const queues: { readonly mailboxId: string; readonly candidates: Candidate[] }[] = [];
  for (const mailboxId of mailboxesInTurn(db, round)) {
    const limit =
      input.limits.perMailbox[mailboxId as keyof RunLimits['perMailbox']] ?? input.limits.perMailboxDefault;
    const free = limit - (open.byMailbox.get(mailboxId) ?? 0);
    if (free <= 0) continue;
    const candidates = oldestOf(
      db,
      mailboxId,
      Math.min(free, input.limit),
      fullHooks(input.limits, open.byHook),
    );
    if (candidates.length > 0) queues.push({ mailboxId, candidates });
    if (queues.length >= input.limit) break;
  }
  const chosen: number[] = [];
  // One of each mailbox in turn, until the limit or the end of all.
  while (chosen.length < input.limit && queues.some((queue) => queue.candidates.length > 0))
    for (const queue of queues) {
      const next = takeAllowed(queue.candidates, input.limits, open.byHook);
      if (next === null || chosen.length >= input.limit) continue;
      chosen.push(next.runKey);
      round.after = queue.mailboxId;
    }
  return chosen;
}

function takeAllowed(
  candidates: Candidate[],
  limits: RunLimits,
  byHook: Map<string, number>,
): Candidate | null {
  for (;;) {
    const next = candidates.shift();
    if (next === undefined) return null;
    const running = byHook.get(next.hook) ?? 0;
    const limit = limits.perHook[next.hook];
    if (limit !== undefined && running >= limit) continue;
    byHook.set(next.hook, running + 1);
    return next;
  }
}

function countOpen(db: Database): { byMailbox: Map<string, number>; byHook: Map<string, number> } {
  const byMailbox = new Map<string, number>();
  const byHook = new Map<string, number>();
  const rows = db.all(
    "SELECT mailbox_id, hook, COUNT(*) AS n FROM runs WHERE state IN ('claimed', 'running') GROUP BY mailbox_id, hook",
  );
  for (const row of rows) {
    const n = row['n'] as number;
    byMailbox.set(row['mailbox_id'] as string, (byMailbox.get(row['mailbox_id'] as string) ?? 0) + n);
    byHook.set(row['hook'] as string, (byHook.get(row['hook'] as string) ?? 0) + n);
  }
  return { byMailbox, byHook };
}

function fullHooks(limits: RunLimits, byHook: ReadonlyMap<string, number>): string {
  return JSON.stringify(
    Object.entries(limits.perHook)
      .filter(([hook, limit]) => (byHook.get(hook) ?? 0) >= limit)
      .map(([hook]) => hook),
  );
}

/** Mailboxes with something claimable, once each, from where the last round ended. */
function* mailboxesInTurn(db: Database, round: Round): Generator<string> {
  const next = (after: string): string | undefined =>
    db.get(
      `SELECT mailbox_id FROM runs WHERE state = 'due' AND gate = 2 AND mailbox_id > ?
       ORDER BY mailbox_id LIMIT 1`,
      after,
    )?.['mailbox_id'] as string | undefined;
  const start = round.after;
  for (let at = next(start); at !== undefined; at = next(at)) yield at;
  for (let at = next(''); at !== undefined && at <= start; at = next(at)) yield at;
}

/** A message that is still entering the mailbox comes before those behind it, unless it waits. */
function oldestOf(db: Database, mailboxId: string, limit: number, fullHooks: string): Candidate[] {
  return db
    .all(
      `SELECT run_key, hook FROM runs
       WHERE state = 'due' AND gate = 2 AND mailbox_id = ?1
         AND hook NOT IN (SELECT value FROM json_each(?2))
         AND sequence < COALESCE((SELECT MIN(sequence) FROM deliveries
           WHERE mailbox_id = ?1 AND state IN ('reserved', 'staged') AND waiting IS NULL), 9007199254740991)
       ORDER BY sequence, ordinal LIMIT ?3`,
      mailboxId,
      fullHooks,
      limit,
    )
    .map((row) => ({ runKey: row['run_key'] as number, hook: row['hook'] as string }));
}

function claim(context: Context, runKey: number, at: number): RunRow {
  const row = context.db.get(
    `UPDATE runs SET state = 'claimed', gate = 0, attempt = attempt + 1, started_at = NULL, ended_at = NULL,
       exit_code = NULL, signal = NULL, changed_at = ? WHERE run_key = ? RETURNING *`,
    at,
    runKey,
  );
  const run = decodeRun(row as NonNullable<typeof row>);
  trace(context, {
    at,
    deliveryId: run.deliveryId,
    runId: run.runId,
    event: 'run.claimed',
    detail: { hook: run.hook, attempt: run.attempt },
  });
  return run;
}
