/**
 * The identify step's transaction: for every pending delivery of a message, is it new, absorbed, or
 * does it promote. The unique key on fingerprints is what two copies at the same moment meet at.
 */
import type { Rank } from '../../authentication/verdict.ts';
import { assertNever } from '../../system/assert.ts';
import { AimxError } from '../../system/errors.ts';
import type { DeliveryRow, DeliveryState } from '../rows.ts';
import type { Decision, IdentifyTarget, Transitions } from '../transitions.ts';
import type { Context } from './context.ts';
import type { SqlRow } from './database.ts';
import { decideCopy, lookups, type MatchedBy } from './decide.ts';
import {
  absorb,
  type IdentifiedMessage,
  type IdentifyInput,
  type Match,
  promote,
  reserve,
  wait,
} from './identify-outcomes.ts';
import { requireDelivery } from './rows.ts';
import { settleMessage } from './settle-message.ts';

/** Decides every pending delivery of a message; those that are decided keep their decision. */
export function identify(context: Context, input: IdentifyInput): Transitions['identify']['out'] {
  const row = context.db.get('SELECT * FROM messages WHERE journal_id = ?', input.journalId);
  if (row === undefined) throw new AimxError('request.not-found', `There is no message ${input.journalId}`);
  const message: IdentifiedMessage = {
    receivedAt: row['received_at'] as number,
    exact: row['exact'] as string,
    lacksIdentity: row['lacks_identity'] === 1,
    restored: row['restored'] === 1,
    clientAddress: row['client_address'] as string | null,
    recheckAt: row['recheck_at'] as number | null,
  };
  const decisions = input.targets.map((target) => decideTarget(context, input, message, target));
  // What is to be read next is counted here, which spares a transaction of its own.
  if (decisions.some(({ kind }) => kind === 'deliver' || kind === 'promote'))
    context.db.run(
      'UPDATE messages SET read_attempts = read_attempts + 1 WHERE journal_id = ?',
      input.journalId,
    );
  if (message.lacksIdentity) wakeLaterCopies(context, input.journalId, message.exact);
  settleMessage(context, input.journalId, input.at);
  return { decisions };
}

function decideTarget(
  context: Context,
  input: IdentifyInput,
  message: IdentifiedMessage,
  target: IdentifyTarget,
): Decision {
  const delivery = requireDelivery(context.db, target.deliveryId);
  if (delivery.state !== 'pending') return decidedBefore(context, delivery);
  if (isBeingReadIn(context, delivery.mailboxId)) {
    // It may say already what keeps the mailbox from being read in.
    if (delivery.waiting !== null) return { kind: 'wait', delivery };
    return wait(context, input, delivery, {
      code: 'legacy-scan',
      reason: 'The mailbox of the earlier version is being read in',
      for: null,
    });
  }
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
    {
      rank: target.rank,
      lacksIdentity: message.lacksIdentity,
      provisional: message.recheckAt !== null,
    },
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
    case 'wait-for-verdict':
      return wait(context, input, delivery, {
        code: 'copy-unverified',
        reason: 'DNS has not said who wrote this copy of a message that the mailbox holds',
        for: null,
        until: message.recheckAt,
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
  input: IdentifyInput,
  message: IdentifiedMessage,
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

function hashFor(
  by: Exclude<MatchedBy, 'message-id'>,
  input: IdentifyInput,
  message: IdentifiedMessage,
): string | null {
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
     FROM deliveries d WHERE d.message_id = ? AND d.mailbox_id = ? AND d.folder = 'inbox' AND d.forgotten = 0
     ORDER BY d.delivery_id DESC LIMIT 1`,
    messageId,
    mailboxId,
  );
}
