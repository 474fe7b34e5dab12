/**
 * Every question about outgoing mail.
 */
import type { OutgoingQueries, OutgoingRow } from '../../outgoing.ts';
import type { Database, SqlValue } from '../database.ts';
import { type AnswersOf, page, withinMailboxes } from '../page.ts';
import { readDelivery, readMessage } from '../rows.ts';
import { readRun } from '../runs.ts';
import { decodeOutgoing, outgoingWhere, selectOutgoing } from './outgoing-rows.ts';

export const OUTGOING_QUERIES: AnswersOf<OutgoingQueries> = {
  outgoing: (db, folder, { queueId }) => first({ db, folder }, 'o.queue_id = ?', queueId),
  'outgoing-of': (db, folder, { deliveryId }) => first({ db, folder }, 'o.delivery_id = ?', deliveryId),
  'outgoing-list': list,
  'reports-due': reportsDue,
  'run-occasion': runOccasion,
  'outgoing-counts': counts,
};

type In<Kind extends keyof OutgoingQueries> = OutgoingQueries[Kind]['in'];
type Out<Kind extends keyof OutgoingQueries> = OutgoingQueries[Kind]['out'];

function first(
  world: { readonly db: Database; readonly folder: string },
  condition: string,
  value: string | number,
): OutgoingRow | null {
  return outgoingWhere(world, condition, value)[0] ?? null;
}

const ONLY = {
  open: 'o.ended_at IS NULL',
  held: 'o.held IS NOT NULL',
  failed:
    "o.ended_at IS NOT NULL AND EXISTS (SELECT 1 FROM outgoing_recipients r WHERE r.journal_id = o.journal_id AND r.state IN ('failed', 'cancelled'))",
} as const;

function list(db: Database, folder: string, input: In<'outgoing-list'>): Out<'outgoing-list'> {
  const within = withinMailboxes(db, input.mailboxes, 'o.mailbox_id');
  const only = input.only === undefined ? 'TRUE' : ONLY[input.only];
  const { reference } = input;
  // A range and no pattern, so that the index of queue_id serves; `g` follows every hex digit.
  const named: { readonly sql: string; readonly values: readonly SqlValue[] } =
    reference === undefined
      ? { sql: 'TRUE', values: [] }
      : {
          sql: '((o.queue_id >= ? AND o.queue_id < ?) OR o.message_id = ? OR d.id = ?)',
          values: [reference, `${reference}g`, reference, reference],
        };
  return page(
    input,
    'journal_id',
    (row) => decodeOutgoing(db, folder, row),
    (before, limit) =>
      selectOutgoing(
        db,
        `${within.sql} AND ${only} AND ${named.sql} AND o.journal_id < ? ORDER BY o.journal_id DESC LIMIT ?`,
        ...within.values,
        ...named.values,
        before,
        limit,
      ),
  );
}

function reportsDue(db: Database, folder: string, input: In<'reports-due'>): Out<'reports-due'> {
  const failed = outgoingWhere(
    { db, folder },
    `o.journal_id IN (SELECT DISTINCT journal_id FROM outgoing_recipients WHERE state = 'failed' AND reported = 0 LIMIT ?)
     ORDER BY o.journal_id`,
    input.limit,
  );
  const late = outgoingWhere(
    { db, folder },
    `o.ended_at IS NULL AND o.warned_at IS NULL AND o.held IS NULL AND o.submitted_at <= ?
     ORDER BY o.submitted_at LIMIT ?`,
    input.lateBefore,
    input.limit,
  );
  const waiting = db.get(
    `SELECT MIN(submitted_at) AS at FROM outgoing
     WHERE ended_at IS NULL AND warned_at IS NULL AND held IS NULL AND submitted_at > ?`,
    input.lateBefore,
  );
  const unreported = new Set(
    db
      .all("SELECT recipient_id FROM outgoing_recipients WHERE state = 'failed' AND reported = 0")
      .map((row) => row['recipient_id'] as number),
  );
  return {
    reports: [
      ...failed.map((outgoing) => ({
        outgoing,
        purpose: 'report' as const,
        recipientIds: outgoing.recipients
          .filter(({ recipientId }) => unreported.has(recipientId))
          .map(({ recipientId }) => recipientId),
      })),
      ...late.map((outgoing) => ({
        outgoing,
        purpose: 'warning' as const,
        recipientIds: outgoing.recipients
          .filter(({ endedAt }) => endedAt === null)
          .map(({ recipientId }) => recipientId),
      })),
    ],
    oldestWaitingAt: (waiting?.['at'] ?? null) as Out<'reports-due'>['oldestWaitingAt'],
  };
}

function runOccasion(db: Database, folder: string, { runId }: In<'run-occasion'>): Out<'run-occasion'> {
  const run = readRun(db, runId);
  const delivery = run === null ? null : readDelivery(db, run.deliveryId);
  if (run === null || delivery === null) return null;
  const row = db.get('SELECT sender, automatic FROM deliveries WHERE delivery_id = ?', run.deliveryId);
  return {
    run,
    delivery,
    message: readMessage(db, folder, delivery.journalId),
    automatic: (row?.['automatic'] as string | null | undefined) ?? null,
    from: (row?.['sender'] as string | null | undefined) ?? '',
  };
}

function counts(db: Database, _folder: string, { mailboxes }: In<'outgoing-counts'>): Out<'outgoing-counts'> {
  const within = withinMailboxes(db, mailboxes, 'mailbox_id');
  return db
    .all(
      `SELECT mailbox, COUNT(*) AS open, COUNT(held) AS held FROM outgoing
       WHERE ended_at IS NULL AND ${within.sql} GROUP BY mailbox ORDER BY mailbox`,
      ...within.values,
    )
    .map((row) => ({
      mailbox: row['mailbox'] as string,
      open: row['open'] as number,
      held: row['held'] as number,
    }));
}
