/**
 * One attempt: a batch's recipients to the first endpoint of their destination that takes the message.
 *
 *     step                       a crash right after it leaves
 *     1 route, connect           nothing: the lease is gone, it is due as before
 *     2 content sent             the same; without its final dot nobody has it
 *     3 `transmitting` written   a doubt that is none: recorded as one, since nobody can know
 *     4 final dot, reply         a doubt
 *     5 `attempted` written      done
 */
import type { OutgoingBatch, OutgoingRecipient } from '../journal/journal.ts';
import { assertNever } from '../system/assert.ts';
import type { Lesson, Unreachable } from './destinations.ts';
import { type HandingOver, handOver } from './hand-over.ts';
import { type Facts, record } from './record.ts';
import { type Happened, happenedTo, type Said } from './results.ts';
import type { TransmissionOutcome } from './transmission.ts';

const INTERRUPTED: Happened = { kind: 'in-doubt', reason: 'aimx ended before the reply came' };
const NOTHING: Lesson = { kind: 'none' };

/** @returns what it tells about the destination. @throws as `handOver`, and what the journal throws. */
export async function attempt(attempting: HandingOver): Promise<Lesson> {
  const { batch, world, signal } = attempting;
  const startedAt = world.clock.now();
  const route = await world.router.route(batch.recipients[0]?.domain ?? '', signal);
  world.faults.reach('outbound.routed');
  // Cut off by the daemon's own end: it is due as before.
  if (signal.aborted) return NOTHING;
  if (route.kind !== 'endpoints') {
    const { reason: reply, status } = route;
    const kind = route.kind === 'permanent' ? 'failed' : 'deferred';
    await recordAll(attempting, { kind, reply, status }, { stage: 'route', startedAt });
    return kind === 'failed' ? NOTHING : { kind: 'unreachable', ...unreachable({ reply, status }) };
  }
  const { outcome, remote, tls } = await handOver(route.endpoints, attempting);
  world.faults.reach('outbound.dotted');
  // The same, before its dot; what was cut off behind it is a doubt.
  if (signal.aborted && outcome.kind === 'unavailable') return NOTHING;
  const happened = batch.recipients.map(
    (recipient, index) => [recipient, happenedTo(outcome, index)] as const,
  );
  await record(batch, happened, { stage: stageOf(outcome), remote, tls, startedAt }, world, signal);
  return lessonOf(outcome, remote);
}

/** Those that were behind their dot when the daemon ended: doubts, which are not sent again at once. */
export async function recordDoubts({ batch, world, signal }: HandingOver): Promise<OutgoingBatch> {
  const isDoubtful = ({ state }: OutgoingRecipient): boolean => state === 'transmitting';
  const doubtful = batch.recipients.filter(isDoubtful);
  if (doubtful.length === 0) return batch;
  const happened = doubtful.map((recipient) => [recipient, INTERRUPTED] as const);
  await record(batch, happened, { stage: 'dot' }, world, signal);
  return { ...batch, recipients: batch.recipients.filter((recipient) => !isDoubtful(recipient)) };
}

/** Puts all of a batch off, or gives all of it up, without asking anybody. */
export async function recordAll(
  { batch, world, signal }: Pick<HandingOver, 'batch' | 'world' | 'signal'>,
  said: Said<'deferred' | 'failed'>,
  facts: Facts,
): Promise<void> {
  await record(
    batch,
    batch.recipients.map((recipient) => [recipient, said] as const),
    facts,
    world,
    signal,
  );
}

function unreachable(
  { reply, status }: Pick<Said<'deferred'>, 'reply' | 'status'>,
  remote: string | null = null,
): Unreachable {
  return { said: { kind: 'deferred', reply, status }, remote };
}

function stageOf(outcome: TransmissionOutcome): string {
  switch (outcome.kind) {
    case 'answered':
    case 'unavailable':
      return outcome.stage;
    case 'in-doubt':
      return 'dot';
    case 'impossible':
      return 'mail';
    default:
      return assertNever(outcome);
  }
}

/**
 * What a transmission tells about others to the same destination. A connection that is lost within a
 * transaction may be lost for that message alone; a password that is refused is refused for all.
 */
export function lessonOf(outcome: TransmissionOutcome, remote: string | null): Lesson {
  if (outcome.kind !== 'unavailable') return { kind: 'answers' };
  const happened = happenedTo(outcome, 0);
  if (happened.kind !== 'deferred') return NOTHING;
  const { stage } = outcome;
  switch (stage) {
    case 'connect':
    case 'greeting':
    case 'ehlo':
      return {
        kind: outcome.reply === null ? 'unreachable' : 'turned-away',
        ...unreachable(happened, remote),
      };
    case 'tls':
    case 'auth':
      return { kind: 'unreachable', ...unreachable(happened, remote) };
    case 'mail':
    case 'rcpt':
    case 'data':
      return NOTHING;
    default:
      return assertNever(stage);
  }
}
