/**
 * The transition that stores who wrote a message, the first time and when DNS answers later.
 */
import type { Verdict } from '../../authentication/verdict.ts';
import type { DeliveryRow } from '../rows.ts';
import type { Reassessment, Transitions } from '../transitions.ts';
import { type Context, trace } from './context.ts';
import { requireDelivery } from './rows.ts';
import { settleMessage } from './settle-message.ts';

type Input = Transitions['authenticated']['in'];

export function authenticated(context: Context, input: Input): Transitions['authenticated']['out'] {
  const { db } = context;
  const row = db.get('SELECT state, verdict, recheck_at FROM messages WHERE journal_id = ?', input.journalId);
  const stored = (row?.['verdict'] as string | null | undefined) ?? null;
  // A final answer stays; asking again after a crash finds its deliveries on their way.
  if (row === undefined || (stored !== null && row['recheck_at'] === null))
    return { promoting: standing(context, input.reassessed, 'promoting') };
  db.run(
    `UPDATE messages SET state = CASE state WHEN 'accepted' THEN 'authenticated' ELSE state END, verdict = ?,
       recheck_at = ?, rechecks = rechecks + ? WHERE journal_id = ?`,
    JSON.stringify(input.verdict),
    input.recheckAt,
    stored === null ? 0 : 1,
    input.journalId,
  );
  // An outage of a day is one line when it begins and one when it ends.
  if (stored === null || summaryOf(JSON.parse(stored) as Verdict) !== summaryOf(input.verdict))
    trace(context, {
      at: input.at,
      journalId: input.journalId,
      event: stored === null ? 'message.authenticated' : 'message.authenticated-later',
      detail: briefOf(input.verdict),
    });
  for (const { deliveryId } of standing(context, input.reassessed, 'delivered'))
    reassess(context, input, input.reassessed.find((one) => one.deliveryId === deliveryId) as Reassessment);
  if (stored !== null) settleMessage(context, input.journalId, input.at);
  return { promoting: standing(context, input.reassessed, 'promoting') };
}

/** What the trace keeps of a verdict; the message has the whole. */
function briefOf({ spf, dkim, dmarc, authDomain, rank, provisional }: Verdict): Record<string, unknown> {
  return { spf, dkim, dmarc, authDomain, rank, provisional };
}

function summaryOf(verdict: Verdict): string {
  return JSON.stringify(briefOf(verdict));
}

function standing(
  { db }: Context,
  reassessed: readonly Reassessment[],
  state: 'delivered' | 'promoting',
): readonly DeliveryRow[] {
  return reassessed
    .map(({ deliveryId }) => requireDelivery(db, deliveryId))
    .filter((delivery) => delivery.state === state);
}

function reassess(context: Context, input: Input, { deliveryId, ...to }: Reassessment): void {
  const { db } = context;
  db.run(
    `UPDATE deliveries SET state = 'promoting', rank = ?, trusted = ?, trust_reason = ?, exchange_inode = NULL
     WHERE delivery_id = ?`,
    to.rank,
    to.trusted,
    to.trustReason,
    deliveryId,
  );
  // Hooks must not start on the old file while it is being replaced.
  db.run("UPDATE runs SET gate = 0 WHERE delivery_id = ? AND state = 'due'", deliveryId);
  trace(context, {
    at: input.at,
    journalId: input.journalId,
    deliveryId,
    event: 'delivery.reassessed',
    detail: { ...to },
  });
}
