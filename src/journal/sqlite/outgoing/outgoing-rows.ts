/**
 * SQL rows as outgoing mail, and the status that all of a message's recipients make.
 */
import { AimxError } from '../../../system/errors.ts';
import { toDeliveryId, toJournalId, toMailboxId, toQueueId, toRunId } from '../../ids.ts';
import {
  type DeliveryStatus,
  FINAL_RECIPIENT_STATES,
  type OutgoingRecipient,
  type OutgoingRow,
  type RecipientState,
} from '../../outgoing.ts';
import type { Context } from '../context.ts';
import type { Database, SqlRow, SqlValue } from '../database.ts';
import { decodeRaw } from '../rows.ts';

/** An outgoing row with what the message and its sent copy add to it. */
const JOINED = `SELECT o.*, d.id, m.size_bytes, m.exact, m.raw_file, m.raw_offset, m.raw_encoding FROM outgoing o
  JOIN deliveries d ON d.delivery_id = o.delivery_id JOIN messages m ON m.journal_id = o.journal_id`;

/** What a condition on `o`, on its sent copy `d` or on its message `m` selects, for {@link decodeOutgoing}. */
export function selectOutgoing(
  db: Database,
  condition: string,
  ...values: readonly SqlValue[]
): readonly SqlRow[] {
  return db.all(`${JOINED} WHERE ${condition}`, ...values);
}

/** The outgoing rows that such a condition selects. */
export function outgoingWhere(
  { db, folder }: Pick<Context, 'db' | 'folder'>,
  condition: string,
  ...values: readonly SqlValue[]
): readonly OutgoingRow[] {
  return selectOutgoing(db, condition, ...values).map((row) => decodeOutgoing(db, folder, row));
}

/** @throws AimxError `request.not-found`. */
export function requireOutgoing(context: Pick<Context, 'db' | 'folder'>, queueId: string): OutgoingRow {
  const [found] = outgoingWhere(context, 'o.queue_id = ?', queueId);
  if (found === undefined)
    throw new AimxError('request.not-found', `There is no message "${queueId}" in the queue`);
  return found;
}

export function decodeOutgoing(db: Database, folder: string, row: SqlRow): OutgoingRow {
  const journalId = toJournalId(row['journal_id'] as number);
  const recipients = recipientsOf(db, journalId);
  const runId = row['run_id'] as string | null;
  return {
    queueId: toQueueId(row['queue_id'] as string),
    journalId,
    deliveryId: toDeliveryId(row['delivery_id'] as number),
    mailboxId: toMailboxId(row['mailbox_id'] as string),
    mailbox: row['mailbox'] as string,
    id: row['id'] as string,
    messageId: row['message_id'] as string,
    threadId: row['thread_id'] as string,
    from: row['sender'] as string,
    subject: row['subject'] as string,
    reversePath: row['reverse_path'] as string,
    smtputf8: row['smtputf8'] === 1,
    format: row['format'] as OutgoingRow['format'],
    sizeBytes: row['size_bytes'] as number,
    ...decodeRaw(folder, row),
    held: row['held'] as string | null,
    by: row['submitted_by'] as string,
    runId: runId === null ? null : toRunId(runId),
    submittedAt: row['submitted_at'] as OutgoingRow['submittedAt'],
    expiresAt: row['expires_at'] as OutgoingRow['expiresAt'],
    endedAt: row['ended_at'] as OutgoingRow['endedAt'],
    status: statusOf(recipients.map(({ state }) => state)),
    version: row['version'] as number,
    recipients,
  };
}

function recipientsOf(db: Database, journalId: number): readonly OutgoingRecipient[] {
  return db
    .all('SELECT * FROM outgoing_recipients WHERE journal_id = ? ORDER BY recipient_id', journalId)
    .map(decodeRecipient);
}

function decodeRecipient(row: SqlRow): OutgoingRecipient {
  return {
    recipientId: row['recipient_id'] as number,
    address: row['address'] as string,
    field: row['field'] as OutgoingRecipient['field'],
    domain: row['domain'] as string,
    isLocal: row['is_local'] === 1,
    state: row['state'] as RecipientState,
    attempts: row['attempts'] as number,
    doubts: row['doubts'] as number,
    nextAt: row['next_at'] as OutgoingRecipient['nextAt'],
    lastAttemptAt: row['last_attempt_at'] as OutgoingRecipient['lastAttemptAt'],
    reply: row['reply'] as string | null,
    status: row['status'] as string | null,
    remote: row['remote'] as string | null,
    tls: row['tls'] as string | null,
    endedAt: row['ended_at'] as OutgoingRecipient['endedAt'],
    answer: row['answer'] as string | null,
  };
}

/** One that failed makes the message failed once all have ended; until then one that is late makes it deferred. */
export function statusOf(states: readonly RecipientState[]): DeliveryStatus {
  if (states.every((state) => FINAL_RECIPIENT_STATES.includes(state)))
    return states.every((state) => state === 'delivered') ? 'delivered' : 'failed';
  return states.includes('deferred') ? 'deferred' : 'pending';
}

/** As addresses are compared: a domain has no case (RFC 5321 §2.4), and no server of today has local parts that differ by it. */
export function addressKey(address: string): string {
  return address.normalize('NFC').toLowerCase();
}
