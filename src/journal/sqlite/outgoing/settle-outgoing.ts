/**
 * What follows from every change of a message's recipients: its end, `after_send`, and a sent copy that
 * shows it.
 */
import type { HookPlan } from '../../hook-plan.ts';
import type { OutgoingRow } from '../../outgoing.ts';
import type { SendStatus } from '../../rows.ts';
import { type Context, trace } from '../context.ts';
import { requireDelivery } from '../rows.ts';
import { insertRuns } from '../run-plan.ts';
import { settleMessage } from '../settle-message.ts';
import { requireOutgoing } from './outgoing-rows.ts';

/**
 * Called after every change of a recipient.
 *
 * @param hooks The mailbox's `after_send` hooks: told once of a deferral, and once when the last is final.
 */
export function settleOutgoing(
  context: Context,
  queueId: string,
  hooks: readonly HookPlan[],
  at: number,
): OutgoingRow {
  const { db } = context;
  const outgoing = requireOutgoing(context, queueId);
  const { status } = outgoing;
  if (outgoing.endedAt === null && (status === 'delivered' || status === 'failed')) {
    db.run('UPDATE outgoing SET ended_at = ?, held = NULL WHERE queue_id = ?', at, queueId);
    traceOutgoing(context, outgoing, { at, event: 'outgoing.ended', detail: { status } });
    tell(context, outgoing, status, hooks, at);
  } else if (status === 'deferred') {
    const first = db.run(
      'UPDATE outgoing SET deferral_told = 1 WHERE queue_id = ? AND deferral_told = 0',
      queueId,
    );
    if (first > 0) tell(context, outgoing, 'deferred', hooks, at);
  }
  showAnew(context, outgoing, at);
  context.changed.add('outgoing');
  return requireOutgoing(context, queueId);
}

/** The sent copy shows what has become of the message: it is made anew once it stands. */
export function showAnew(context: Context, { queueId, deliveryId }: OutgoingRow, at: number): void {
  context.db.run('UPDATE outgoing SET version = version + 1 WHERE queue_id = ?', queueId);
  remakeCopy(context, deliveryId, at);
}

/** Has a sent copy that stands made anew where it shows less than the rows know. Harmless at any time. */
export function remakeCopy(context: Context, deliveryId: number, at: number): void {
  const { db } = context;
  const row = db.get(
    `SELECT d.state, o.journal_id FROM outgoing o JOIN deliveries d ON d.delivery_id = o.delivery_id
     JOIN messages m ON m.journal_id = o.journal_id
     WHERE o.delivery_id = ? AND d.state = 'delivered' AND o.shown_version < o.version AND m.raw_file IS NOT NULL`,
    deliveryId,
  );
  if (row === undefined) return;
  db.run(
    "UPDATE deliveries SET state = 'promoting', exchange_inode = NULL WHERE delivery_id = ?",
    deliveryId,
  );
  // Hooks must not start on the old file while it is being replaced.
  db.run("UPDATE runs SET gate = 0 WHERE delivery_id = ? AND state = 'due'", deliveryId);
  settleMessage(context, row['journal_id'] as number, at);
}

/** Which version of the rows a staged sent copy shows. */
export function noteShown(context: Context, deliveryId: number, version: number | undefined): void {
  if (version === undefined) return;
  context.db.run(
    'UPDATE outgoing SET shown_version = max(shown_version, ?) WHERE delivery_id = ?',
    version,
    deliveryId,
  );
}

/** One line in the life of a message of ours: it is told with its sent copy. */
export function traceOutgoing(
  context: Context,
  { journalId, deliveryId }: Pick<OutgoingRow, 'journalId' | 'deliveryId'>,
  line: {
    readonly at: number;
    readonly event: string;
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly runId?: string | null;
  },
): void {
  trace(context, { ...line, journalId, deliveryId });
}

function tell(
  context: Context,
  outgoing: OutgoingRow,
  sendStatus: SendStatus,
  hooks: readonly HookPlan[],
  at: number,
): void {
  if (hooks.length === 0) return;
  insertRuns(context, {
    delivery: requireDelivery(context.db, outgoing.deliveryId),
    plans: hooks.filter(({ event }) => event === 'after_send'),
    restored: false,
    sendStatus,
    at,
  });
}
