/** When a message is worth looking at again, and its end: what follows from every change of a delivery. */
import { type Context, trace } from './context.ts';

/** `ready_at` of a message that waits for an event and not for a time. */
export const NO_TIME = 9_000_000_000_000_000;

/**
 * Ends a message whose deliveries have all ended, or says when it is worth looking at again.
 * Called after every change of one of its deliveries.
 */
export function settleMessage(context: Context, journalId: number, at: number): void {
  const { db } = context;
  const open = db.all(
    `SELECT d.state, d.next_at, COALESCE(m.legacy_pending, 0) AS legacy
     FROM deliveries d LEFT JOIN mailboxes m ON m.mailbox_id = d.mailbox_id
     WHERE d.journal_id = ? AND d.state NOT IN ('delivered', 'absorbed')`,
    journalId,
  );
  const row = db.get('SELECT recheck_at FROM messages WHERE journal_id = ?', journalId);
  const recheckAt = (row?.['recheck_at'] as number | null | undefined) ?? null;
  context.changed.add('messages');
  if (open.length === 0 && recheckAt === null) {
    const ended = db.run(
      "UPDATE messages SET state = 'done' WHERE journal_id = ? AND state <> 'done'",
      journalId,
    );
    if (ended > 0) trace(context, { at, journalId, event: 'message.done' });
    return;
  }
  // A mailbox that is being read in holds up its own delivery and not those of others.
  const movable = open.filter((row) => row['legacy'] !== 1 || row['state'] !== 'pending');
  // What is half-way into a mailbox gets there first, with the answer that it was decided by.
  const isHalfWay = open.some((row) => row['state'] !== 'pending');
  const readyAt = Math.min(
    isHalfWay ? NO_TIME : (recheckAt ?? NO_TIME),
    ...movable.map((row) => (row['next_at'] as number | null) ?? 0),
    NO_TIME,
  );
  // A promotion brings a message back that had ended with its own delivery.
  db.run(
    `UPDATE messages SET ready_at = ?, state = CASE state WHEN 'done' THEN 'authenticated' ELSE state END
     WHERE journal_id = ?`,
    readyAt,
    journalId,
  );
}
