/**
 * What somebody decides about messages that are on their way out.
 */
import { assertNever } from '../../../system/assert.ts';
import type { QueueId } from '../../ids.ts';
import type { OutgoingRow } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import type { Context } from '../context.ts';
import type { SqlValue } from '../database.ts';
import { withinMailboxes } from '../page.ts';
import { outgoingWhere } from './outgoing-rows.ts';
import { settleOutgoing, showAnew, traceOutgoing } from './settle-outgoing.ts';

type Input = Transitions['decide-outgoing']['in'];

export function decideOutgoing(context: Context, input: Input): Transitions['decide-outgoing']['out'] {
  const changed = concerned(context, input).filter((outgoing) => carryOut(context, input, outgoing));
  if (changed.length > 0) context.changed.add('outgoing');
  return { changed: changed.map(({ queueId }) => queueId) };
}

function concerned(context: Context, { filter }: Input): readonly OutgoingRow[] {
  const within = withinMailboxes(context.db, filter.mailboxes, 'o.mailbox_id');
  const named: { readonly sql: string; readonly values: readonly SqlValue[] } =
    filter.queueIds === undefined
      ? { sql: 'TRUE', values: [] }
      : {
          sql: 'o.queue_id IN (SELECT value FROM json_each(?))',
          values: [JSON.stringify(filter.queueIds)],
        };
  return outgoingWhere(
    context,
    `o.ended_at IS NULL AND ${within.sql} AND ${named.sql} ORDER BY o.journal_id`,
    ...within.values,
    ...named.values,
  );
}

/** @returns false where there was nothing to change. */
function carryOut(context: Context, input: Input, outgoing: OutgoingRow): boolean {
  switch (input.decision) {
    case 'hold':
      return hold(context, input, outgoing);
    case 'release':
      return release(context, input, outgoing);
    case 'retry':
      return retry(context, input, outgoing);
    case 'cancel':
      return cancel(context, input, outgoing);
    default:
      return assertNever(input.decision);
  }
}

function hold(context: Context, input: Input, outgoing: OutgoingRow): boolean {
  if (outgoing.held !== null) return false;
  holdOutgoing(context, outgoing, { reason: input.reason, by: input.by, at: input.at });
  return true;
}

/** Nothing of it is tried any more; what is behind its final dot at this moment ends as it ends. */
export function holdOutgoing(
  context: Context,
  outgoing: OutgoingRow,
  why: { readonly reason: string; readonly by: string; readonly at: number },
): void {
  const { db } = context;
  db.run('UPDATE outgoing SET held = ? WHERE queue_id = ?', why.reason, outgoing.queueId);
  db.run(
    "UPDATE outgoing_recipients SET next_at = NULL WHERE journal_id = ? AND state IN ('queued', 'deferred')",
    outgoing.journalId,
  );
  traceOutgoing(context, outgoing, {
    at: why.at,
    event: 'outgoing.held',
    detail: { reason: why.reason, by: why.by },
  });
  showAnew(context, outgoing, why.at);
}

function release(context: Context, input: Input, outgoing: OutgoingRow): boolean {
  const { db } = context;
  const { queueId, journalId, held } = outgoing;
  const code = held?.split(':')[0];
  if (held === null || (input.heldCode !== undefined && code !== input.heldCode)) return false;
  db.run(
    'UPDATE outgoing SET held = NULL, expires_at = max(expires_at, ?) WHERE queue_id = ?',
    input.expiresAt ?? 0,
    queueId,
  );
  dueNow(context, journalId, input.at);
  traceOutgoing(context, outgoing, {
    at: input.at,
    event: 'outgoing.released',
    detail: { by: input.by, reason: held },
  });
  showAnew(context, outgoing, input.at);
  return true;
}

function retry(context: Context, { by, at }: Input, outgoing: OutgoingRow): boolean {
  if (outgoing.held !== null || dueNow(context, outgoing.journalId, at) === 0) return false;
  traceOutgoing(context, outgoing, { at, event: 'outgoing.retry-asked', detail: { by } });
  return true;
}

function dueNow({ db }: Context, journalId: number, at: number): number {
  return db.run(
    "UPDATE outgoing_recipients SET next_at = ? WHERE journal_id = ? AND state IN ('queued', 'deferred')",
    at,
    journalId,
  );
}

function cancel(context: Context, input: Input, outgoing: OutgoingRow): boolean {
  const cancelled = context.db.run(
    `UPDATE outgoing_recipients SET state = 'cancelled', next_at = NULL, ended_at = ?
     WHERE journal_id = ? AND state IN ('queued', 'deferred')`,
    input.at,
    outgoing.journalId,
  );
  if (cancelled === 0) return false;
  traceOutgoing(context, outgoing, {
    at: input.at,
    event: 'outgoing.cancelled',
    detail: { by: input.by, reason: input.reason, recipients: cancelled },
  });
  settleOutgoing(context, outgoing.queueId, input.hooks?.[outgoing.mailbox] ?? [], input.at);
  return true;
}

/** After a restore the rows may call due what has left since: nothing leaves by itself (design §3.8). */
export function holdAll(context: Context, reason: string, at: number): readonly QueueId[] {
  const open = outgoingWhere(context, 'o.ended_at IS NULL ORDER BY o.journal_id');
  for (const outgoing of open) {
    // What was behind its dot may have arrived; it is held like the rest.
    context.db.run(
      "UPDATE outgoing_recipients SET state = 'deferred', doubts = doubts + 1 WHERE journal_id = ? AND state = 'transmitting'",
      outgoing.journalId,
    );
    holdOutgoing(context, outgoing, { reason, by: 'aimx', at });
  }
  if (open.length > 0) context.changed.add('outgoing');
  return open.map(({ queueId }) => queueId);
}
