/** What tests of the resolver share: records, a resolver for them, and time that a test moves. */
import assert from 'node:assert/strict';
import type { SimulatedClock } from '../../../src/system/clock.sim.ts';
import { type Clock, systemClock } from '../../../src/system/clock.ts';
import { createResolver, type Resolver } from '../../../src/system/dns/resolver.ts';
import type { SimulatedZone } from '../../../src/system/dns.sim.ts';
import type { DnsAnswer, DnsRecordType } from '../../../src/system/dns.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type DnsServer, type DnsServerOptions, startDnsServer } from './dns-server.ts';

const ADDRESSES = ['192.0.2.1', '192.0.2.2'];

/** One of them in two strings on the wire, and with an octet that is not ASCII. */
export const TXT_RECORDS: readonly string[] = ['v=spf1 -all', `${'x'.repeat(300)}\xe9`];

export const RECORDS: SimulatedZone = {
  A: { 'example.com': ADDRESSES },
  AAAA: { 'example.com': ['2001:db8::1'] },
  MX: { 'example.com': [{ preference: 10, exchange: 'MX.Example.com' }] },
  TXT: { 'example.com': TXT_RECORDS },
  PTR: { '1.2.0.192.in-addr.arpa': ['Mail.Example.com'] },
  CNAME: {
    'www.example.com': 'example.com',
    'dangling.example.com': 'nowhere.example',
    'a.example.com': 'b.example.com',
    'b.example.com': 'a.example.com',
    ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}.test`, `c${at + 1}.test`])),
  },
};
export const A_RECORDS: DnsAnswer<'A'> = { kind: 'records', records: ADDRESSES };

export function resolverFor(
  servers: readonly string[],
  timeoutMs = 5_000,
  clock: Clock = systemClock,
): Resolver {
  return createResolver({ servers, timeoutMs, clock, random: systemRandom });
}

/** Without the words of a failure, which are for people. */
export function plain(answer: DnsAnswer<DnsRecordType>): unknown {
  return answer.kind === 'failed' ? answer.cause : answer;
}

/** Asks one question of a server of its own. */
export async function check(
  question: readonly [string, DnsRecordType],
  expected: unknown,
  options: DnsServerOptions = {},
): Promise<readonly string[]> {
  await using server = await startDnsServer({ records: RECORDS, ...options });
  await using dns = resolverFor([server.address]);
  assert.deepEqual(plain(await dns.resolve(...question)), expected);
  return server.asked;
}

/** Resolves when `server` has been asked `count` times. */
export async function askedTimes(server: DnsServer, count: number): Promise<void> {
  while (server.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves `clock` until `promise` is settled. */
export async function moving<Value>(clock: SimulatedClock, promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  void promise.finally(() => {
    isSettled = true;
  });
  while (!isSettled) {
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}
