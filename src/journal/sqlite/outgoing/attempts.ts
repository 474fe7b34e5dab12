/**
 * An attempt as rows: what may follow from its final dot, and what came of it.
 */
import { AimxError } from '../../../system/errors.ts';
import type { AttemptResult, OutgoingRecipient, OutgoingRow } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import type { Context } from '../context.ts';
import type { RecipientLeases } from './claim.ts';
import { requireOutgoing } from './outgoing-rows.ts';
import { settleOutgoing, traceOutgoing } from './settle-outgoing.ts';

export function transmitting(context: Context, input: Transitions['transmitting']['in']): void {
  const outgoing = requireOutgoing(context, input.queueId);
  const open = outgoing.recipients.filter(
    ({ recipientId, nextAt }) => input.recipientIds.includes(recipientId) && nextAt !== null,
  );
  if (open.length < input.recipientIds.length)
    throw new AimxError('request.conflict', `Message "${input.queueId}" was cancelled or held meanwhile`, {
      hint: 'Nothing: it does not leave',
    });
  context.db.run(
    `UPDATE outgoing_recipients SET state = 'transmitting', remote = ?, tls = ?, last_attempt_at = ?
     WHERE recipient_id IN (SELECT value FROM json_each(?))`,
    input.remote,
    input.tls,
    input.at,
    JSON.stringify(input.recipientIds),
  );
}

export function attempted(
  context: Context,
  leases: RecipientLeases,
  input: Transitions['attempted']['in'],
): Transitions['attempted']['out'] {
  const before = requireOutgoing(context, input.queueId);
  const shown: Record<string, unknown>[] = [];
  for (const result of input.results) {
    leases.delete(result.recipientId);
    const recipient = before.recipients.find(({ recipientId }) => recipientId === result.recipientId);
    if (recipient === undefined || recipient.endedAt !== null) continue;
    record(context, before, recipient, result, input);
    const { outcome, reply, status, nextAt } = result;
    shown.push({ address: recipient.address, outcome, reply, status, nextAt });
  }
  context.changed.add('outgoing');
  if (shown.length === 0) return { outgoing: before };
  const { domain, remote, tls, stage, startedAt } = input.attempt;
  traceOutgoing(context, before, {
    at: input.at,
    event: 'outgoing.attempted',
    detail: { domain, remote, tls, stage, startedAt, results: shown },
  });
  const doubtful = shown.filter(({ outcome }) => outcome === 'in-doubt').map(({ address }) => address);
  if (doubtful.length > 0)
    traceOutgoing(context, before, {
      at: input.at,
      event: 'outgoing.in-doubt',
      detail: { recipients: doubtful, remote },
    });
  return { outgoing: settleOutgoing(context, input.queueId, input.hooks, input.at) };
}

function record(
  { db }: Context,
  { held }: OutgoingRow,
  recipient: OutgoingRecipient,
  result: AttemptResult,
  { attempt, at }: Transitions['attempted']['in'],
): void {
  const isFinal = result.outcome === 'delivered' || result.outcome === 'failed';
  db.run(
    `UPDATE outgoing_recipients SET state = ?, attempts = attempts + 1, doubts = doubts + ?, next_at = ?,
       last_attempt_at = ?, reply = ?, status = ?, remote = coalesce(?, remote), tls = CASE WHEN ? IS NULL THEN tls ELSE ? END,
       ended_at = ? WHERE recipient_id = ?`,
    result.outcome === 'in-doubt' ? 'deferred' : result.outcome,
    result.outcome === 'in-doubt' ? 1 : 0,
    isFinal || held !== null ? null : result.nextAt,
    attempt.startedAt,
    result.reply,
    result.status,
    attempt.remote,
    attempt.remote,
    attempt.tls,
    isFinal ? at : null,
    recipient.recipientId,
  );
}
