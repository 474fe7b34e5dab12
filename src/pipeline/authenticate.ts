/**
 * First step: `accepted` → `authenticated`.
 *
 * Who wrote the message is asked after the `250` and never before it: a resolver that hangs delays
 * a hook, not the sender's reply.
 */
import type { Verdict } from '../authentication/verdict.ts';
import type { MessageRow } from '../journal/journal.ts';
import type { World } from './world.ts';

/** @returns the verdict that is stored with the message; asked for once and then read from the row. */
export async function authenticateStep(
  message: MessageRow,
  world: World,
  signal: AbortSignal,
): Promise<Verdict> {
  if (message.verdict !== null) return message.verdict;
  const verdict = await world.authenticator.authenticate(message, { signal });
  await world.journal.advance('authenticated', {
    journalId: message.journalId,
    verdict,
    at: world.clock.now(),
  });
  world.faults.reach('pipeline.authenticated');
  return verdict;
}
