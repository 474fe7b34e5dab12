/**
 * Answers that were given, for as long as they hold (RFC 1035 §7.4, RFC 2308 §5 and §7).
 *
 * Bounded in number and size; what was stored first goes first.
 */
import type { Clock } from '../clock.ts';
import type { DnsAnswer, DnsRecordType } from '../dns.ts';

const CACHE_ENTRIES_MAX = 20_000;

/** 64 KiB answers would otherwise fill a gigabyte. */
const CACHE_OCTETS_MAX: number = 16 * 1024 * 1024;

/**
 * A day, where RFC 8767 §4 names a week as the most that is sensible: a key that was taken back should not be
 * believed for so long.
 */
const TTL_SECONDS_MAX = 86_400;

/** RFC 2308 §5 speaks of one to three hours. */
const NEGATIVE_TTL_SECONDS_MAX = 3_600;

/**
 * RFC 2308 §7 allows five minutes. A message waits for the next attempt, the first of them after five seconds,
 * and that has to ask anew.
 */
const FAILURE_MS = 4_000;

/** Key, object and timestamps, roughly. */
export const ENTRY_OCTETS = 256;

type Answer = DnsAnswer<DnsRecordType>;

interface Entry {
  readonly answer: Answer;
  readonly untilMs: number;
  readonly octets: number;
}

export interface Cache {
  get(key: string): Answer | null;
  /** @param ttlSeconds As DNS said it; the caps of this file apply. Null: not to be kept. Not used for failures. */
  put(key: string, answer: Answer, ttlSeconds: number | null): void;
}

function sizeOf(key: string, answer: Answer): number {
  let octets = ENTRY_OCTETS + key.length;
  if (answer.kind === 'failed') octets += answer.detail.length;
  if (answer.kind === 'records') {
    for (const record of answer.records) {
      octets += 16 + (typeof record === 'string' ? record.length : record.exchange.length);
    }
  }
  return octets;
}

function lifeMs(answer: Answer, ttlSeconds: number | null): number {
  switch (answer.kind) {
    case 'failed':
      // The caller's time says nothing of the question.
      return answer.cause === 'deadline' ? 0 : FAILURE_MS;
    case 'records':
      return Math.min(ttlSeconds ?? 0, TTL_SECONDS_MAX) * 1000;
    case 'no-data':
    case 'no-such-name':
      return Math.min(ttlSeconds ?? 0, NEGATIVE_TTL_SECONDS_MAX) * 1000;
  }
}

export interface CacheBounds {
  readonly entriesMax?: number;
  readonly octetsMax?: number;
}

export function createCache(
  clock: Clock,
  { entriesMax = CACHE_ENTRIES_MAX, octetsMax = CACHE_OCTETS_MAX }: CacheBounds = {},
): Cache {
  const entries = new Map<string, Entry>();
  let octets = 0;
  const remove = (key: string): void => {
    octets -= entries.get(key)?.octets ?? 0;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return null;
      if (entry.untilMs > clock.monotonicMs()) return entry.answer;
      remove(key);
      return null;
    },
    put(key, answer, ttlSeconds) {
      remove(key);
      const life = lifeMs(answer, ttlSeconds);
      if (life <= 0) return;
      const entry = { answer, untilMs: clock.monotonicMs() + life, octets: sizeOf(key, answer) };
      entries.set(key, entry);
      octets += entry.octets;
      for (const oldest of entries.keys()) {
        if (entries.size <= entriesMax && octets <= octetsMax) break;
        remove(oldest);
      }
    },
  };
}
