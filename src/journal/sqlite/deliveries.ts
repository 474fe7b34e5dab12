/**
 * Transitions of deliveries: on their way into a mailbox, in exchange for a better copy, waiting.
 */
import { AimxError } from '../../system/errors.ts';
import type { DeliveryRow, DeliveryState } from '../rows.ts';
import type { Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import { reserveId } from './ids.ts';
import { noteShown, remakeCopy } from './outgoing/settle-outgoing.ts';
import { requireDelivery } from './rows.ts';
import { openGate, RESTORED, replayReason } from './run-plan.ts';
import { settleMessage } from './settle-message.ts';

/**
 * Whether a transition is still to be made: false where it was made before, so that asking again after
 * a crash is harmless.
 */
function isToBeMade(
  delivery: DeliveryRow,
  states: { readonly from: readonly DeliveryState[]; readonly madeBefore: readonly DeliveryState[] },
): boolean {
  if (states.from.includes(delivery.state)) return true;
  if (states.madeBefore.includes(delivery.state)) return false;
  throw new AimxError(
    'request.conflict',
    `Cannot move delivery ${delivery.deliveryId}: current state is ${delivery.state}`,
    { detail: { deliveryId: delivery.deliveryId, state: delivery.state } },
  );
}

/**
 * A reading that ended, or that an obstacle stopped, is no death of the reader: counted on, the message's
 * next mailbox, next name or next try would get it unread.
 */
function forgetReadAttempts({ db }: Context, journalId: number | null): void {
  db.run('UPDATE messages SET read_attempts = 0 WHERE journal_id = ? AND read_attempts > 0', journalId);
}

export function staged(context: Context, input: Transitions['staged']['in']): void {
  const delivery = requireDelivery(context.db, input.deliveryId);
  if (
    !isToBeMade(delivery, {
      from: ['reserved'],
      madeBefore: ['staged', 'delivered', 'promoting', 'exchanging'],
    })
  )
    return;
  context.db.run("UPDATE deliveries SET state = 'staged' WHERE delivery_id = ?", input.deliveryId);
  noteShown(context, input.deliveryId, input.shownVersion);
  forgetReadAttempts(context, delivery.journalId);
  trace(context, {
    at: input.at,
    deliveryId: input.deliveryId,
    journalId: delivery.journalId,
    event: 'delivery.staged',
  });
}

export function idTaken(
  context: Context,
  input: Transitions['id-taken']['in'],
): Transitions['id-taken']['out'] {
  const { db } = context;
  const delivery = requireDelivery(db, input.deliveryId);
  isToBeMade(delivery, { from: ['staged', 'reserved'], madeBefore: [] });
  const row = db.get('SELECT base_id FROM deliveries WHERE delivery_id = ?', input.deliveryId);
  const { id, suffix } = reserveId(db, delivery.mailboxId, row?.['base_id'] as string);
  db.run(
    "UPDATE deliveries SET state = 'reserved', id = ?, suffix = ? WHERE delivery_id = ?",
    id,
    suffix,
    input.deliveryId,
  );
  db.run('UPDATE runs SET id = ? WHERE delivery_id = ?', id, input.deliveryId);
  trace(context, {
    ...input,
    journalId: delivery.journalId,
    event: 'delivery.id-taken',
    detail: { taken: delivery.id, id },
  });
  return { id };
}

export function delivered(context: Context, input: Transitions['delivered']['in']): void {
  const { db } = context;
  const { deliveryId, at } = input;
  const delivery = requireDelivery(db, deliveryId);
  if (!isToBeMade(delivery, { from: ['staged'], madeBefore: ['delivered', 'promoting', 'exchanging'] }))
    return;
  stand(context, deliveryId, at);
  trace(context, {
    at,
    journalId: delivery.journalId,
    deliveryId,
    event: 'delivery.delivered',
    detail: { id: delivery.id },
  });
  remakeCopy(context, deliveryId, at);
  openGate(context, deliveryId, at);
  settleMessage(context, delivery.journalId, at);
  wakeWaiting(context, deliveryId, at);
}

export function exchanging(context: Context, input: Transitions['exchanging']['in']): void {
  const delivery = requireDelivery(context.db, input.deliveryId);
  if (!isToBeMade(delivery, { from: ['promoting'], madeBefore: ['exchanging', 'delivered'] })) return;
  context.db.run(
    "UPDATE deliveries SET state = 'exchanging', exchange_inode = ? WHERE delivery_id = ?",
    input.inode,
    input.deliveryId,
  );
  noteShown(context, input.deliveryId, input.shownVersion);
  forgetReadAttempts(context, delivery.journalId);
  if (delivery.folder === 'inbox')
    trace(context, {
      at: input.at,
      journalId: delivery.journalId,
      deliveryId: input.deliveryId,
      event: 'delivery.exchanging',
    });
}

export function promoted(context: Context, input: Transitions['promoted']['in']): void {
  const { db } = context;
  const { deliveryId, at } = input;
  const delivery = requireDelivery(db, deliveryId);
  if (!isToBeMade(delivery, { from: ['promoting', 'exchanging'], madeBefore: ['delivered'] })) return;
  stand(context, deliveryId, at);
  noteShown(context, deliveryId, input.shownVersion);
  const by = replacedBy(context, deliveryId);
  // What became of a message of ours is told by its own lines.
  if (delivery.folder === 'inbox')
    trace(context, {
      at,
      journalId: delivery.journalId,
      deliveryId,
      event: 'delivery.promoted',
      detail: { outcome: input.outcome, id: delivery.id, by },
    });
  for (const plan of input.hooks) {
    const held = plan.held ?? replayReason(context, deliveryId, plan);
    const released = db.all(
      `UPDATE runs SET state = CASE WHEN ?1 IS NULL THEN 'due' ELSE 'held' END, reason = ?1, changed_at = ?2
       WHERE delivery_id = ?3 AND hook = ?4 AND event = ?5 AND state = 'held' AND reason NOT LIKE '${RESTORED}:%'
         AND reason IS NOT ?1 RETURNING run_id`,
      held,
      at,
      deliveryId,
      plan.hook,
      plan.event,
    );
    for (const row of released)
      trace(context, {
        at,
        deliveryId,
        runId: row['run_id'] as string,
        event: held === null ? 'run.released' : 'run.held',
        detail: held === null ? { by } : { reason: held },
      });
  }
  remakeCopy(context, deliveryId, at);
  openGate(context, deliveryId, at);
  settleMessage(context, delivery.journalId, at);
  wakeWaiting(context, deliveryId, at);
}

/** What a file was made anew for: a better copy, or a later answer about the same one. */
function replacedBy({ db }: Context, deliveryId: number): 'promotion' | 'verification' {
  const last = db.get(
    `SELECT event FROM trace WHERE delivery_id = ? AND event IN ('delivery.promoting', 'delivery.reassessed')
     ORDER BY trace_id DESC LIMIT 1`,
    deliveryId,
  );
  return last?.['event'] === 'delivery.reassessed' ? 'verification' : 'promotion';
}

export function waiting(context: Context, input: Transitions['waiting']['in']): void {
  const { db } = context;
  const delivery = requireDelivery(db, input.deliveryId);
  db.run(
    'UPDATE deliveries SET waiting = ?, next_at = ?, waits_for = NULL WHERE delivery_id = ?',
    input.waiting === null ? null : JSON.stringify(input.waiting),
    input.waiting?.nextAt ?? null,
    input.deliveryId,
  );
  if (input.waiting !== null) forgetReadAttempts(context, delivery.journalId);
  // A wait of days is one line when it begins and one when its reason changes.
  if (delivery.waiting?.code !== input.waiting?.code)
    trace(context, {
      at: input.at,
      journalId: delivery.journalId,
      deliveryId: input.deliveryId,
      event: input.waiting === null ? 'delivery.goes-on' : 'delivery.waiting',
      detail:
        input.waiting === null
          ? {}
          : { code: input.waiting.code, reason: input.waiting.reason, hint: input.waiting.hint },
    });
  settleMessage(context, delivery.journalId, input.at);
}

export function forgetFingerprints(
  context: Context,
  input: Transitions['forget-fingerprints']['in'],
): Transitions['forget-fingerprints']['out'] {
  const { db } = context;
  const forgotten = db.run('DELETE FROM fingerprints WHERE delivery_id = ?', input.deliveryId);
  db.run('UPDATE deliveries SET forgotten = 1 WHERE delivery_id = ?', input.deliveryId);
  if (forgotten > 0)
    trace(context, {
      at: input.at,
      deliveryId: input.deliveryId,
      event: 'fingerprints.forgotten',
      detail: { by: input.by, forgotten },
    });
  return { forgotten };
}

function stand({ db }: Context, deliveryId: number, at: number): void {
  db.run(
    `UPDATE deliveries SET state = 'delivered', delivered_at = COALESCE(delivered_at, ?), waiting = NULL,
       next_at = NULL, exchange_inode = NULL WHERE delivery_id = ?`,
    at,
    deliveryId,
  );
}

/** Copies that waited for this delivery to stand are decided now. */
function wakeWaiting(context: Context, deliveryId: number, at: number): void {
  const woken = context.db.all(
    `UPDATE deliveries SET waiting = NULL, next_at = NULL, waits_for = NULL WHERE waits_for = ?
     RETURNING journal_id`,
    deliveryId,
  );
  for (const row of woken) settleMessage(context, row['journal_id'] as number, at);
}
