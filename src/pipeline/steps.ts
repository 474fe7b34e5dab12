/**
 * One message through the steps that its rows say are open.
 *
 * May be called again at any time with the same outcome. What a step expects to go wrong becomes a
 * row (`waiting`); what nobody expects goes up and ends the daemon, whose next start goes on here.
 */
import type { Verdict } from '../authentication/verdict.ts';
import type { DeliveryRow, MessageRow } from '../journal/journal.ts';
import type { MessageSummary } from '../message/message.ts';
import type { Turn } from './arrival-order.ts';
import { authenticateStep } from './authenticate.ts';
import { deliverStep } from './deliver.ts';
import { identifyStep } from './identify.ts';
import { promoteStep } from './promote.ts';
import { summarizeStep } from './read.ts';
import { obstacleOf } from './waiting.ts';
import type { DeliveryWork } from './work.ts';
import type { World } from './world.ts';

/**
 * Runs a message as far as it can go now. Resolves when it is done or waits; rejects when the daemon must end.
 *
 * @param onAuthenticated Resolves when there is room for the steps that need memory and the disk.
 */
export async function advanceMessage(
  claimed: MessageRow,
  turn: Turn,
  world: World,
  options: { readonly onAuthenticated: () => Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const ready = readyDeliveries(claimed, world);
  let concerned = ready;
  let works: readonly DeliveryWork[];
  try {
    const { verdict, recheckAt, promoting } = await authenticateStep(claimed, world, signal);
    await options.onAuthenticated();
    concerned = [...ready, ...promoting];
    if (concerned.length === 0) return;
    const message = { ...claimed, verdict, recheckAt };
    const waited = Math.max(0, ...ready.map(({ deliveryId }) => world.waits.tries(deliveryId)));
    const summary = await summarizeStep(message, waited, world, signal);
    await turn.come();
    const decided = await decide(message, ready, verdict, summary, world);
    const again = promoting.map((delivery) => ({ delivery, message, summary, decided: null }));
    works = [...decided, ...again];
  } catch (error) {
    if (concerned.length === 0) throw error;
    for (const delivery of concerned) await wait(delivery, error, world, signal);
    return;
  } finally {
    turn[Symbol.dispose]();
  }
  for (const work of works) {
    if (signal.aborted) return;
    await advanceDelivery(work, world, signal);
  }
}

function readyDeliveries(message: MessageRow, world: World): readonly DeliveryRow[] {
  const now = world.clock.now();
  return message.deliveries.filter(
    ({ state, waiting }) =>
      state !== 'delivered' && state !== 'absorbed' && (waiting === null || waiting.nextAt <= now),
  );
}

/** The deliveries that have work left, after the pending ones among them have been decided on. */
async function decide(
  message: MessageRow,
  ready: readonly DeliveryRow[],
  verdict: Verdict,
  summary: MessageSummary,
  world: World,
): Promise<readonly DeliveryWork[]> {
  const pending = ready.filter(({ state }) => state === 'pending');
  const begun = ready
    .filter(({ state }) => state !== 'pending')
    .map((delivery) => ({ delivery, message, summary, decided: null }));
  if (pending.length === 0) return begun;
  const identified = await identifyStep(message, pending, verdict, summary, world);
  for (const { decision } of identified)
    if (decision.kind === 'absorb') {
      world.waits.over(decision.delivery.deliveryId);
      world.log.info('delivery.absorbed', {
        journal_id: message.journalId,
        mailbox: decision.delivery.mailbox,
        by: decision.by,
        into: decision.into,
      });
    }
  const decided = identified.map(({ decision: { delivery }, hasRuns }) => ({
    delivery,
    message,
    summary,
    decided: { hasRuns },
  }));
  return [...begun, ...decided];
}

async function advanceDelivery(work: DeliveryWork, world: World, signal: AbortSignal): Promise<void> {
  const { delivery } = work;
  try {
    switch (delivery.state) {
      case 'reserved':
      case 'staged':
        await deliverStep(work, world, signal);
        break;
      case 'promoting':
      case 'exchanging':
        await promoteStep(work, world, signal);
        break;
      case 'pending':
      case 'delivered':
      case 'absorbed':
        return;
    }
    world.waits.over(delivery.deliveryId);
  } catch (error) {
    await wait(delivery, error, world, signal);
  }
}

/** Makes a row of what keeps a delivery from going on. @throws `error` where waiting would mend nothing. */
async function wait(delivery: DeliveryRow, error: unknown, world: World, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const obstacle = obstacleOf(error, world.staging.path);
  if (obstacle === null) throw error;
  const at = world.clock.now();
  const waiting = world.waits.next(delivery.deliveryId, obstacle, at);
  world.log.warn('delivery.waiting', {
    journal_id: delivery.journalId,
    delivery_id: delivery.deliveryId,
    mailbox: delivery.mailbox,
    code: waiting.code,
    reason: waiting.reason,
    hint: waiting.hint,
  });
  await world.journal.advance('waiting', { deliveryId: delivery.deliveryId, waiting, at });
}
