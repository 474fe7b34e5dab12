/**
 * Transitions of one run, and of those that a person picks out.
 */
import { AimxError } from '../../system/errors.ts';
import { type RunId, toRunId } from '../ids.ts';
import { FINAL_RUN_STATES, type RunRow, type RunState } from '../rows.ts';
import type { Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import type { Database, SqlValue } from './database.ts';
import { decodeRun } from './rows.ts';
import { runsWhere } from './run-filter.ts';
import { openGate, replayReason } from './run-plan.ts';

export function readRun(db: Database, runId: string): RunRow | null {
  const row = db.get('SELECT * FROM runs WHERE run_id = ?', runId);
  return row === undefined ? null : decodeRun(row);
}

/** @throws AimxError `request.not-found`. */
function requireRun(db: Database, runId: string): RunRow {
  const run = readRun(db, runId);
  if (run === null) throw new AimxError('request.not-found', `There is no run "${runId}"`);
  return run;
}

export function runStarted(context: Context, input: Transitions['run-started']['in']): void {
  const { db } = context;
  const run = requireRun(db, input.runId);
  const changed = db.run(
    `UPDATE runs SET state = 'running', started_at = ?, changed_at = ?
     WHERE run_id = ? AND attempt = ? AND state = 'claimed'`,
    input.startedAt,
    input.at,
    input.runId,
    input.attempt,
  );
  if (changed === 0) return;
  // A message that has started something is recognised as long as its mailbox lives.
  db.run('UPDATE fingerprints SET kept = 1 WHERE delivery_id = ?', run.deliveryId);
  trace(context, {
    at: input.startedAt,
    deliveryId: run.deliveryId,
    runId: input.runId,
    event: 'run.started',
    detail: { hook: run.hook, attempt: input.attempt, pid: input.pid },
  });
  context.changed.add('runs');
}

export function runEnded(context: Context, input: Transitions['run-ended']['in']): void {
  const { db } = context;
  const run = requireRun(db, input.runId);
  const endedAt = input.endedAt ?? input.at;
  const changed = db.run(
    `UPDATE runs SET state = ?, exit_code = ?, signal = ?, reason = ?, ended_at = ?, changed_at = ?
     WHERE run_id = ? AND attempt = ? AND state IN ('claimed', 'running')`,
    input.state,
    input.exitCode,
    input.signal,
    input.reason,
    endedAt,
    input.at,
    input.runId,
    input.attempt,
  );
  if (changed === 0) return;
  // Its start may never have been seen: a run that ended by itself or was cut short had begun.
  if (input.state !== 'cancelled')
    db.run('UPDATE fingerprints SET kept = 1 WHERE delivery_id = ?', run.deliveryId);
  trace(context, {
    at: endedAt,
    deliveryId: run.deliveryId,
    runId: input.runId,
    event: `run.${input.state}`,
    detail: {
      hook: run.hook,
      attempt: input.attempt,
      exitCode: input.exitCode,
      signal: input.signal,
      reason: input.reason,
    },
  });
  openGate(context, run.deliveryId, input.at);
}

export function runAgain(context: Context, input: Transitions['run-again']['in']): void {
  const { db } = context;
  const run = requireRun(db, input.runId);
  const changed = db.run(
    `UPDATE runs SET state = 'due', gate = 0, due_at = ?, reason = ?, attempt = attempt - ?, started_at = NULL,
       changed_at = ? WHERE run_id = ? AND attempt = ? AND state IN ('claimed', 'running')`,
    input.dueAt,
    input.reason,
    // An attempt without a mark is launched again under its number: the mark decides between the two.
    input.started ? 0 : 1,
    input.at,
    input.runId,
    input.attempt,
  );
  if (changed === 0) return;
  trace(context, {
    at: input.at,
    deliveryId: run.deliveryId,
    runId: input.runId,
    event: 'run.again',
    detail: { hook: run.hook, attempt: input.attempt, dueAt: input.dueAt, reason: input.reason },
  });
  openGate(context, run.deliveryId, input.at);
}

export function releaseRuns(
  context: Context,
  input: Transitions['release-runs']['in'],
): Transitions['release-runs']['out'] {
  if (input.oncePerLetter !== true) return { released: release(context, input) };
  const { sql, values } = runsWhere(context.db, { ...input.filter, states: ['held'] });
  const held = context.db.all(`SELECT * FROM runs WHERE ${sql} ORDER BY delivery_id, ordinal`, ...values);
  const released: RunId[] = [];
  // One after the other: the second copy of a letter is held because the first was released.
  for (const run of held.map(decodeRun))
    if (!staysHeld(context, run, input))
      released.push(...release(context, { ...input, filter: { runIds: [run.runId] } }));
  return { released };
}

function staysHeld(context: Context, run: RunRow, input: Transitions['release-runs']['in']): boolean {
  const { hook, event, deliveryId, runId } = run;
  const reason = replayReason(context, deliveryId, { hook, event, oncePerLetter: true });
  if (reason === null) return false;
  context.db.run('UPDATE runs SET reason = ?, changed_at = ? WHERE run_id = ?', reason, input.at, runId);
  trace(context, { at: input.at, deliveryId, runId, event: 'run.held', detail: { reason } });
  return true;
}

function release(context: Context, input: Transitions['release-runs']['in']): readonly RunId[] {
  return moveRuns(context, input, {
    from: ['held'],
    set: "state = 'due', gate = 0, reason = NULL, due_at = ?",
    values: [input.at],
    event: 'run.released',
    detail: { by: input.by },
  });
}

export function cancelRuns(
  context: Context,
  input: Transitions['cancel-runs']['in'],
): Transitions['cancel-runs']['out'] {
  const cancelled = moveRuns(context, input, {
    from: ['due', 'held', 'interrupted'],
    set: "state = 'cancelled', gate = 0, reason = ?, ended_at = ?",
    values: [input.reason, input.at],
    event: 'run.cancelled',
    detail: { by: input.by, reason: input.reason },
  });
  return { cancelled };
}

interface Move {
  readonly from: readonly RunState[];
  readonly set: string;
  readonly values: readonly SqlValue[];
  readonly event: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

function moveRuns(
  context: Context,
  input: { readonly filter: Transitions['release-runs']['in']['filter']; readonly at: number },
  move: Move,
): readonly RunId[] {
  const { db } = context;
  const states = move.from.filter((state) => input.filter.states?.includes(state) ?? true);
  if (states.length === 0) return [];
  const where = runsWhere(db, { ...input.filter, states });
  const moved = db.all(
    `UPDATE runs SET ${move.set}, changed_at = ? WHERE ${where.sql} RETURNING run_id, delivery_id, hook`,
    ...move.values,
    input.at,
    ...where.values,
  );
  for (const row of moved)
    trace(context, {
      at: input.at,
      deliveryId: row['delivery_id'] as number,
      runId: row['run_id'] as string,
      event: move.event,
      detail: { hook: row['hook'], ...move.detail },
    });
  for (const deliveryId of new Set(moved.map((row) => row['delivery_id'] as number)))
    openGate(context, deliveryId, input.at);
  return moved.map((row) => toRunId(row['run_id'] as string));
}

export function replayRun(
  context: Context,
  input: Transitions['replay-run']['in'],
): Transitions['replay-run']['out'] {
  const { db } = context;
  const known = readRun(db, input.newRunId);
  if (known !== null) return { run: known };
  const run = requireRun(db, input.runId);
  if (!FINAL_RUN_STATES.includes(run.state))
    throw new AimxError(
      'request.conflict',
      `Cannot replay run "${run.runId}": current state is ${run.state}`,
      {
        hint: 'Wait for its end, or cancel it first',
        detail: { state: run.state },
      },
    );
  db.run(
    `INSERT INTO runs (run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, send_status, ordinal,
       generation, state, due_at, changed_at)
     SELECT ?1, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, send_status, ordinal,
       (SELECT MAX(generation) + 1 FROM runs o
        WHERE o.delivery_id = r.delivery_id AND o.hook = r.hook AND o.event = r.event
          AND o.send_status = r.send_status), 'due', ?2, ?2
     FROM runs r WHERE run_id = ?3`,
    input.newRunId,
    input.at,
    input.runId,
  );
  trace(context, {
    at: input.at,
    deliveryId: run.deliveryId,
    runId: input.newRunId,
    event: 'run.replayed',
    detail: { hook: run.hook, of: run.runId, by: input.by },
  });
  openGate(context, run.deliveryId, input.at);
  return { run: requireRun(db, input.newRunId) };
}
