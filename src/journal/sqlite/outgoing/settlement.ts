/**
 * A record of the log that settles something of the outgoing mail, in the transaction that takes it into
 * the rows: a crash between the record and whoever wanted it cannot hand anything over twice.
 */
import { assertNever } from '../../../system/assert.ts';
import type { Settlement } from '../../acceptance.ts';
import type { OutgoingRow } from '../../outgoing.ts';
import type { Context } from '../context.ts';
import { outgoingWhere } from './outgoing-rows.ts';
import { settleOutgoing, traceOutgoing } from './settle-outgoing.ts';

interface Record {
  readonly journalId: number;
  readonly at: number;
}

/** @returns false where it was settled before, or decided otherwise: the record is then kept and not delivered. */
export function applySettlement(context: Context, settles: Settlement, record: Record): boolean {
  const [outgoing] = outgoingWhere(context, 'o.queue_id = ?', settles.queueId);
  if (outgoing === undefined) return false;
  switch (settles.purpose) {
    case 'local':
      return deliverHere(context, outgoing, settles, record);
    case 'report':
    case 'warning':
      return report(context, outgoing, settles, record);
    default:
      return assertNever(settles.purpose);
  }
}

function deliverHere(context: Context, outgoing: OutgoingRow, settles: Settlement, record: Record): boolean {
  const changed = context.db.all(
    `UPDATE outgoing_recipients SET state = 'delivered', attempts = attempts + 1, next_at = NULL, last_attempt_at = ?1,
       reply = 'Delivered on this host', status = '2.1.5', ended_at = ?1
     WHERE recipient_id IN (SELECT value FROM json_each(?2)) AND journal_id = ?3 AND ended_at IS NULL
     RETURNING address`,
    record.at,
    JSON.stringify(settles.recipientIds),
    outgoing.journalId,
  );
  if (changed.length === 0) return false;
  traceOutgoing(context, outgoing, {
    at: record.at,
    event: 'outgoing.attempted',
    detail: {
      domain: outgoing.recipients.find(({ isLocal }) => isLocal)?.domain ?? '',
      remote: null,
      tls: null,
      stage: 'local',
      startedAt: record.at,
      journalId: record.journalId,
      results: changed.map((row) => ({
        address: row['address'],
        outcome: 'delivered',
        reply: 'Delivered on this host',
        status: '2.1.5',
        nextAt: null,
      })),
    },
  });
  settleOutgoing(context, outgoing.queueId, settles.hooks, record.at);
  return true;
}

function report(context: Context, outgoing: OutgoingRow, settles: Settlement, record: Record): boolean {
  const changed =
    settles.purpose === 'report'
      ? context.db.run(
          `UPDATE outgoing_recipients SET reported = 1 WHERE recipient_id IN (SELECT value FROM json_each(?))
             AND journal_id = ? AND state = 'failed' AND reported = 0`,
          JSON.stringify(settles.recipientIds),
          outgoing.journalId,
        )
      : context.db.run(
          'UPDATE outgoing SET warned_at = ? WHERE queue_id = ? AND warned_at IS NULL AND ended_at IS NULL',
          record.at,
          outgoing.queueId,
        );
  if (changed === 0) return false;
  traceOutgoing(context, outgoing, {
    at: record.at,
    event: 'outgoing.reported',
    detail: { purpose: settles.purpose, reportJournalId: record.journalId },
  });
  context.changed.add('outgoing');
  return true;
}
