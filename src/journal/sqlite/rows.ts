/**
 * SQL rows as the journal's rows.
 */
import { join } from 'node:path';
import { UNAUTHENTICATED, type Verdict } from '../../authentication/verdict.ts';
import { AimxError } from '../../system/errors.ts';
import type { AcceptedEnvelope, Arrival, Settlement } from '../acceptance.ts';
import { toDeliveryId, toJournalId } from '../ids.ts';
import type { AbsorbedRow } from '../queries.ts';
import type { DeliveryRow, MessageRow, RunRow, TraceRow } from '../rows.ts';
import type { Database, SqlRow } from './database.ts';

/** What a log record's envelope holds as JSON. */
export interface StoredEnvelope {
  readonly envelope: AcceptedEnvelope;
  readonly arrival: Arrival;
  readonly lacksIdentity: boolean;
  readonly sizeBytes: number;
  /** File of a large message, relative to the journal's folder; null where the content is in the log. */
  readonly spool: string | null;
  readonly settles?: Settlement;
}

export function decodeDelivery(row: SqlRow): DeliveryRow {
  const waiting = row['waiting'] as string | null;
  return {
    deliveryId: toDeliveryId(row['delivery_id'] as number),
    journalId: toJournalId((row['journal_id'] as number | null) ?? 0),
    mailboxId: row['mailbox_id'] as DeliveryRow['mailboxId'],
    mailbox: row['mailbox'] as string,
    folder: row['folder'] as DeliveryRow['folder'],
    deliveredTo: JSON.parse(row['delivered_to'] as string) as string[],
    tag: row['tag'] as string | null,
    state: row['state'] as DeliveryRow['state'],
    id: row['id'] as string | null,
    sequence: row['sequence'] as number | null,
    threadId: row['thread_id'] as string | null,
    resembles: row['resembles'] as string | null,
    trusted: row['trusted'] as DeliveryRow['trusted'],
    trustReason: row['trust_reason'] as string | null,
    rank: row['rank'] as DeliveryRow['rank'],
    absorbedInto: row['absorbed_into'] === null ? null : toDeliveryId(row['absorbed_into'] as number),
    exchangeInode: row['exchange_inode'] as string | null,
    deliveredAt: row['delivered_at'] as DeliveryRow['deliveredAt'],
    waiting: waiting === null ? null : (JSON.parse(waiting) as DeliveryRow['waiting']),
  };
}

export function readDelivery(db: Database, deliveryId: number): DeliveryRow | null {
  const row = db.get('SELECT * FROM deliveries WHERE delivery_id = ?', deliveryId);
  return row === undefined ? null : decodeDelivery(row);
}

/** @throws AimxError `request.not-found`. */
export function requireDelivery(db: Database, deliveryId: number): DeliveryRow {
  const found = readDelivery(db, deliveryId);
  if (found === null) throw new AimxError('request.not-found', `There is no delivery ${deliveryId}`);
  return found;
}

/** The deliveries whose files are made from this message's bytes. */
export function deliveriesOf(db: Database, journalId: number): readonly DeliveryRow[] {
  return db
    .all('SELECT * FROM deliveries WHERE journal_id = ? ORDER BY delivery_id', journalId)
    .map(decodeDelivery);
}

/** Where the octets of a row of `messages`, or of one joined with it, lie. */
export function decodeRaw(folder: string, row: SqlRow): Pick<MessageRow, 'raw' | 'rawKept'> {
  const file = row['raw_file'] as string | null;
  return {
    raw: {
      path: file === null ? '' : join(folder, file),
      offset: row['raw_offset'] as number,
      sizeBytes: row['size_bytes'] as number,
      sha256: row['exact'] as string,
      encoding: row['raw_encoding'] as 'plain' | 'zstd',
    },
    rawKept: file !== null,
  };
}

export function decodeMessage(db: Database, folder: string, row: SqlRow): MessageRow {
  const journalId = toJournalId(row['journal_id'] as number);
  const stored = JSON.parse(row['envelope'] as string) as StoredEnvelope;
  const verdict = row['verdict'] as string | null;
  return {
    journalId,
    state: row['state'] as MessageRow['state'],
    envelope: stored.envelope,
    arrival: stored.arrival,
    sizeBytes: row['size_bytes'] as number,
    exactFingerprint: row['exact'] as string,
    lacksIdentity: row['lacks_identity'] === 1,
    ...decodeRaw(folder, row),
    // A row of an earlier version says less.
    verdict: verdict === null ? null : { ...UNAUTHENTICATED, ...(JSON.parse(verdict) as Partial<Verdict>) },
    recheckAt: row['recheck_at'] as MessageRow['recheckAt'],
    rechecks: row['rechecks'] as number,
    readAttempts: row['read_attempts'] as number,
    deliveries: deliveriesOf(db, journalId),
  };
}

export function readMessage(db: Database, folder: string, journalId: number): MessageRow | null {
  const row = db.get('SELECT * FROM messages WHERE journal_id = ?', journalId);
  return row === undefined ? null : decodeMessage(db, folder, row);
}

export function decodeRun(row: SqlRow): RunRow {
  return {
    runId: row['run_id'] as RunRow['runId'],
    deliveryId: toDeliveryId(row['delivery_id'] as number),
    mailboxId: row['mailbox_id'] as RunRow['mailboxId'],
    mailbox: row['mailbox'] as string,
    id: row['id'] as string,
    sequence: row['sequence'] as number,
    hook: row['hook'] as string,
    event: row['event'] as RunRow['event'],
    sendStatus: row['send_status'] === '' ? null : (row['send_status'] as RunRow['sendStatus']),
    ordinal: row['ordinal'] as number,
    generation: row['generation'] as number,
    attempt: row['attempt'] as number,
    state: row['state'] as RunRow['state'],
    reason: row['reason'] as string | null,
    exitCode: row['exit_code'] as number | null,
    signal: row['signal'] as string | null,
    dueAt: row['due_at'] as RunRow['dueAt'],
    startedAt: row['started_at'] as RunRow['startedAt'],
    endedAt: row['ended_at'] as RunRow['endedAt'],
  };
}

export function decodeTrace(row: SqlRow): TraceRow {
  return {
    at: row['at'] as TraceRow['at'],
    journalId: row['journal_id'] === null ? null : toJournalId(row['journal_id'] as number),
    deliveryId: row['delivery_id'] === null ? null : toDeliveryId(row['delivery_id'] as number),
    runId: row['run_id'] as TraceRow['runId'],
    event: row['event'] as string,
    detail: JSON.parse(row['detail'] as string) as Record<string, unknown>,
  };
}

/** Of a row of `absorbed` joined with the `id` of the delivery that holds the message, and when the copy came. */
export function decodeAbsorbed(row: SqlRow): AbsorbedRow {
  return {
    at: row['at'] as AbsorbedRow['at'],
    receivedAt: (row['received_at'] ?? row['at']) as AbsorbedRow['receivedAt'],
    journalId: toJournalId(row['journal_id'] as number),
    clientAddress: row['client_address'] as string | null,
    by: row['by'] as AbsorbedRow['by'],
    mailbox: row['mailbox'] as string,
    id: (row['id'] as string | null) ?? '',
    deliveredTo: JSON.parse(row['delivered_to'] as string) as string[],
  };
}
