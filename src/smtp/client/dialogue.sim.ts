/** Plays the server and the driver for one dialogue, from a list. */
import type { Answer, Dialogue, Step } from './dialogue.ts';
import { ReplyReader, type SmtpReply } from './reply.ts';

export interface Played<Result> {
  readonly result: Result;
  /** What was sent, one command each, and the kinds of other steps in angle brackets. */
  readonly said: readonly string[];
}

/** @param text Lines without the last CRLF. */
export function replyOf(text: string): SmtpReply {
  const [reading] = new ReplyReader().take(Buffer.from(`${text}\r\n`, 'latin1'));
  if (reading?.kind !== 'reply') throw new Error(`No reply: ${text}`);
  return reading.reply;
}

/**
 * @param replies One for each that is heard; behind the last one the connection is lost.
 * @param otherwise What comes of a step instead of the best, by its number from 0; undefined: the best.
 */
export function play<Result>(
  dialogue: Dialogue<Result>,
  replies: readonly string[],
  otherwise: (step: Step, nth: number) => Answer | undefined = () => undefined,
): Played<Result> {
  const left = [...replies];
  const said: string[] = [];
  const best = (step: Step): Answer => {
    if (step.kind === 'start-tls')
      return { kind: 'secured', tls: { protocol: 'TLSv1.3', cipher: 'x', problem: null } };
    if (step.kind !== 'hear') return { kind: 'done' };
    const text = left.shift();
    return text === undefined
      ? { kind: 'lost', reason: 'it closed the connection' }
      : { kind: 'heard', reply: replyOf(text) };
  };
  let turn = dialogue.next();
  for (let nth = 0; turn.done !== true; nth += 1) {
    const step = turn.value;
    if (step.kind === 'send') said.push(...step.text.split('\r\n').slice(0, -1));
    else if (step.kind !== 'hear') said.push(`<${step.kind}>`);
    turn = dialogue.next(otherwise(step, nth) ?? best(step));
  }
  return { result: turn.value, said };
}
