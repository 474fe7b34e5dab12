/** What an answer says about its question: chains of CNAMEs, what is negative, and for how long it holds. */
import type { DnsRecords, DnsRecordType } from '../dns.ts';
import { type AnswerPacket, RCODES } from './answer-packet.ts';

/** CNAMEs from a question to its records. Resolvers in use stop between 8 and 16; honest chains have three. */
const CNAME_CHAIN_MAX = 8;

export type Conclusion =
  | {
      readonly kind: 'records';
      readonly records: readonly DnsRecords[DnsRecordType][];
      readonly ttlSeconds: number;
      readonly aliases: number;
    }
  /** Nothing of the kind; null: not to be remembered, since no SOA says for how long (RFC 2308 §5). */
  | {
      readonly kind: 'no-data' | 'no-such-name';
      readonly ttlSeconds: number | null;
      readonly aliases: number;
    }
  /** CNAMEs lead to a name of which the answer says nothing. */
  | {
      readonly kind: 'elsewhere';
      readonly target: string;
      readonly ttlSeconds: number;
      readonly aliases: number;
    }
  | { readonly kind: 'server-failure'; readonly detail: string };

function rcodeText(rcode: number): string {
  const name = Object.entries(RCODES).find(([, code]) => code === rcode)?.[0];
  return name === undefined ? `rcode ${rcode}` : `rcode ${rcode} (${name})`;
}

/**
 * @param packet A well-formed answer to the question.
 * @param aliasesBefore CNAMEs that led to this question.
 */
export function concludeFrom(packet: AnswerPacket, aliasesBefore = 0): Conclusion {
  const { rcode, records } = packet;
  if (rcode !== RCODES.noError && rcode !== RCODES.nameError) {
    return { kind: 'server-failure', detail: rcodeText(rcode) };
  }
  const targets = new Map<string, { readonly target: string; readonly ttlSeconds: number }>();
  for (const { owner, content, ttlSeconds } of records) {
    if (content.kind === 'alias') targets.set(owner, { target: content.target, ttlSeconds });
  }
  let owner = packet.name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  let aliases = aliasesBefore;
  for (let step = targets.get(owner); step !== undefined; step = targets.get(owner)) {
    aliases += 1;
    // A loop has no end: it meets the limit like a chain that is too long.
    if (aliases > CNAME_CHAIN_MAX)
      return { kind: 'server-failure', detail: 'too many CNAMEs, or a loop of them' };
    ttlSeconds = Math.min(ttlSeconds, step.ttlSeconds);
    owner = step.target;
  }
  // RFC 2308 §2.1: NXDOMAIN is about the end of the chain.
  if (rcode === RCODES.nameError) return negative('no-such-name', packet, ttlSeconds, aliases);
  const found = records.filter((record) => record.content.kind === 'record' && record.owner === owner);
  if (found.length > 0) {
    return {
      kind: 'records',
      records: found.flatMap(({ content }) => (content.kind === 'record' ? [content.record] : [])),
      ttlSeconds: Math.min(ttlSeconds, ...found.map((record) => record.ttlSeconds)),
      aliases,
    };
  }
  if (packet.isReferral)
    return { kind: 'server-failure', detail: 'a referral: the server does not ask others' };
  if (aliases > aliasesBefore && packet.negativeTtlSeconds === null) {
    return { kind: 'elsewhere', target: owner, ttlSeconds, aliases };
  }
  return negative('no-data', packet, ttlSeconds, aliases);
}

function negative(
  kind: 'no-data' | 'no-such-name',
  { negativeTtlSeconds }: AnswerPacket,
  chainTtlSeconds: number,
  aliases: number,
): Conclusion {
  const ttlSeconds = negativeTtlSeconds === null ? null : Math.min(negativeTtlSeconds, chainTtlSeconds);
  return { kind, ttlSeconds, aliases };
}
