/**
 * Transitions that belong to no single message: epochs and deletion by age.
 */
import { toRunId } from '../ids.ts';
import type { Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import { holdAll } from './outgoing/decisions.ts';
import { CALLER_KEY_MS } from './outgoing/send-keys.ts';
import { openGate, RESTORED } from './run-plan.ts';

/**
 * After a restore nothing that is not final goes on by itself: what the rows call due may have started
 * in the time that the backup does not know.
 */
export function beginEpoch(
  context: Context,
  input: Transitions['begin-epoch']['in'],
): Transitions['begin-epoch']['out'] {
  const { db } = context;
  if (db.getMeta('epoch') === input.epoch) return { held: 0 };
  const reason = `${RESTORED}: ${input.reason}`;
  const rows = db.all(
    `UPDATE runs SET state = 'held', gate = 0, reason = ?, changed_at = ?
     WHERE state IN ('due', 'held', 'claimed', 'running') RETURNING run_id, delivery_id`,
    reason,
    input.at,
  );
  for (const row of rows)
    trace(context, {
      at: input.at,
      deliveryId: row['delivery_id'] as number,
      runId: row['run_id'] as string,
      event: 'run.held',
      detail: { reason },
    });
  // The hooks of what is accepted and not decided do not exist yet; they will be held too.
  db.run("UPDATE messages SET restored = 1 WHERE state <> 'done'");
  const outgoing = holdAll(context, reason, input.at);
  // Files that are newer than the rows are read in before a duplicate is judged.
  db.run('UPDATE mailboxes SET legacy_pending = 1 WHERE active = 1');
  db.setMeta('epoch', input.epoch);
  const held = rows.length + outgoing.length;
  trace(context, { at: input.at, event: 'epoch.begun', detail: { reason: input.reason, held } });
  context.changed.add('runs');
  return { held };
}

export function sweep(context: Context, input: Transitions['sweep']['in']): Transitions['sweep']['out'] {
  const { db } = context;
  const fingerprints = db.run(
    `DELETE FROM fingerprints WHERE (mailbox_id, kind, hash) IN
       (SELECT mailbox_id, kind, hash FROM fingerprints WHERE kept = 0 AND received_at < ? LIMIT ?)`,
    input.fingerprintsBefore,
    input.limit,
  );
  const expired = db.all(
    `UPDATE runs SET state = 'cancelled', reason = 'expired: Nobody released it in time', ended_at = ?1,
       changed_at = ?1
     WHERE run_key IN (SELECT run_key FROM runs WHERE state = 'held' AND changed_at < ?2 LIMIT ?3)
     RETURNING run_id, delivery_id`,
    input.at,
    input.heldBefore,
    input.limit,
  );
  for (const row of expired)
    trace(context, {
      at: input.at,
      deliveryId: row['delivery_id'] as number,
      runId: row['run_id'] as string,
      event: 'run.expired',
    });
  for (const deliveryId of new Set(expired.map((row) => row['delivery_id'] as number)))
    openGate(context, deliveryId, input.at);
  db.run(
    `DELETE FROM send_keys WHERE (scope, key) IN
       (SELECT scope, key FROM send_keys WHERE content_hash IS NOT NULL AND at < ? LIMIT ?)`,
    input.at - CALLER_KEY_MS,
    input.limit,
  );
  return {
    more: fingerprints === input.limit || expired.length === input.limit,
    expiredRuns: expired.map((row) => toRunId(row['run_id'] as string)),
  };
}
