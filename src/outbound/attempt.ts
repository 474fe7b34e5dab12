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
import { planSending } from '../hooks/plan-sending.ts';
import type { AttemptFacts, OutgoingBatch, OutgoingRecipient } from '../journal/journal.ts';
import { AimxError } from '../system/errors.ts';
import { type Happened, happenedTo, judge } from './results.ts';
import type { Sessions } from './sessions.ts';
import type { Endpoint, SmtpSession, TlsStanding, TransmissionOutcome } from './transmission.ts';
import type { World } from './world.ts';

/** Endpoints of one destination that are tried in one attempt. */
const ENDPOINTS_TRIED_MAX = 8;
/** A journal without room is asked again so soon: a result must not be forgotten. */
const NO_ROOM_RETRY_MS = 2_000;

/** What came of an attempt, as the worker needs it. */
export interface Attempted {
  /** Nobody answered at any endpoint: others need not try at once. */
  readonly isUnreachable: boolean;
}

export async function attempt(
  batch: OutgoingBatch,
  destination: string,
  world: World,
  sessions: Sessions,
  signal: AbortSignal,
): Promise<Attempted> {
  const doubtful = batch.recipients.filter(({ state }) => state === 'transmitting');
  if (doubtful.length > 0) {
    // It was behind its dot when the daemon ended.
    await record(
      batch,
      doubtful.map((recipient) => [recipient, INTERRUPTED]),
      { stage: 'dot' },
      world,
      signal,
    );
    const rest = batch.recipients.filter(({ state }) => state !== 'transmitting');
    if (rest.length === 0) return { isUnreachable: false };
    return await attempt({ ...batch, recipients: rest }, destination, world, sessions, signal);
  }
  const startedAt = world.clock.now();
  const all = (happened: Happened): readonly (readonly [OutgoingRecipient, Happened])[] =>
    batch.recipients.map((recipient) => [recipient, happened]);
  const domain = batch.recipients[0]?.domain ?? '';
  const route = await world.router.route(domain, signal);
  world.faults.reach('outbound.routed');
  if (route.kind !== 'endpoints') {
    const kind = route.kind === 'permanent' ? 'failed' : 'deferred';
    await record(
      batch,
      all({ kind, reply: route.reason, status: route.status }),
      { stage: 'route', startedAt },
      world,
      signal,
    );
    return { isUnreachable: route.kind === 'transient' };
  }
  const done = await handOver(batch, destination, route.endpoints, world, sessions, signal);
  world.faults.reach('outbound.dotted');
  const { outcome } = done;
  // Cut off by the daemon's own end, before its dot: it is due as before.
  if (signal.aborted && outcome.kind === 'unavailable') return { isUnreachable: false };
  const results = batch.recipients.map(
    (recipient, index) => [recipient, happenedTo(outcome, index)] as const,
  );
  await record(
    batch,
    results,
    {
      stage: outcome.kind === 'in-doubt' ? 'dot' : outcome.kind === 'impossible' ? 'mail' : outcome.stage,
      remote: done.remote,
      tls: done.tls,
      startedAt,
    },
    world,
    signal,
  );
  return { isUnreachable: outcome.kind === 'unavailable' };
}

const INTERRUPTED: Happened = { kind: 'in-doubt', reason: 'aimx ended before the reply came' };

interface HandedOver {
  readonly outcome: TransmissionOutcome;
  readonly remote: string | null;
  readonly tls: string | null;
}

