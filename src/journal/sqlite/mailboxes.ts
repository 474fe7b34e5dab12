/**
 * Mailboxes as the rows know them: a random id for each pair of name and owner.
 */
import { type MailboxId, toMailboxId } from '../ids.ts';
import type { Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import { decideOutgoing } from './outgoing/decisions.ts';
import { cancelRuns } from './runs.ts';
import { settleMessage } from './settle-message.ts';

export function registerMailboxes(
  context: Context,
  input: Transitions['register-mailboxes']['in'],
): Transitions['register-mailboxes']['out'] {
  const ids: Record<string, MailboxId> = {};
  for (const { name, ownerUid } of input.mailboxes)
    ids[name] = registerMailbox(context, { name, ownerUid, at: input.at });
  return { ids };
}

function registerMailbox(
  context: Context,
  mailbox: { readonly name: string; readonly ownerUid: number | null; readonly at: number },
): MailboxId {
  const { db } = context;
  const known = db.get(
    'SELECT mailbox_id, owner_uid FROM mailboxes WHERE name = ? AND active = 1',
    mailbox.name,
  );
  if (known !== undefined) {
    const id = toMailboxId(known['mailbox_id'] as string);
    const ownerUid = known['owner_uid'] as number | null;
    // An account that cannot be found now may be the same; one that is found for the first time takes over.
    if (mailbox.ownerUid === null || ownerUid === mailbox.ownerUid) return id;
    if (ownerUid === null) {
      db.run('UPDATE mailboxes SET owner_uid = ? WHERE mailbox_id = ?', mailbox.ownerUid, id);
      return id;
    }
    retire(context, { id, name: mailbox.name, at: mailbox.at });
  }
  const id = toMailboxId(context.takeId());
  db.run(
    `INSERT INTO mailboxes (mailbox_id, name, owner_uid, active, legacy_pending, registered_at)
     VALUES (?, ?, ?, 1, 1, ?)`,
    id,
    mailbox.name,
    mailbox.ownerUid,
    mailbox.at,
  );
  return id;
}

/** What is under way for the old owner is for nobody else. Runs that may have started end by themselves. */
function retire(
  context: Context,
  mailbox: { readonly id: MailboxId; readonly name: string; readonly at: number },
): void {
  const { db } = context;
  const reason = 'mailbox-removed: The mailbox belongs to another owner now';
  cancelRuns(context, {
    filter: { mailboxes: [mailbox.name] },
    by: 'aimx',
    reason,
    at: mailbox.at as Transitions['cancel-runs']['in']['at'],
  });
  decideOutgoing(context, {
    filter: { mailboxes: [mailbox.name] },
    decision: 'cancel',
    reason,
    by: 'aimx',
    at: mailbox.at as Transitions['decide-outgoing']['in']['at'],
  });
  db.run('UPDATE mailboxes SET active = 0, legacy_pending = 0 WHERE mailbox_id = ?', mailbox.id);
  trace(context, {
    at: mailbox.at,
    event: 'mailbox.replaced',
    detail: { mailbox: mailbox.name, mailboxId: mailbox.id },
  });
}

export function legacyScanned(context: Context, input: Transitions['legacy-scanned']['in']): void {
  const { db } = context;
  const mailbox = db.get('SELECT name FROM mailboxes WHERE mailbox_id = ?', input.mailboxId);
  if (mailbox === undefined) return;
  for (const entry of input.entries) {
    const known = db.get(
      'SELECT 1 FROM deliveries WHERE id = ? AND mailbox_id = ?',
      entry.id,
      input.mailboxId,
    );
    if (known !== undefined) continue;
    const deliveryId = db.insert(
      `INSERT INTO deliveries (journal_id, origin_id, mailbox_id, mailbox, delivered_to, state, id, thread_id,
         message_id, received_at, delivered_at) VALUES (NULL, NULL, ?, ?, '[]', 'delivered', ?, ?, ?, ?, ?)`,
      input.mailboxId,
      mailbox['name'] as string,
      entry.id,
      entry.threadId,
      entry.messageId,
      entry.receivedAt,
      entry.receivedAt,
    );
    db.run(
      `INSERT INTO fingerprints (mailbox_id, kind, hash, delivery_id, received_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET delivery_id = excluded.delivery_id, received_at = excluded.received_at
       WHERE excluded.received_at > received_at`,
      input.mailboxId,
      entry.fingerprint.kind,
      entry.fingerprint.hash,
      deliveryId,
      entry.receivedAt,
    );
  }
  if (!input.done) return;
  const ended = db.run(
    'UPDATE mailboxes SET legacy_pending = 0 WHERE mailbox_id = ? AND legacy_pending = 1',
    input.mailboxId,
  );
  if (ended === 0) return;
  trace(context, {
    at: input.at,
    event: 'mailbox.read-in',
    detail: { mailbox: mailbox['name'], mailboxId: input.mailboxId },
  });
  db.run(
    "UPDATE deliveries SET waiting = NULL, next_at = NULL WHERE mailbox_id = ? AND state = 'pending' AND waits_for IS NULL",
    input.mailboxId,
  );
  const pending = db.all(
    "SELECT DISTINCT journal_id FROM deliveries WHERE mailbox_id = ? AND state = 'pending'",
    input.mailboxId,
  );
  for (const row of pending) settleMessage(context, row['journal_id'] as number, input.at);
}

/** Deliveries told in one request: a mailbox that waits for weeks may have very many. */
const TOLD_MAX = 500;

export function legacyWaits(context: Context, input: Transitions['legacy-waits']['in']): void {
  const { db } = context;
  const { code, reason } = input.waiting;
  const untold = db.all(
    `SELECT delivery_id, journal_id, waiting ->> 'code' AS code FROM deliveries
     WHERE mailbox_id = ? AND state = 'pending' AND waits_for IS NULL
       AND (waiting IS NULL OR waiting ->> 'code' <> ? OR next_at <= ?) LIMIT ?`,
    input.mailboxId,
    code,
    input.at,
    TOLD_MAX,
  );
  for (const row of untold) {
    db.run(
      'UPDATE deliveries SET waiting = ?, next_at = ? WHERE delivery_id = ?',
      JSON.stringify(input.waiting),
      input.waiting.nextAt,
      row['delivery_id'] as number,
    );
    if (row['code'] !== code)
      trace(context, {
        at: input.at,
        journalId: row['journal_id'] as number,
        deliveryId: row['delivery_id'] as number,
        event: 'delivery.waiting',
        detail: { code, reason },
      });
  }
  if (untold.length > 0) context.changed.add('messages');
}
