/**
 * Every question to the rows, by name. They change nothing and see committed rows.
 */

import type { Page } from '../exchange.ts';
import { type DeliveryId, toMailboxId } from '../ids.ts';
import type { Queries } from '../queries.ts';
import type { DeliveryRow, MessageRow, RunRow, RunState } from '../rows.ts';
import type { Database } from './database.ts';
import { OUTGOING_QUERIES } from './outgoing/queries.ts';
import { type AnswersOf, PAGE_ROWS_MAX, page, withinMailboxes } from './page.ts';
import {
  decodeAbsorbed,
  decodeDelivery,
  decodeRun,
  decodeTrace,
  deliveriesOf,
  readDelivery,
  readMessage,
} from './rows.ts';
import { runsWhere } from './run-filter.ts';
import { readRun } from './runs.ts';

/** More with the same id or Message-ID is no answer that a person can use. */
const FOUND_MAX = 20;
/** A message with more lines than this has been retried for months; the newest are shown. */
const TRACE_ROWS_MAX = 2000;

export const QUERIES: AnswersOf<Queries> = {
  message: (db, folder, input) => readMessage(db, folder, input.journalId),
  delivery: (db, _folder, input) => readDelivery(db, input.deliveryId),
  find,
  trace: traceOf,
  runs,
  run: (db, _folder, input) => readRun(db, input.runId),
  'open-runs': (db) =>
    db.all("SELECT * FROM runs WHERE state IN ('claimed', 'running') ORDER BY run_key").map(decodeRun),
  absorbed,
  mailboxes,
  'legacy-pending': (db) =>
    db
      .all('SELECT mailbox_id FROM mailboxes WHERE active = 1 AND legacy_pending = 1')
      .map((row) => toMailboxId(row['mailbox_id'] as string)),
  progress,
  ...OUTGOING_QUERIES,
};

/** Answers one question. */
export function answer<Kind extends keyof Queries>(
  db: Database,
  folder: string,
  kind: Kind,
  input: Queries[Kind]['in'],
): Queries[Kind]['out'] {
  return QUERIES[kind](db, folder, input);
}

/** Absorbed copies, each with the id of the message that holds it and the time at which it came. */
const ABSORBED = `SELECT a.*, d.id, m.received_at FROM absorbed a
  JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.journal_id = a.journal_id`;

function find(db: Database, folder: string, input: Queries['find']['in']): Queries['find']['out'] {
  const within = withinMailboxes(db, input.mailboxes, 'd.mailbox_id');
  const found: { delivery: DeliveryRow; message: MessageRow }[] = [];
  const rows = db.all(
    `SELECT d.* FROM deliveries d WHERE d.journal_id IS NOT NULL AND ${within.sql} AND d.delivery_id IN
       (SELECT delivery_id FROM deliveries WHERE id = ? UNION SELECT delivery_id FROM deliveries WHERE message_id = ?)
     ORDER BY d.delivery_id DESC LIMIT ?`,
    ...within.values,
    input.reference,
    input.reference,
    FOUND_MAX,
  );
  for (const row of rows) {
    const message = readMessage(db, folder, row['journal_id'] as number);
    if (message !== null) found.push({ delivery: decodeDelivery(row), message });
  }
  return found;
}

function traceOf(db: Database, _folder: string, input: Queries['trace']['in']): Queries['trace']['out'] {
  const delivery = db.get(
    'SELECT journal_id, origin_id, absorbed_count, mailbox_id, message_id FROM deliveries WHERE delivery_id = ?',
    input.deliveryId,
  );
  if (delivery === undefined) return { rows: [], absorbed: [], absorbedCount: 0, sameMessageId: [] };
  const rows = db.all(
    `SELECT * FROM (
       SELECT * FROM trace WHERE delivery_id = ?
       UNION ALL SELECT * FROM trace WHERE delivery_id IS NULL AND journal_id IN (?, ?)
     ) ORDER BY trace_id DESC LIMIT ?`,
    input.deliveryId,
    delivery['journal_id'] as number | null,
    delivery['origin_id'] as number | null,
    TRACE_ROWS_MAX,
  );
  return {
    rows: rows.map(decodeTrace).reverse(),
    absorbed: db
      .all(
        `${ABSORBED}
         WHERE a.delivery_id = ? ORDER BY a.absorbed_id`,
        input.deliveryId,
      )
      .map(decodeAbsorbed),
    absorbedCount: delivery['absorbed_count'] as number,
    sameMessageId: db
      .all(
        `SELECT id FROM deliveries WHERE message_id = ? AND mailbox_id = ? AND delivery_id <> ? AND id IS NOT NULL
           AND folder = 'inbox'
         ORDER BY delivery_id LIMIT ?`,
        delivery['message_id'] as string | null,
        delivery['mailbox_id'] as string,
        input.deliveryId,
        FOUND_MAX,
      )
      .map((row) => row['id'] as string),
  };
}

