/**
 * How the client's side of SMTP is written: as a generator that yields what is to be done next and is
 * given what came of it. It knows no socket and no clock, so a test plays the server by a list.
 *
 * Terms:
 * - *step*: one thing to do on the connection.
 * - *driver*: who carries steps out (`outbound/conversation.ts`).
 */
import { assert } from '../../system/assert.ts';
import type { TlsStanding } from './outcome.ts';
import type { SmtpReply } from './reply.ts';

/** Which time limit a step has (RFC 5321 §4.5.3.2); the driver knows how long each is. */
export type Limit = 'greeting' | 'command' | 'data' | 'final-dot';

export type Step =
  /** Sends one command, or several in one go. */
  | { readonly kind: 'send'; readonly text: string; readonly limit: Limit }
  | { readonly kind: 'hear'; readonly limit: Limit }
  | { readonly kind: 'start-tls' }
  /** Sends the message, dots doubled, up to and without its final dot. */
  | { readonly kind: 'send-content' }
  /** Makes durable that a doubt may follow, then gives the final dot to the kernel. */
  | { readonly kind: 'send-dot' };

export type Answer =
  /**
   * Sent. Of the final dot: given to the kernel, whatever became of it; each other answer to `send-dot`
   * says that no octet of it was given.
   */
  | { readonly kind: 'done' }
  | { readonly kind: 'heard'; readonly reply: SmtpReply }
  | { readonly kind: 'secured'; readonly tls: TlsStanding }
  | { readonly kind: 'not-secured'; readonly reason: string }
  /** A reply was there before anything was asked. What was to be sent was not, or not to its end. */
  | { readonly kind: 'spoke'; readonly reply: SmtpReply }
  /** Closed, reset, out of time, or what came is no SMTP. */
  | { readonly kind: 'lost'; readonly reason: string };

export type Dialogue<Result> = Generator<Step, Result, Answer>;

/** Thrown and caught within a dialogue: the conversation has ended where it must not have. */
export class Lost extends Error {
  override readonly name = 'Lost';
  /** What the server said last about it. */
  readonly reply: SmtpReply | null;

  constructor(reason: string, reply: SmtpReply | null = null) {
    super(reason);
    this.reply = reply;
  }
}

/** True for a positive completion reply (RFC 5321 §4.2.1). */
export function isPositive({ code }: SmtpReply): boolean {
  return code >= 200 && code < 300;
}

/** @param text Without the last CRLF. @throws Lost */
export function* say(text: string, limit: Limit): Dialogue<void> {
  const answer = yield { kind: 'send', text: `${text}\r\n`, limit };
  if (answer.kind === 'spoke') throw spokeOutOfTurn(answer.reply);
  expectDone(answer);
}

/** The next reply. 421 is the end, whatever was asked (RFC 5321 §3.8). @throws Lost */
export function* hear(limit: Limit): Dialogue<SmtpReply> {
  const reply = yield* hearAny(limit);
  if (reply.code === 421) throw leaves(reply);
  return reply;
}

/** The next reply, 421 as well: where it is the answer to a whole message. @throws Lost */
export function* hearAny(limit: Limit): Dialogue<SmtpReply> {
  const answer = yield { kind: 'hear', limit };
  if (answer.kind === 'lost') throw new Lost(answer.reason);
  assert(answer.kind === 'heard', 'What is heard is a reply');
  return answer.reply;
}

/** @throws Lost */
export function* ask(command: string, limit: Limit): Dialogue<SmtpReply> {
  yield* say(command, limit);
  return yield* hear(limit);
}

/**
 * What a reply means that nothing had asked for. To go on would be to take each reply for the next
 * command's, and in the end a message for accepted that was not.
 */
export function spokeOutOfTurn(reply: SmtpReply): Lost {
  return reply.code === 421 ? leaves(reply) : new Lost('it spoke before it was asked', reply);
}

/** @throws Lost */
export function expectDone(answer: Answer): void {
  if (answer.kind === 'lost') throw new Lost(answer.reason);
  assert(answer.kind === 'done', 'What was to be sent is sent');
}

function leaves(reply: SmtpReply): Lost {
  return new Lost('it closes the connection', reply);
}
