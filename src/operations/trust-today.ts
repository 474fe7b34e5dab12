/**
 * What the configuration of today makes of a message that came before: whether it would be trusted, on
 * what ground, and which of its hooks would start.
 */
import { decideTrust, judgeTrust, type TrustContext, type TrustGround } from '../authentication/trust.ts';
import { type Trust, UNAUTHENTICATED } from '../authentication/verdict.ts';
import type { MailboxConfig } from '../config/config.ts';
import { planHooks } from '../hooks/gate.ts';
import type { DeliveryRow, MessageRow, RunRow } from '../journal/journal.ts';
import { requireJournal } from './access.ts';
import type { OperationContext } from './operation.ts';

export interface TrustToday extends Trust {
  readonly mailbox: MailboxConfig;
  /** What trust rests on; null where there is none. */
  readonly ground: TrustGround | null;
}

/** Null where the mailbox is not in the configuration, or is another one of that name. */
export function trustToday(
  context: Pick<OperationContext, 'config' | 'mailboxIds'>,
  { delivery, message }: { readonly delivery: DeliveryRow; readonly message: MessageRow },
): TrustToday | null {
  const { config, mailboxIds } = context;
  const mailbox = config?.mailboxes.find(({ name }) => name === delivery.mailbox);
  if (config === null || mailbox === undefined) return null;
  if (mailboxIds !== null && mailboxIds[mailbox.name] !== delivery.mailboxId) return null;
  const verdict = message.verdict ?? UNAUTHENTICATED;
  const given: TrustContext = {
    receivedAt: message.arrival.receivedAt,
    windowMs: config.dedup.windowMs,
    arcSealers: config.arcSealers,
    deliveredTo: delivery.deliveredTo,
  };
  const judgement = judgeTrust(mailbox, verdict, given);
  return {
    ...decideTrust(mailbox, verdict, given),
    mailbox,
    ground: judgement.kind === 'trusted' ? judgement.ground : null,
  };
}

/** Reasons that the gate does not give, and that no configuration takes back. */
const NOT_THE_GATES = /^(?:restored|replayed): /;

/** What the gate says of a held run by the configuration of today. */
export interface GateToday {
  /** Why it would be held as well, as `<code>: <sentence>`; null where it would start. */
  readonly held: string | null;
  /** As in `HookPlan`: it would start unless another copy of the letter has started the hook. */
  readonly oncePerLetter: boolean;
}

export async function gateToday(context: OperationContext, run: RunRow): Promise<GateToday> {
  const heldBecause = (held: string): GateToday => ({ held, oncePerLetter: false });
  if (run.reason !== null && NOT_THE_GATES.test(run.reason)) return heldBecause(run.reason);
  const journal = requireJournal(context);
  const delivery = await journal.query('delivery', { deliveryId: run.deliveryId });
  const message = delivery && (await journal.query('message', { journalId: delivery.journalId }));
  const today = delivery && message && trustToday(context, { delivery, message });
  if (today === null) return heldBecause('mailbox-removed: the mailbox is not in the configuration');
  const startsRepeats = today.mailbox.dedupMode === 'off';
  const plans = planHooks(today.mailbox.hooks, run.event, today, { startsRepeats });
  const plan = plans.find(({ hook }) => hook === run.hook);
  if (plan === undefined) return heldBecause('hook-removed: the hook is not in the configuration');
  return { held: plan.held, oncePerLetter: plan.oncePerLetter === true };
}
