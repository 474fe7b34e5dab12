/**
 * One message through the steps that its rows say are open.
 *
 * May be called again at any time with the same outcome. What a step expects to go wrong becomes a
 * row (`waiting`); what nobody expects goes up and ends the daemon, whose next start goes on here.
 */
import type { DeliveryRow, MessageRow } from '../journal/journal.ts';
import type { MessageSummary } from '../message/message.ts';
import { authenticateStep } from './authenticate.ts';
import { deliverStep } from './deliver.ts';
import { identifyStep } from './identify.ts';
import { promoteStep } from './promote.ts';
import { summarizeStep } from './read.ts';
import { obstacleOf } from './waiting.ts';
import type { World } from './world.ts';

/** Runs a message as far as it can go now. Resolves when it is done or waits; rejects when the daemon must end. */
export async function advanceMessage(message: MessageRow, world: World, signal: AbortSignal): Promise<void> {
  const verdict = await authenticateStep(message, world, signal);
  const summary = await summarizeStep(message, world, signal);
  for (const delivery of await decided(message, verdict, summary, world)) {
    if (signal.aborted) return;
    await advanceDelivery(delivery, { ...message, verdict }, summary, world, signal);
  }
}

/** The deliveries that have work left, after the pending ones among them have been decided on. */
async function decided(
  message: MessageRow,
  verdict: NonNullable<MessageRow['verdict']>,
  summary: MessageSummary,
  world: World,
): Promise<readonly DeliveryRow[]> {
  const now = world.clock.now();
  const ready = message.deliveries.filter(({ waiting }) => waiting === null || waiting.nextAt <= now);
  const pending = ready.filter(({ state }) => state === 'pending');
  const begun = ready.filter(({ state }) => state !== 'pending');
  if (pending.length === 0) return begun;
  const decisions = await identifyStep(message, pending, verdict, summary, world);
  for (const decision of decisions)
    if (decision.kind === 'absorb')
      world.log.info('delivery.absorbed', {
        journal_id: message.journalId,
        mailbox: decision.delivery.mailbox,
        by: decision.by,
        into: decision.into,
      });
  return [...begun, ...decisions.map(({ delivery }) => delivery)];
}

async function advanceDelivery(
  delivery: DeliveryRow,
  message: MessageRow,
  summary: MessageSummary,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  try {
    switch (delivery.state) {
      case 'reserved':
      case 'staged':
        await deliverStep(delivery, message, summary, world, signal);
        break;
      case 'promoting':
      case 'exchanging':
        await promoteStep(delivery, message, summary, world, signal);
        break;
      case 'pending':
      case 'delivered':
      case 'absorbed':
        return;
    }
    world.waits.over(delivery.deliveryId);
  } catch (error) {
    if (signal.aborted) return;
    const obstacle = obstacleOf(error, world.staging.path);
    if (obstacle === null) throw error;
    const at = world.clock.now();
    const waiting = world.waits.next(delivery.deliveryId, obstacle, at);
    world.log.warn('delivery.waiting', {
      journal_id: message.journalId,
      delivery_id: delivery.deliveryId,
      mailbox: delivery.mailbox,
      code: waiting.code,
      reason: waiting.reason,
      hint: waiting.hint,
    });
    await world.journal.advance('waiting', { deliveryId: delivery.deliveryId, waiting, at });
  }
}
