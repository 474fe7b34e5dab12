/** The results of an attempt, written down. */

import type { MailboxConfig } from '../config/config.ts';
import { planSending } from '../hooks/plan-sending.ts';
import type {
  AttemptFacts,
  AttemptResult,
  OutgoingBatch,
  OutgoingRecipient,
  OutgoingRow,
} from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import { type Happened, judge } from './results.ts';
import type { World } from './world.ts';

/** A journal without room is asked again so soon: a result must not be forgotten. */
const NO_ROOM_RETRY_MS = 2_000;

export type Facts = Partial<AttemptFacts> & Pick<AttemptFacts, 'stage'>;

/** The mailbox that sent it, if it is still that one: another owner's hooks are told nothing. */
export function senderOf(
  { mailbox, mailboxId }: Pick<OutgoingRow, 'mailbox' | 'mailboxId'>,
  { config, mailboxIds }: Pick<World, 'config' | 'mailboxIds'>,
): MailboxConfig | null {
  if (mailboxIds()[mailbox] !== mailboxId) return null;
  return config().mailboxes.find(({ name }) => name === mailbox) ?? null;
}

/**
 * Writes results down, however long the disk is full: who has a message must not get it again.
 *
 * @throws what the journal throws, and `journal.no-room` only once `signal` has ended the wait.
 */
export async function record(
  { outgoing }: Pick<OutgoingBatch, 'outgoing'>,
  happened: readonly (readonly [OutgoingRecipient, Happened])[],
  facts: Facts,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const at = world.clock.now();
  const attempt: AttemptFacts = {
    domain: happened[0]?.[0].domain ?? '',
    remote: null,
    tls: null,
    startedAt: at,
    ...facts,
  };
  const results = happened.map(([recipient, what]) =>
    judge(recipient, what, { outgoing, at, draw: Number.parseInt(world.random.hex(4), 16) / 0xffff_ffff }),
  );
  const input = {
    queueId: outgoing.queueId,
    attempt,
    results,
    hooks: planSending(senderOf(outgoing, world)),
    at,
  };
  while (!(await isWritten(world, input))) {
    world.log.warn('outbound.no-room', { queue_id: outgoing.queueId });
    await world.clock.sleep(NO_ROOM_RETRY_MS, { signal });
  }
  world.faults.reach('outbound.attempted');
  logAttempt(world, outgoing, attempt, results);
}

/** @returns false where there was no room for it. */
async function isWritten(
  { journal }: Pick<World, 'journal'>,
  input: Parameters<typeof journal.advance<'attempted'>>[1],
): Promise<boolean> {
  try {
    await journal.advance('attempted', input);
    return true;
  } catch (error) {
    if (error instanceof AimxError && error.code === 'journal.no-room') return false;
    throw error;
  }
}

function logAttempt(
  { log }: Pick<World, 'log'>,
  { queueId, mailbox }: OutgoingRow,
  { domain, remote, stage, tls }: AttemptFacts,
  results: readonly AttemptResult[],
): void {
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  const told = results.find(({ outcome }) => outcome !== 'delivered') ?? results[0];
  log.info('outbound.attempted', {
    queue_id: queueId,
    mailbox,
    domain,
    remote,
    stage,
    tls,
    delivered: count('delivered'),
    deferred: count('deferred'),
    failed: count('failed'),
    in_doubt: count('in-doubt'),
    reply: told?.reply ?? null,
  });
}
