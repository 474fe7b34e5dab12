/**
 * The transaction that makes a record of the log a message of ours on its way out, or finds that it was
 * sent before.
 */
import { UNAUTHENTICATED } from '../../../authentication/verdict.ts';
import { AimxError } from '../../../system/errors.ts';
import type { OutgoingRow, SubmitOutcome } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import { type Context, trace } from '../context.ts';
import { reserveId } from '../ids.ts';
import { settleMessage } from '../settle-message.ts';
import { decideThread } from '../thread.ts';
import { addressKey, outgoingWhere, requireOutgoing } from './outgoing-rows.ts';
import { findKey, type KeyToTake, takeKey } from './send-keys.ts';
import { loopReason, overLimit } from './send-limits.ts';
import { traceOutgoing } from './settle-outgoing.ts';

type SubmitInput = Transitions['submit']['in'];

export function submit(context: Context, input: SubmitInput): SubmitOutcome {
  const { submission } = input;
  const [known] = outgoingWhere(context, 'o.journal_id = ?', submission.journalId);
  if (known !== undefined) return { kind: 'submitted', outgoing: known };
  const outcome = decide(context, input);
  // Its octets are nobody's: what was not submitted is dropped with the log.
  if (outcome.kind !== 'submitted')
    context.db.run("UPDATE messages SET state = 'done' WHERE journal_id = ?", submission.journalId);
  return outcome;
}

function decide(context: Context, input: SubmitInput): SubmitOutcome {
  const { submission, at } = input;
  const addresses = submission.recipients.map(({ address }) => addressKey(address));
  const found = input.key === null ? null : findKey(context, input.key, { submission, addresses, at });
  if (found?.kind === 'known') return sentBefore(context, input, found.queueId);
  if (found?.kind === 'conflict')
    return { kind: 'key-conflict', outgoing: requireOutgoing(context, found.queueId) };
  const over = overLimit(context, input, addresses);
  if (over !== null) return over;
  return {
    kind: 'submitted',
    outgoing: insert(context, input, found?.kind === 'free' ? found : null, addresses),
  };
}

function sentBefore(context: Context, { submission, key, at }: SubmitInput, queueId: string): SubmitOutcome {
  const outgoing = requireOutgoing(context, queueId);
  traceOutgoing(context, outgoing, {
    at,
    event: 'outgoing.already-sent',
    runId: key?.kind === 'run' ? key.runId : null,
    detail: { by: submission.by, ...(key?.kind === 'run' ? { attempt: key.attempt } : {}) },
  });
  return { kind: 'already-sent', outgoing };
}

function insert(
  context: Context,
  input: SubmitInput,
  key: KeyToTake | null,
  addresses: readonly string[],
): OutgoingRow {
  const { db } = context;
  const { submission, at } = input;
  const { journalId, mailboxId } = submission;
  const threadId = decideThread(db, mailboxId, submission);
  const held = input.held ?? loopReason(context, input, addresses, threadId);
  const deliveryId = insertCopy(context, input, threadId);
  db.run(
    `INSERT INTO outgoing (journal_id, queue_id, delivery_id, mailbox_id, mailbox, message_id, thread_id, sender, subject,
       reverse_path, smtputf8, format, held, submitted_by, run_id, submitted_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    journalId,
    submission.queueId,
    deliveryId,
    mailboxId,
    submission.mailbox,
    submission.messageId,
    threadId,
    submission.from,
    submission.subject,
    submission.reversePath,
    submission.smtputf8 ? 1 : 0,
    submission.format,
    held,
    submission.by,
    input.runId,
    at,
    input.expiresAt,
  );
  for (const [index, { address, field, domain, isLocal }] of submission.recipients.entries()) {
    const addressed = addresses[index] as string;
    db.run(
      `INSERT INTO outgoing_recipients (journal_id, address, address_key, field, domain, is_local, state, next_at)
       VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)`,
      journalId,
      address,
      addressed,
      field,
      domain,
      isLocal ? 1 : 0,
      held === null ? at : null,
    );
    db.run('INSERT OR IGNORE INTO correspondents VALUES (?, ?, ?)', mailboxId, addressed, at);
  }
  if (key !== null) takeKey(context, key, { journalId, at });
  trace(context, {
    at,
    journalId,
    deliveryId,
    runId: input.runId,
    event: 'outgoing.submitted',
    detail: { queueId: submission.queueId, by: submission.by, to: submission.recipients.length, held },
  });
  context.changed.add('outgoing');
  return requireOutgoing(context, submission.queueId);
}

/** The sent copy gets its place, its id and its thread, and is filed like any message. */
function insertCopy(context: Context, { submission, at }: SubmitInput, threadId: string): number {
  const { db } = context;
  const { journalId, mailboxId, mailbox } = submission;
  const place = db.get(
    'UPDATE mailboxes SET next_sequence = next_sequence + 1 WHERE mailbox_id = ? RETURNING next_sequence - 1 AS sequence',
    mailboxId,
  );
  if (place === undefined)
    throw new AimxError('request.not-found', `There is no mailbox ${mailboxId} ("${mailbox}")`);
  const { id, suffix } = reserveId(db, mailboxId, submission.baseId);
  const deliveryId = db.insert(
    `INSERT INTO deliveries (journal_id, origin_id, mailbox_id, mailbox, folder, delivered_to, state, id, base_id, suffix,
       sequence, thread_id, message_id, received_at, trusted, sender)
     VALUES (?, ?, ?, ?, 'sent', ?, 'reserved', ?, ?, ?, ?, ?, ?, ?, 'none', ?)`,
    journalId,
    journalId,
    mailboxId,
    mailbox,
    JSON.stringify(
      submission.recipients.filter(({ field }) => field !== 'bcc').map(({ address }) => address),
    ),
    id,
    submission.baseId,
    suffix,
    place['sequence'] as number,
    threadId,
    submission.messageId,
    at,
    submission.from,
  );
  db.run(
    "UPDATE messages SET state = 'authenticated', verdict = ? WHERE journal_id = ?",
    JSON.stringify(UNAUTHENTICATED),
    journalId,
  );
  settleMessage(context, journalId, at);
  return deliveryId;
}