function runs(db: Database, _folder: string, input: Queries['runs']['in']): Page<RunRow> {
  const where = runsWhere(db, input.filter, input.deliveryId);
  // A range and no pattern, so that the index of run_id serves; `g` follows every hex digit.
  const { runIdPrefix: prefix } = input;
  const named = prefix === undefined ? [] : [prefix, `${prefix}g`];
  const isNamed = prefix === undefined ? 'TRUE' : 'run_id >= ? AND run_id < ?';
  return page(input, 'run_key', decodeRun, (before, limit) =>
    db.all(
      `SELECT * FROM runs WHERE ${where.sql} AND ${isNamed} AND run_key < ? ORDER BY run_key DESC LIMIT ?`,
      ...where.values,
      ...named,
      before,
      limit,
    ),
  );
}

function absorbed(
  db: Database,
  _folder: string,
  input: Queries['absorbed']['in'],
): Queries['absorbed']['out'] {
  const within = withinMailboxes(db, input.mailboxes, 'a.mailbox_id');
  return page(input, 'absorbed_id', decodeAbsorbed, (before, limit) =>
    db.all(
      `${ABSORBED}
       WHERE ${within.sql} AND a.absorbed_id < ? ORDER BY a.absorbed_id DESC LIMIT ?`,
      ...within.values,
      before,
      limit,
    ),
  );
}

function mailboxes(
  db: Database,
  _folder: string,
  input: Queries['mailboxes']['in'],
): Queries['mailboxes']['out'] {
  const within = withinMailboxes(db, input.mailboxes, 'mailbox_id');
  const rows = db.all(
    `SELECT mailbox_id, name FROM mailboxes WHERE active = 1 AND ${within.sql} ORDER BY name`,
    ...within.values,
  );
  return rows.map((row) => {
    const mailboxId = toMailboxId(row['mailbox_id'] as string);
    const tally = db.all('SELECT kind, state, n FROM tally WHERE mailbox_id = ? AND n > 0', mailboxId);
    const count = (states: readonly string[]): number =>
      tally
        .filter((line) => line['kind'] === 'delivery' && states.includes(line['state'] as string))
        .reduce((sum, line) => sum + (line['n'] as number), 0);
    const waiting = db
      .all(
        'SELECT * FROM deliveries WHERE mailbox_id = ? AND waiting IS NOT NULL LIMIT ?',
        mailboxId,
        PAGE_ROWS_MAX,
      )
      .map(decodeDelivery);
    return {
      mailboxId,
      mailbox: row['name'] as string,
      delivered: count(['delivered', 'promoting', 'exchanging']),
      pending: count(['pending', 'reserved', 'staged', 'promoting', 'exchanging']),
      waiting: waiting.flatMap((delivery) =>
        delivery.waiting === null ? [] : [{ deliveryId: delivery.deliveryId, waiting: delivery.waiting }],
      ),
      runs: Object.fromEntries(
        tally
          .filter((line) => line['kind'] === 'run')
          .map((line) => [line['state'] as RunState, line['n'] as number]),
      ),
    };
  });
}

function progress(
  db: Database,
  _folder: string,
  input: Queries['progress']['in'],
): Queries['progress']['out'] {
  const moved = db.all(
    'SELECT * FROM deliveries WHERE origin_id = ? AND origin_id IS NOT journal_id',
    input.journalId,
  );
  const deliveries = [...deliveriesOf(db, input.journalId), ...moved.map(decodeDelivery)];
  const ids = deliveries.map((delivery): DeliveryId => delivery.deliveryId);
  return {
    deliveries,
    runs: db
      .all(
        'SELECT * FROM runs WHERE delivery_id IN (SELECT value FROM json_each(?)) ORDER BY run_key',
        JSON.stringify(ids),
      )
      .map(decodeRun),
  };
}
