/**
 * What a decision of the identify step does to the rows.
 */
import { AimxError } from '../../system/errors.ts';
import { type DeliveryId, toDeliveryId } from '../ids.ts';
import type { DeliveryRow } from '../rows.ts';
import type { Decision, IdentifyTarget, Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import type { SqlRow } from './database.ts';
import type { MatchedBy } from './decide.ts';
import { reserveId } from './ids.ts';
import { requireDelivery } from './rows.ts';
import { insertRuns } from './run-plan.ts';
import { decideThread } from './thread.ts';

/** Absorbed copies of one message with a row each; a sender that repeats for ever is counted beyond. */
const ABSORBED_ROWS_MAX = 100;
/** A copy that waits for another one is looked at again after this at the latest; its end comes earlier. */
const WAIT_MS = 60_000;

export type IdentifyInput = Transitions['identify']['in'];

/** The message whose deliveries are decided. */
export interface IdentifiedMessage {
  readonly receivedAt: number;
  readonly exact: string;
  readonly lacksIdentity: boolean;
  readonly restored: boolean;
  readonly clientAddress: string | null;
  /** When authentication is asked for again; null where its answer is final. */
  readonly recheckAt: number | null;
}

/** The delivery that holds the same message, and by what it was found. */
export interface Match {
  readonly by: MatchedBy;
  readonly delivery: SqlRow;
}

/** A message of its own: it gets its place, its id, its thread, its fingerprints and its runs. */
export function reserve(
  context: Context,
  input: IdentifyInput,
  message: IdentifiedMessage,
  delivery: DeliveryRow,
  target: IdentifyTarget,
  takeOver: boolean,
): Decision {
  const { db } = context;
  const { identity, at } = input;
  const mailbox = db.get(
    'UPDATE mailboxes SET next_sequence = next_sequence + 1 WHERE mailbox_id = ? RETURNING next_sequence - 1 AS sequence',
    delivery.mailboxId,
  );
  if (mailbox === undefined)
    throw new AimxError(
      'request.not-found',
      `There is no mailbox ${delivery.mailboxId} ("${delivery.mailbox}")`,
    );
  const resembles =
    identity.messageId === null
      ? undefined
      : db.get(
          `SELECT id FROM deliveries WHERE message_id = ? AND mailbox_id = ? AND id IS NOT NULL AND folder = 'inbox'
           ORDER BY delivery_id DESC LIMIT 1`,
          identity.messageId,
          delivery.mailboxId,
        );
  const { id, suffix } = reserveId(db, delivery.mailboxId, target.baseId);
  db.run(
    `UPDATE deliveries SET state = 'reserved', id = ?, base_id = ?, suffix = ?, sequence = ?, thread_id = ?,
       message_id = ?, resembles = ?, trusted = ?, trust_reason = ?, rank = ?, waiting = NULL, next_at = NULL,
       waits_for = NULL, sender = ?, automatic = ?, witnessed = EXISTS (SELECT 1 FROM evidence WHERE journal_id = ?)
     WHERE delivery_id = ?`,
    id,
    target.baseId,
    suffix,
    mailbox['sequence'] as number,
    decideThread(db, delivery.mailboxId, identity),
    identity.messageId,
    (resembles?.['id'] as string | undefined) ?? null,
    target.trusted,
    target.trustReason,
    target.rank,
    identity.from,
    identity.automatic,
    input.journalId,
    delivery.deliveryId,
  );
  keepFingerprints(context, input, message, delivery, delivery.deliveryId);
  const reserved = requireDelivery(db, delivery.deliveryId);
  trace(context, {
    at,
    journalId: input.journalId,
    deliveryId: delivery.deliveryId,
    event: 'delivery.reserved',
    detail: {
      id,
      mailbox: delivery.mailbox,
      sequence: reserved.sequence,
      threadId: reserved.threadId,
      trusted: target.trusted,
      trustReason: target.trustReason,
      rank: target.rank,
      ...(reserved.resembles === null ? {} : { resembles: reserved.resembles }),
      ...(takeOver ? { sameBytesSentOnPurpose: true } : {}),
    },
  });
  insertRuns(context, { delivery: reserved, plans: target.hooks, restored: message.restored, at });
  return { kind: 'deliver', delivery: reserved };
}

/** The newest message of a fingerprint is the one that later copies are compared with. */
function keepFingerprints(
  { db }: Context,
  input: IdentifyInput,
  message: IdentifiedMessage,
  delivery: DeliveryRow,
  holder: DeliveryId,
): void {
  for (const [kind, hash] of [
    ['exact', message.exact],
    ['content', input.identity.contentFingerprint],
  ] as const)
    db.run(
      `INSERT INTO fingerprints (mailbox_id, kind, hash, delivery_id, received_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET delivery_id = excluded.delivery_id, received_at = excluded.received_at`,
      delivery.mailboxId,
      kind,
      hash,
      holder,
      message.receivedAt,
    );
}

/** The mailbox holds it already: a row says so, and the bytes are needed by nobody. */
export function absorb(
  context: Context,
  input: IdentifyInput,
  message: IdentifiedMessage,
  delivery: DeliveryRow,
  match: Match,
): Decision {
  const { db } = context;
  const into = toDeliveryId(match.delivery['delivery_id'] as number);
  db.run(
    `UPDATE deliveries SET state = 'absorbed', absorbed_into = ?, absorbed_by = ?, waiting = NULL, next_at = NULL,
       waits_for = NULL WHERE delivery_id = ?`,
    into,
    match.by,
    delivery.deliveryId,
  );
  const holder = db.get(
    `UPDATE deliveries SET absorbed_count = absorbed_count + 1,
       witnessed = witnessed OR EXISTS (SELECT 1 FROM evidence WHERE journal_id = ?)
     WHERE delivery_id = ? RETURNING absorbed_count, id`,
    input.journalId,
    into,
  );
  if ((holder?.['absorbed_count'] as number) <= ABSORBED_ROWS_MAX) {
    const deliveredTo = JSON.stringify(delivery.deliveredTo);
    db.run(
      `INSERT INTO absorbed (at, journal_id, client_address, by, mailbox_id, mailbox, delivery_id, delivered_to)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      input.at,
      input.journalId,
      message.clientAddress,
      match.by,
      delivery.mailboxId,
      delivery.mailbox,
      into,
      deliveredTo,
    );
    trace(context, {
      at: input.at,
      journalId: input.journalId,
      deliveryId: into,
      event: 'delivery.copy-absorbed',
      detail: { by: match.by, clientAddress: message.clientAddress, deliveredTo: delivery.deliveredTo },
    });
  }
  trace(context, {
    at: input.at,
    journalId: input.journalId,
    deliveryId: delivery.deliveryId,
    event: 'delivery.absorbed',
    detail: { by: match.by, id: holder?.['id'] ?? null, into },
  });
  return { kind: 'absorb', delivery: requireDelivery(db, delivery.deliveryId), into, by: match.by };
}

/** A better authenticated copy takes the place of the stored one, under the same id. */
export function promote(
  context: Context,
  input: IdentifyInput,
  message: IdentifiedMessage,
  copy: DeliveryRow,
  target: IdentifyTarget,
  match: Match,
): Decision {
  const { db } = context;
  const storedId = toDeliveryId(match.delivery['delivery_id'] as number);
  const stored = requireDelivery(db, storedId);
  const deliveredTo = [...new Set([...stored.deliveredTo, ...copy.deliveredTo])];
  db.run(
    `UPDATE deliveries SET state = 'absorbed', absorbed_into = ?, absorbed_by = ?, waiting = NULL, next_at = NULL,
       waits_for = NULL WHERE delivery_id = ?`,
    storedId,
    match.by,
    copy.deliveryId,
  );
  db.run(
    `UPDATE deliveries SET state = 'promoting', journal_id = ?, rank = ?, trusted = ?, trust_reason = ?,
       delivered_to = ?, exchange_inode = NULL,
       witnessed = witnessed OR EXISTS (SELECT 1 FROM evidence WHERE journal_id = ?)
     WHERE delivery_id = ?`,
    input.journalId,
    target.rank,
    target.trusted,
    target.trustReason,
    JSON.stringify(deliveredTo),
    input.journalId,
    storedId,
  );
  // Hooks must not start on the old bytes while they are being replaced.
  db.run("UPDATE runs SET gate = 0 WHERE delivery_id = ? AND state = 'due'", storedId);
  keepFingerprints(context, input, message, copy, storedId);
  db.run(
    `UPDATE fingerprints SET kept = 1 WHERE delivery_id = ?1
       AND EXISTS (SELECT 1 FROM fingerprints WHERE delivery_id = ?1 AND kept = 1)`,
    storedId,
  );
  trace(context, {
    at: input.at,
    journalId: input.journalId,
    deliveryId: storedId,
    event: 'delivery.promoting',
    detail: {
      by: match.by,
      fromJournalId: stored.journalId,
      rank: target.rank,
      fromRank: stored.rank,
      trusted: target.trusted,
      trustReason: target.trustReason,
      clientAddress: message.clientAddress,
      deliveredTo: copy.deliveredTo,
    },
  });
  return {
    kind: 'promote',
    delivery: requireDelivery(db, storedId),
    copy: requireDelivery(db, copy.deliveryId),
  };
}

/** Not now. The message is handed out again when what it waits for has ended. */
export function wait(
  context: Context,
  input: IdentifyInput,
  delivery: DeliveryRow,
  why: {
    readonly code: string;
    readonly reason: string;
    readonly for: number | null;
    /** When it is looked at again; absent: in a minute. */
    readonly until?: number | null;
  },
): Decision {
  const nextAt = why.until ?? input.at + WAIT_MS;
  const hint = 'Nothing needs to be done; it goes on by itself';
  context.db.run(
    'UPDATE deliveries SET waiting = ?, next_at = ?, waits_for = ? WHERE delivery_id = ?',
    JSON.stringify({ code: why.code, reason: why.reason, hint, nextAt }),
    nextAt,
    why.for,
    delivery.deliveryId,
  );
  // It is looked at every minute, for as long as a mailbox cannot be written to.
  if (delivery.waiting?.code !== why.code)
    trace(context, {
      at: input.at,
      journalId: input.journalId,
      deliveryId: delivery.deliveryId,
      event: 'delivery.waiting',
      detail: { code: why.code, reason: why.reason },
    });
  return { kind: 'wait', delivery: requireDelivery(context.db, delivery.deliveryId) };
}
