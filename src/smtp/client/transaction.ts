/**
 * One transaction, MAIL to the reply to the final dot (RFC 5321 §3.3). Pure.
 *
 *     ended                                   outcome
 *     before the final dot was given          unavailable: nothing was handed over
 *     between the final dot and its reply     in-doubt (RFC 1047, RFC 5321 §6.1)
 *     by replies                              answered
 *
 * DATA is asked by itself and not pipelined with the recipients: so the `354` of a server that took no
 * recipient (RFC 2920 §3.1), which would want an empty message, cannot come.
 */
import type { Capabilities } from './capabilities.ts';
import {
  ask,
  type Dialogue,
  expectDone,
  hear,
  hearAny,
  isPositive,
  Lost,
  say,
  spokeOutOfTurn,
} from './dialogue.ts';
import { type EnvelopeCommands, formatEnvelope } from './envelope-commands.ts';
import {
  type OutgoingEnvelope,
  type RecipientOutcome,
  type TransmissionOutcome,
  unavailable,
} from './outcome.ts';
import type { SmtpReply } from './reply.ts';

export interface Transacting {
  readonly envelope: OutgoingEnvelope;
  readonly capabilities: Capabilities;
  /** Nothing has been sent on this connection before. */
  readonly isFirst: boolean;
}

export interface Transacted {
  readonly outcome: TransmissionOutcome;
  /** Another transaction may begin on the connection. */
  readonly isReusable: boolean;
}

interface Progress {
  stage: 'mail' | 'rcpt' | 'data';
  /** By recipient; null: taken by the server, or not asked yet. */
  readonly results: (RecipientOutcome | null)[];
  isDotGiven: boolean;
}

type Commands = Extract<EnvelopeCommands, { readonly kind: 'commands' }>;

export function* transact({ envelope, capabilities, isFirst }: Transacting): Dialogue<Transacted> {
  const commands = formatEnvelope(envelope, capabilities);
  if (commands.kind === 'impossible') return { outcome: commands, isReusable: true };
  const progress: Progress = {
    stage: 'mail',
    results: envelope.recipients.map(() => null),
    isDotGiven: false,
  };
  try {
    if (!isFirst) yield* reset();
    const refused = capabilities.pipelining
      ? yield* addressInOneGo(commands, progress)
      : yield* addressOneByOne(commands, progress);
    return refused ?? (yield* transfer(progress));
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    const outcome: TransmissionOutcome = progress.isDotGiven
      ? { kind: 'in-doubt', recipients: progress.results, reason: error.message }
      : unavailable(progress.stage, error.message, error.reply);
    return { outcome, isReusable: false };
  }
}

function* reset(): Dialogue<void> {
  const reply = yield* ask('RSET', 'command');
  if (!isPositive(reply)) throw new Lost('it takes no second message', reply);
}

function* addressOneByOne({ mail, rcpts }: Commands, progress: Progress): Dialogue<Transacted | null> {
  const reply = yield* ask(mail, 'command');
  if (!isPositive(reply)) return refusedAll(reply, progress, { stage: 'mail', isReusable: true });
  progress.stage = 'rcpt';
  for (const [index, rcpt] of rcpts.entries()) judgeRcpt(yield* ask(rcpt, 'command'), index, progress);
  return nobodyTaken(progress);
}

/** RFC 2920 §3.1: all is sent before the first reply is looked at, and each has a reply of its own. */
function* addressInOneGo({ mail, rcpts }: Commands, progress: Progress): Dialogue<Transacted | null> {
  yield* say([mail, ...rcpts].join('\r\n'), 'command');
  const reply = yield* hear('command');
  if (!isPositive(reply)) {
    const isReusable = yield* hearOut(rcpts.length);
    return refusedAll(reply, progress, { stage: 'mail', isReusable });
  }
  progress.stage = 'rcpt';
  for (const index of rcpts.keys()) judgeRcpt(yield* hear('command'), index, progress);
  return nobodyTaken(progress);
}

/** The replies to what was sent along with a MAIL that was refused: they say nothing more, nor does their absence. */
function* hearOut(count: number): Dialogue<boolean> {
  try {
    for (let heard = 0; heard < count; heard += 1) yield* hear('command');
    return true;
  } catch (error) {
    if (error instanceof Lost) return false;
    throw error;
  }
}

function judgeRcpt(reply: SmtpReply, index: number, progress: Progress): void {
  if (isPositive(reply)) return;
  const refused = refusal(reply);
  // RFC 5321 §4.5.3.1.10: some servers say 552 for 452 where they want no more recipients at once.
  const isSurplus =
    reply.code === 552 && reply.status === null && progress.results.slice(0, index).includes(null);
  progress.results[index] = isSurplus ? { ...refused, permanent: false } : refused;
}

function nobodyTaken({ results }: Progress): Transacted | null {
  if (!results.every((result) => result !== null)) return null;
  return { outcome: { kind: 'answered', recipients: results, stage: 'rcpt' }, isReusable: true };
}

function* transfer(progress: Progress): Dialogue<Transacted> {
  progress.stage = 'data';
  const go = yield* ask('DATA', 'data');
  if (go.code !== 354) return refusedAll(go, progress, { stage: 'data', isReusable: true });
  for (const kind of ['send-content', 'send-dot'] as const) {
    const answer = yield { kind };
    if (answer.kind === 'spoke') {
      const { reply } = answer;
      // It has seen enough, and nothing was handed over.
      if (reply.code < 400 || reply.code === 421) throw spokeOutOfTurn(reply);
      return refusedAll(reply, progress, { stage: 'data', isReusable: false });
    }
    expectDone(answer);
  }
  progress.isDotGiven = true;
  const reply = yield* hearAny('final-dot');
  if (!isPositive(reply))
    return refusedAll(reply, progress, { stage: 'dot', isReusable: reply.code !== 421 });
  const recipients = progress.results.map((result) => result ?? ({ kind: 'accepted', reply } as const));
  return { outcome: { kind: 'answered', recipients, stage: 'dot' }, isReusable: true };
}

/** Those that have no answer yet have this one. */
function refusedAll(
  reply: SmtpReply,
  { results }: Progress,
  { stage, isReusable }: { readonly stage: 'mail' | 'data' | 'dot'; readonly isReusable: boolean },
): Transacted {
  const recipients = results.map((result) => result ?? refusal(reply));
  return { outcome: { kind: 'answered', recipients, stage }, isReusable };
}

/** @throws Lost where the reply is neither yes nor no: nobody knows what the server waits for then. */
function refusal(reply: SmtpReply): RecipientOutcome & { readonly kind: 'refused' } {
  if (reply.code < 400) throw new Lost('its answer has no meaning here', reply);
  return { kind: 'refused', permanent: reply.code >= 500, reply };
}
