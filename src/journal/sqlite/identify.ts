/**
 * The identify step's transaction: for every pending delivery of a message, is it new, absorbed, or
 * does it promote. The unique key on fingerprints is what two copies at the same moment meet at.
 */
import type { Rank } from '../../authentication/verdict.ts';
import { assertNever } from '../../system/assert.ts';
import { AimxError } from '../../system/errors.ts';
import type {
  Decision,
  DeliveryId,
  DeliveryRow,
  DeliveryState,
  IdentifyTarget,
  Transitions,
} from '../journal.ts';
import { type Context, trace } from './context.ts';
import type { SqlRow } from './database.ts';
import { decideCopy, lookups, type MatchedBy } from './decide.ts';
import { reserveId } from './ids.ts';
import { settleMessage } from './messages.ts';
import { requireDelivery } from './rows.ts';
import { insertRuns } from './run-plan.ts';
import { decideThread } from './thread.ts';

/** Absorbed copies of one message with a row each; a sender that repeats for ever is counted beyond. */
const ABSORBED_ROWS_MAX = 100;
/** A copy that waits for another one is looked at again after this at the latest; its end comes earlier. */
const WAIT_MS = 60_000;

type Input = Transitions['identify']['in'];

interface Message {
  readonly receivedAt: number;
  readonly exact: string;
  readonly lacksIdentity: boolean;
  readonly restored: boolean;
  readonly clientAddress: string | null;
}

interface Match {
  readonly by: MatchedBy;
  readonly delivery: SqlRow;
}

export function identify(context: Context, input: Input): Transitions['identify']['out'] {
  const row = context.db.get('SELECT * FROM messages WHERE journal_id = ?', input.journalId);
  if (row === undefined) throw new AimxError('request.not-found', `There is no message ${input.journalId}`);
  const message: Message = {
    receivedAt: row['received_at'] as number,
    exact: row['exact'] as string,
    lacksIdentity: row['lacks_identity'] === 1,
    restored: row['restored'] === 1,
    clientAddress: row['client_address'] as string | null,
  };
  const decisions = input.targets.map((target) => decideTarget(context, input, message, target));
  if (message.lacksIdentity) wakeLaterCopies(context, input.journalId, message.exact);
  settleMessage(context, input.journalId, input.at);
  return { decisions };
}

function decideTarget(context: Context, input: Input, message: Message, target: IdentifyTarget): Decision {
  const delivery = requireDelivery(context.db, target.deliveryId);
  if (delivery.state !== 'pending') return decidedBefore(context, delivery);
  if (isBeingReadIn(context, delivery.mailboxId))
    return wait(context, input, delivery, {
      code: 'legacy-scan',
      reason: 'The mailbox of the earlier version is being read in',
      for: null,
    });
  if (
    message.lacksIdentity &&
    hasEarlierUndecided(context, input.journalId, message.exact, delivery.mailboxId)
  )
    return wait(context, input, delivery, {
      code: 'earlier-copy',
      reason: 'An earlier copy of the same bytes is not decided yet',
      for: null,
    });
  const match = findMatch(context, input, message, delivery, target);
  const ruling = decideCopy(
    { rank: target.rank, lacksIdentity: message.lacksIdentity },
    match === null
      ? null
      : {
          by: match.by,
          state: match.delivery['state'] as DeliveryState,
          rank: match.delivery['rank'] as Rank | null,
          witnessed: match.delivery['witnessed'] === 1,
        },
  );
  switch (ruling) {
    case 'deliver':
    case 'take-over':
      return reserve(context, input, message, delivery, target, ruling === 'take-over');
    case 'absorb':
      return absorb(context, input, message, delivery, match as Match);
    case 'promote':
      return promote(context, input, message, delivery, target, match as Match);
    case 'wait':
      return wait(context, input, delivery, {
        code: 'copy-in-progress',
        reason: 'A copy of the same message is on its way into the mailbox',
        for: (match as Match).delivery['delivery_id'] as number,
      });
    default:
      return assertNever(ruling);
  }
}

/** The same question after a crash has the same answer. */
function decidedBefore({ db }: Context, delivery: DeliveryRow): Decision {
  if (delivery.state !== 'absorbed' || delivery.absorbedInto === null) return { kind: 'deliver', delivery };
  const into = requireDelivery(db, delivery.absorbedInto);
  const promotes = into.journalId === delivery.journalId;
  if (promotes) return { kind: 'promote', delivery: into, copy: delivery };
  const row = db.get('SELECT absorbed_by FROM deliveries WHERE delivery_id = ?', delivery.deliveryId);
  return { kind: 'absorb', delivery, into: into.deliveryId, by: row?.['absorbed_by'] as MatchedBy };
}

function isBeingReadIn({ db }: Context, mailboxId: string): boolean {
  return (
    db.get('SELECT 1 FROM mailboxes WHERE mailbox_id = ? AND legacy_pending = 1', mailboxId) !== undefined
  );
}

/**
 * Evidence speaks of the copies before: of messages that only it can tell apart, the decisions are
 * taken in the order of acceptance.
 */
function hasEarlierUndecided({ db }: Context, journalId: number, exact: string, mailboxId: string): boolean {
  return (
    db.get(
      `SELECT 1 FROM messages m JOIN deliveries d ON d.journal_id = m.journal_id
       WHERE m.state <> 'done' AND m.lacks_identity = 1 AND m.exact = ? AND m.journal_id < ?
         AND d.state = 'pending' AND d.mailbox_id = ? LIMIT 1`,
      exact,
      journalId,
      mailboxId,
    ) !== undefined
  );
}

