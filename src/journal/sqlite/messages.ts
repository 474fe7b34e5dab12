/**
 * Transitions of messages: from the log into the rows, through authentication, to their end; and
 * which message is handed out next.
 */

import type { DurableRecord } from '../log/writer.ts';
import type { MessageRow } from '../rows.ts';
import type { Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import type { Database } from './database.ts';
import { applySettlement } from './outgoing/settlement.ts';
import { decodeMessage, type StoredEnvelope } from './rows.ts';
import { NO_TIME, settleMessage } from './settle-message.ts';

/** A durable record on its way into the rows. */
export interface AppliedRecord extends DurableRecord {
  /** When its flush had returned; null where it is read back after a crash. */
  readonly durableAt: number | null;
}

/**
 * Takes durable records over, in order; those that the rows hold already are passed over.
 *
 * @returns The journal id up to which the rows hold the log. Where records are missing in between (a batch
 *   before this one found no room) nothing is taken over: what is passed over once is never asked for again.
 */
export function applyRecords(
  context: Context,
  records: readonly AppliedRecord[],
): { readonly appliedId: number } {
  const appliedId = Number(context.db.getMeta('applied_id') ?? 0);
  const fresh = records.filter((record) => record.journalId > appliedId);
  const last = fresh.at(-1);
  if (last === undefined || fresh[0]?.journalId !== appliedId + 1) return { appliedId };
  for (const record of fresh)
    if (record.kind === 'message') applyMessage(context, record);
    else applyEvidence(context, record);
  context.db.setMeta('applied_id', String(last.journalId));
  context.db.setMeta('applied_file', last.file);
  context.db.setMeta('applied_offset', String(last.endOffset));
  return { appliedId: last.journalId };
}

function applyMessage(context: Context, record: AppliedRecord): void {
  const { db } = context;
  const stored = JSON.parse(record.envelope) as StoredEnvelope;
  const { arrival, envelope } = stored;
  db.run(
    `INSERT INTO messages (journal_id, state, received_at, client_address, envelope, size_bytes, exact,
       lacks_identity, raw_file, raw_offset, ready_at) VALUES (?, 'accepted', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.journalId,
    arrival.receivedAt,
    arrival.clientAddress,
    record.envelope,
    stored.sizeBytes,
    record.contentSha256,
    stored.lacksIdentity ? 1 : 0,
    stored.spool ?? record.file,
    stored.spool === null ? record.contentOffset : 0,
    // Nobody is handed a submission before its rows say what it is.
    arrival.via === 'submission' ? NO_TIME : 0,
  );
  if (arrival.via === 'submission') return;
  const isWanted =
    stored.settles === undefined ||
    applySettlement(context, stored.settles, {
      journalId: record.journalId,
      at: record.durableAt ?? arrival.receivedAt,
    });
  if (isWanted) insertDeliveries(context, record.journalId, stored);
  trace(context, {
    at: record.durableAt ?? arrival.receivedAt,
    journalId: record.journalId,
    event: 'message.accepted',
    detail: {
      via: arrival.via,
      receivedAt: arrival.receivedAt,
      sessionId: arrival.sessionId,
      clientAddress: arrival.clientAddress,
      helo: arrival.helo,
      protocol: arrival.protocol,
      reversePath: envelope.reversePath,
      sizeBytes: stored.sizeBytes,
    },
  });
  settleMessage(context, record.journalId, arrival.receivedAt);
}

/** One delivery for each mailbox that its recipients lead to. */
function insertDeliveries({ db }: Context, journalId: number, { envelope, arrival }: StoredEnvelope): void {
  const byMailbox = new Map<string, { mailbox: string; deliveredTo: string[]; tag: string | null }>();
  for (const recipient of envelope.recipients) {
    const known = byMailbox.get(recipient.mailboxId);
    if (known === undefined)
      byMailbox.set(recipient.mailboxId, {
        mailbox: recipient.mailbox,
        deliveredTo: [recipient.forwardPath],
        tag: recipient.tag,
      });
    // A client may name one twice.
    else if (!known.deliveredTo.includes(recipient.forwardPath))
      known.deliveredTo.push(recipient.forwardPath);
  }
  for (const [mailboxId, { mailbox, deliveredTo, tag }] of byMailbox)
    db.run(
      `INSERT INTO deliveries (journal_id, origin_id, mailbox_id, mailbox, delivered_to, tag, state, received_at)
       VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)`,
      journalId,
      journalId,
      mailboxId,
      mailbox,
      JSON.stringify(deliveredTo),
      tag,
      arrival.receivedAt,
    );
}

function applyEvidence(context: Context, record: AppliedRecord): void {
  const { journalId, at } = JSON.parse(record.envelope) as { journalId: number; at: number };
  context.db.run('INSERT OR IGNORE INTO evidence VALUES (?, ?)', journalId, at);
  // A copy's evidence counts for the delivery that it was absorbed into.
  context.db.run(
    `UPDATE deliveries SET witnessed = 1 WHERE delivery_id IN
       (SELECT COALESCE(absorbed_into, delivery_id) FROM deliveries WHERE journal_id = ? AND state <> 'pending'
        UNION SELECT delivery_id FROM deliveries WHERE origin_id = ? AND origin_id IS NOT journal_id)`,
    journalId,
    journalId,
  );
  trace(context, { at, journalId, event: 'message.reply-seen' });
}

export function readAttempt(
  context: Context,
  input: Transitions['read-attempt']['in'],
): Transitions['read-attempt']['out'] {
  const row = context.db.get(
    'UPDATE messages SET read_attempts = read_attempts + 1 WHERE journal_id = ? RETURNING read_attempts',
    input.journalId,
  );
  const attempts = (row?.['read_attempts'] as number | undefined) ?? 0;
  if (attempts > 1)
    trace(context, {
      at: input.at,
      journalId: input.journalId,
      event: 'message.read-again',
      detail: { attempts },
    });
  return { attempts };
}

/**
 * New messages go before those that come back from a wait, which leave at least a quarter to those: an
 * outage of DNS must neither hold up what is new nor be waited for without end.
 */
function share<Row>(fresh: readonly Row[], waited: readonly Row[], limit: number): Row[] {
  const forWaited = Math.min(waited.length, Math.max(limit - fresh.length, Math.floor(limit / 4)));
  return [...fresh.slice(0, limit - forWaited), ...waited.slice(0, forWaited)];
}

/** Messages that are handed out and not given back, by journal id. */
export type Leases = Set<number>;

export function claimMessages(
  db: Database,
  folder: string,
  leases: Leases,
  request: { readonly limit: number; readonly at: number },
): { readonly messages: readonly MessageRow[]; readonly nextDueAt: number | null } {
  // Leased ones stay in the index, so as many more are read at most.
  const limit = request.limit + leases.size;
  const ready = db.all(
    "SELECT * FROM messages WHERE state <> 'done' AND ready_at = 0 ORDER BY journal_id LIMIT ?",
    limit,
  );
  const waited = db.all(
    "SELECT * FROM messages WHERE state <> 'done' AND ready_at > 0 AND ready_at <= ? ORDER BY ready_at LIMIT ?",
    request.at,
    limit,
  );
  const rows = share(
    ready.filter((row) => !leases.has(row['journal_id'] as number)),
    waited.filter((row) => !leases.has(row['journal_id'] as number)),
    request.limit,
  ).sort((a, b) => (a['journal_id'] as number) - (b['journal_id'] as number));
  // Before the leases: a row that cannot be read must not be leased to nobody.
  const messages = rows.map((row) => decodeMessage(db, folder, row));
  for (const { journalId } of messages) leases.add(journalId);
  const next = db.get(
    "SELECT MIN(ready_at) AS at FROM messages WHERE state <> 'done' AND ready_at > ? AND ready_at < ?",
    request.at,
    NO_TIME,
  );
  return {
    messages,
    nextDueAt: (next?.['at'] as number | null | undefined) ?? null,
  };
}

/** Submissions of a process that has ended: their senders were never answered, and will ask again. */
export function settleUnsubmitted({ db }: Context): void {
  db.run(
    "UPDATE messages SET state = 'done' WHERE state = 'accepted' AND ready_at = ? AND envelope ->> '$.arrival.via' = 'submission'",
    NO_TIME,
  );
}
