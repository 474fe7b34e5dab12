/**
 * Hands a batch to the first server of its destination that answers to the message, over a connection
 * that is open already where there is one.
 */
import type { OutgoingBatch } from '../journal/journal.ts';
import type { Sessions } from './sessions.ts';
import type { Endpoint, SmtpSession, TransmissionOutcome } from './transmission.ts';
import type { World } from './world.ts';

/** Endpoints of one destination that are tried in one attempt. */
const ENDPOINTS_TRIED_MAX = 8;
/** No further endpoint is tried after so long: the others that are due there wait for the place. */
const ATTEMPT_MS_MAX = 5 * 60_000;

export interface HandedOver {
  readonly outcome: TransmissionOutcome;
  readonly remote: string | null;
  readonly tls: string | null;
}

export interface HandingOver {
  readonly batch: OutgoingBatch;
  /** Whose connections are used, and kept for the next one. */
  readonly destination: string;
  readonly world: World;
  readonly sessions: Sessions;
  readonly signal: AbortSignal;
}

/**
 * Tries one endpoint after the other; an answer to the message, whatever it is, ends it.
 *
 * @throws what reading the message throws, and `transmitting`'s error.
 */
export async function handOver(endpoints: readonly Endpoint[], handing: HandingOver): Promise<HandedOver> {
  const { destination, world, sessions, signal } = handing;
  const kept = sessions.take(destination);
  if (kept !== null) {
    const handed = await transmitOn(kept, handing);
    // One that was idle may have been closed, or have carried enough: that says nothing about the server.
    if (handed.outcome.kind !== 'unavailable' || signal.aborted) return handed;
  }
  let told: HandedOver = {
    outcome: { kind: 'unavailable', stage: 'connect', reason: 'no endpoint', reply: null },
    remote: null,
    tls: null,
  };
  const startedMs = world.clock.monotonicMs();
  for (const [nth, endpoint] of endpoints.slice(0, ENDPOINTS_TRIED_MAX).entries()) {
    if (nth > 0 && world.clock.monotonicMs() - startedMs > ATTEMPT_MS_MAX) break;
    const opened = await sessions.open(endpoint, signal);
    const handed =
      opened.kind === 'open'
        ? await transmitOn(opened.session, handing)
        : { outcome: opened, remote: `${endpoint.host} [${endpoint.address}]:${endpoint.port}`, tls: null };
    if (handed.outcome.kind !== 'unavailable' || signal.aborted) return handed;
    // What a server said tells more than that another one said nothing.
    if (told.remote === null || !hasReply(told.outcome) || hasReply(handed.outcome)) told = handed;
  }
  return told;
}

function hasReply(outcome: TransmissionOutcome): boolean {
  return outcome.kind === 'unavailable' && outcome.reply !== null;
}

async function transmitOn(
  session: SmtpSession,
  { batch: { outgoing, recipients }, destination, world, sessions, signal }: HandingOver,
): Promise<HandedOver> {
  const { remote } = session;
  const tls = describeTls(session);
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
    sessions.keep(destination, session);
  }
}

function describeTls({ tls, tlsFailure }: SmtpSession): string | null {
  if (tls === null) return tlsFailure === null ? null : `plain text, TLS failed: ${tlsFailure}`;
  const { protocol, problem } = tls;
  return `${protocol}, ${problem === null ? 'certificate verified' : `certificate not verified: ${problem}`}`;
}
