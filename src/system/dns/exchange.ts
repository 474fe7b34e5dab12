/**
 * One question to one server, until it has said what it knows: UDP with EDNS, without where the server does
 * not speak it, TCP where UDP is not enough.
 */
import type { Random } from '../random.ts';
import { hasQuestionOf, type PacketHead, RCODES, readAnswerPacket, readPacketHead } from './answer-packet.ts';
import { type Conclusion, concludeFrom } from './conclusion.ts';
import { encodeQuestion, type Question, UDP_ANSWER_OCTETS_MAX } from './question.ts';
import { formatServerAddress, type ServerAddress } from './server-address.ts';
import { askOverTcp } from './tcp.ts';
import { askOverUdp } from './udp.ts';

/** What the server's part of a question comes to; silence ends in `aborted`, by whoever waits for it. */
export type Exchange =
  | Conclusion
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'aborted' };

export interface ExchangeOptions {
  readonly random: Random;
  /** CNAMEs that led to this question. */
  readonly aliasesBefore: number;
  readonly useEdns: boolean;
  /** The server has sent something that answers the question, whatever it is. */
  readonly onHeard: () => void;
  /** The server does not take questions with EDNS. */
  readonly onEdnsRefused: () => void;
  readonly signal: AbortSignal;
}

/** Refusals that say nothing of the question may come without it: some servers read no further. */
const REFUSALS: ReadonlySet<number> = new Set([
  RCODES.formatError,
  RCODES.serverFailure,
  RCODES.notImplemented,
  RCODES.refused,
]);

const EDNS_REFUSALS: ReadonlySet<number> = new Set([
  RCODES.formatError,
  RCODES.notImplemented,
  RCODES.badVersion,
]);

/** True where `bytes` are an answer to the question sent as `sent`: id, question, and that it is an answer. */
export function answersQuestion(sent: Uint8Array, bytes: Uint8Array): boolean {
  const head = readPacketHead(bytes);
  if (head === null || !head.isAnswer || head.id !== readPacketHead(sent)?.id) return false;
  return isBareRefusal(head) || hasQuestionOf(sent, bytes);
}

function isBareRefusal({ questions, rcode }: PacketHead): boolean {
  return questions === 0 && REFUSALS.has(rcode);
}

/** What an answer comes to that has passed {@link answersQuestion}. */
export type Reading =
  | Conclusion
  | { readonly kind: 'edns-refused' }
  | { readonly kind: 'mangled'; readonly detail: string };

/** Reads an answer as a whole. Total. */
export function readAnswer(bytes: Uint8Array, question: Question, aliasesBefore: number): Reading {
  const head = readPacketHead(bytes);
  if (head === null) return { kind: 'mangled', detail: 'no header' };
  if (isBareRefusal(head)) {
    if (EDNS_REFUSALS.has(head.rcode)) return { kind: 'edns-refused' };
    return { kind: 'server-failure', detail: `rcode ${head.rcode}` };
  }
  const packet = readAnswerPacket(bytes, question.type);
  if (packet.kind === 'mangled') return packet;
  return EDNS_REFUSALS.has(packet.rcode) ? { kind: 'edns-refused' } : concludeFrom(packet, aliasesBefore);
}

/** Asks `server`. Never rejects; waits until it answers or `signal` says otherwise. */
export async function askServer(
  server: ServerAddress,
  question: Question,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { random, useEdns, onHeard, signal } = options;
  const sent = encodeQuestion(question, { id: Number.parseInt(random.hex(2), 16), useEdns });
  const outcome = await askOverUdp(server, sent, {
    isAnswer: (bytes) => answersQuestion(sent, bytes),
    signal,
  });
  switch (outcome.kind) {
    case 'aborted':
    case 'unreachable':
      return outcome;
    case 'flooded':
      return askByTcp(server, question, options);
    case 'received':
      break;
  }
  onHeard();
  if (readPacketHead(outcome.bytes)?.isTruncated || outcome.bytes.length > UDP_ANSWER_OCTETS_MAX) {
    return askByTcp(server, question, options);
  }
  const reading = readAnswer(outcome.bytes, question, options.aliasesBefore);
  if (reading.kind === 'mangled') return askByTcp(server, question, options);
  return settle(reading, askServer, { server, question, options });
}

async function askByTcp(
  server: ServerAddress,
  question: Question,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { random, useEdns, onHeard, signal } = options;
  const sent = encodeQuestion(question, { id: Number.parseInt(random.hex(2), 16), useEdns });
  const outcome = await askOverTcp(server, sent, { signal });
  switch (outcome.kind) {
    case 'aborted':
      return outcome;
    case 'closed':
      return { kind: 'server-failure', detail: outcome.detail };
    case 'received':
      break;
  }
  if (!answersQuestion(sent, outcome.bytes)) return failureOf(server, 'answered another question over TCP');
  onHeard();
  const reading = readAnswer(outcome.bytes, question, options.aliasesBefore);
  if (reading.kind === 'mangled') return failureOf(server, `mangled answer: ${reading.detail}`);
  return settle(reading, askByTcp, { server, question, options });
}

/** What a reading comes to; one that refuses EDNS is asked for again without it, in the same way. */
async function settle(
  reading: Exclude<Reading, { readonly kind: 'mangled' }>,
  ask: typeof askByTcp,
  asked: { readonly server: ServerAddress; readonly question: Question; readonly options: ExchangeOptions },
): Promise<Exchange> {
  const { server, question, options } = asked;
  switch (reading.kind) {
    case 'edns-refused':
      if (!options.useEdns) return failureOf(server, 'does not understand the question');
      options.onEdnsRefused();
      return ask(server, question, { ...options, useEdns: false });
    case 'server-failure':
      return failureOf(server, reading.detail);
    default:
      return reading;
  }
}

function failureOf(server: ServerAddress, detail: string): Exchange {
  return { kind: 'server-failure', detail: `${formatServerAddress(server)}: ${detail}` };
}