/** Tries one endpoint after the other; an answer to the message, whatever it is, ends it. */
async function handOver(
  batch: OutgoingBatch,
  destination: string,
  endpoints: readonly Endpoint[],
  world: World,
  sessions: Sessions,
  signal: AbortSignal,
): Promise<HandedOver> {
  let last: HandedOver | null = null;
  const kept = sessions.take(destination);
  if (kept !== null) {
    const handed = await transmitOn(kept, batch, destination, world, sessions, signal);
    // An idle connection may have been closed by the other side: that says nothing about the server.
    if (handed.outcome.kind !== 'unavailable') return handed;
  }
  for (const endpoint of endpoints.slice(0, ENDPOINTS_TRIED_MAX)) {
    const opened = await sessions.open(endpoint, signal);
    const handed =
      opened.kind === 'open'
        ? await transmitOn(opened.session, batch, destination, world, sessions, signal)
        : { outcome: opened, remote: `${endpoint.host} [${endpoint.address}]:${endpoint.port}`, tls: null };
    if (handed.outcome.kind !== 'unavailable' || signal.aborted) return handed;
    last = handed;
  }
  return (
    last ?? {
      outcome: { kind: 'unavailable', stage: 'connect', reason: 'no endpoint', reply: null },
      remote: null,
      tls: null,
    }
  );
}

async function transmitOn(
  session: SmtpSession,
  { outgoing, recipients }: OutgoingBatch,
  destination: string,
  world: World,
  sessions: Sessions,
  signal: AbortSignal,
): Promise<HandedOver> {
  const { remote } = session;
  const tls = session.tls === null ? null : describeTls(session.tls);
  try {
    const outcome = await session.transmit(
      {
        envelope: {
          reversePath: outgoing.reversePath,
          recipients: recipients.map(({ address }) => address),
          smtputf8: outgoing.smtputf8,
          sizeBytes: outgoing.sizeBytes,
        },
        content: () => world.openRaw(outgoing.raw),
        beforeFinalDot: async () => {
          await world.journal.advance('transmitting', {
            queueId: outgoing.queueId,
            recipientIds: recipients.map(({ recipientId }) => recipientId),
            remote,
            tls,
            at: world.clock.now(),
          });
          world.faults.reach('outbound.transmitting');
        },
      },
      signal,
    );
    return { outcome, remote, tls };
  } finally {
    if (session.isReusable) sessions.keep(destination, session);
    else await session[Symbol.asyncDispose]();
  }
}

function describeTls({ protocol, problem }: TlsStanding): string {
  return `${protocol}, ${problem === null ? 'certificate verified' : `certificate not verified: ${problem}`}`;
}

/** Writes results down, however long the disk is full: who has a message must not get it again. */
async function record(
  { outgoing }: OutgoingBatch,
  happened: readonly (readonly [OutgoingRecipient, Happened])[],
  facts: Partial<AttemptFacts> & Pick<AttemptFacts, 'stage'>,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const { journal, clock, log } = world;
  const at = clock.now();
  const mailbox = world.config().mailboxes.find(({ name }) => name === outgoing.mailbox) ?? null;
  const results = happened.map(([recipient, what]) =>
    judge(recipient, what, { outgoing, at, draw: Number.parseInt(world.random.hex(4), 16) / 0xffff_ffff }),
  );
  const attempt: AttemptFacts = {
    domain: happened[0]?.[0].domain ?? '',
    remote: null,
    tls: null,
    startedAt: at,
    ...facts,
  };
  for (;;) {
    try {
      await journal.advance('attempted', {
        queueId: outgoing.queueId,
        attempt,
        results,
        hooks: planSending(mailbox),
        at,
      });
      break;
    } catch (error) {
      if (!(error instanceof AimxError && error.code === 'journal.no-room') || signal.aborted) throw error;
      log.warn('outbound.no-room', { queue_id: outgoing.queueId });
      await clock.sleep(NO_ROOM_RETRY_MS, { signal });
    }
  }
  world.faults.reach('outbound.attempted');
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  log.info('outbound.attempted', {
    queue_id: outgoing.queueId,
    mailbox: outgoing.mailbox,
    domain: attempt.domain,
    remote: attempt.remote,
    stage: attempt.stage,
    delivered: count('delivered'),
    deferred: count('deferred'),
    failed: count('failed'),
    in_doubt: count('in-doubt'),
    reply: results[0]?.reply ?? null,
  });
}