function wakeLaterCopies(context: Context, journalId: number, exact: string): void {
  const later = context.db.all(
    `SELECT DISTINCT m.journal_id, m.received_at FROM messages m JOIN deliveries d ON d.journal_id = m.journal_id
     WHERE m.state <> 'done' AND m.lacks_identity = 1 AND m.exact = ? AND m.journal_id > ?
       AND d.state = 'pending' AND d.waiting IS NOT NULL`,
    exact,
    journalId,
  );
  for (const row of later) {
    context.db.run(
      "UPDATE deliveries SET waiting = NULL, next_at = NULL WHERE journal_id = ? AND state = 'pending' AND waits_for IS NULL",
      row['journal_id'] as number,
    );
    settleMessage(context, row['journal_id'] as number, row['received_at'] as number);
  }
}

function findMatch(
  context: Context,
  input: Input,
  message: Message,
  delivery: DeliveryRow,
  target: IdentifyTarget,
): Match | null {
  for (const by of lookups(target.mode, input.identity.messageId)) {
    const found =
      by === 'message-id'
        ? findByMessageId(context, delivery.mailboxId, input.identity.messageId ?? '')
        : findByFingerprint(context, delivery.mailboxId, by, hashFor(by, input, message));
    if (found === undefined) continue;
    // Times that were stored are compared, so that a clock that was wrong for a while ages nothing.
    const ageMs = message.receivedAt - (found['matched_at'] as number);
    if (found['kept'] === 1 || ageMs <= input.windowMs) return { by, delivery: found };
  }
  return null;
}

function hashFor(by: Exclude<MatchedBy, 'message-id'>, input: Input, message: Message): string | null {
  switch (by) {
    case 'exact':
      return message.exact;
    case 'content':
      return input.identity.contentFingerprint;
    case 'legacy':
      return input.identity.legacyFingerprint;
  }
}

function findByFingerprint(
  { db }: Context,
  mailboxId: string,
  kind: string,
  value: string | null,
): SqlRow | undefined {
  if (value === null) return undefined;
  return db.get(
    `SELECT d.*, f.received_at AS matched_at, f.kept AS kept FROM fingerprints f
     JOIN deliveries d ON d.delivery_id = f.delivery_id
     WHERE f.mailbox_id = ? AND f.kind = ? AND f.hash = ?`,
    mailboxId,
    kind,
    value,
  );
}

function findByMessageId({ db }: Context, mailboxId: string, messageId: string): SqlRow | undefined {
  return db.get(
    `SELECT d.*, d.received_at AS matched_at,
       EXISTS (SELECT 1 FROM fingerprints f WHERE f.delivery_id = d.delivery_id AND f.kept = 1) AS kept
     FROM deliveries d WHERE d.message_id = ? AND d.mailbox_id = ? AND d.forgotten = 0 ORDER BY d.delivery_id DESC LIMIT 1`,
    messageId,
    mailboxId,
  );
}

function reserve(
  context: Context,
  input: Input,
  message: Message,
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
          `SELECT id FROM deliveries WHERE message_id = ? AND mailbox_id = ? AND id IS NOT NULL
           ORDER BY delivery_id DESC LIMIT 1`,
          identity.messageId,
          delivery.mailboxId,
        );
  const { id, suffix } = reserveId(db, delivery.mailboxId, target.baseId);
  db.run(
    `UPDATE deliveries SET state = 'reserved', id = ?, base_id = ?, suffix = ?, sequence = ?, thread_id = ?,
       message_id = ?, resembles = ?, trusted = ?, trust_reason = ?, rank = ?, waiting = NULL, next_at = NULL,
       waits_for = NULL, witnessed = EXISTS (SELECT 1 FROM evidence WHERE journal_id = ?)
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
  input: Input,
  message: Message,
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

function absorb(
  context: Context,
  input: Input,
  message: Message,
  delivery: DeliveryRow,
  match: Match,
): Decision {
  const { db } = context;
  const into = match.delivery['delivery_id'] as DeliveryId;
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

function promote(
  context: Context,
  input: Input,
  message: Message,
  copy: DeliveryRow,
  target: IdentifyTarget,
  match: Match,
): Decision {
  const { db } = context;
  const storedId = match.delivery['delivery_id'] as DeliveryId;
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

function wait(
  context: Context,
  input: Input,
  delivery: DeliveryRow,
  why: { readonly code: string; readonly reason: string; readonly for: number | null },
): Decision {
  const nextAt = input.at + WAIT_MS;
  const hint = 'Nothing needs to be done; it goes on by itself';
  context.db.run(
    'UPDATE deliveries SET waiting = ?, next_at = ?, waits_for = ? WHERE delivery_id = ?',
    JSON.stringify({ code: why.code, reason: why.reason, hint, nextAt }),
    nextAt,
    why.for,
    delivery.deliveryId,
  );
  trace(context, {
    at: input.at,
    journalId: input.journalId,
    deliveryId: delivery.deliveryId,
    event: 'delivery.waiting',
    detail: { code: why.code, reason: why.reason },
  });
  return { kind: 'wait', delivery: requireDelivery(context.db, delivery.deliveryId) };
}
