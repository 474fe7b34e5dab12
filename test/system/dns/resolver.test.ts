/** The resolver against real packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/system/clock.ts';
import { createResolver, type Resolver } from '../../../src/system/dns/resolver.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { startDnsServer } from './dns-server.ts';

const RECORDS = {
  A: { 'example.com': ['192.0.2.1', '192.0.2.2'] },
  AAAA: { 'example.com': ['2001:db8::1'] },
  MX: { 'example.com': [{ preference: 10, exchange: 'MX.Example.com' }] },
  TXT: { 'example.com': ['v=spf1 -all', `${'x'.repeat(300)}\xe9`] },
  PTR: { '1.2.0.192.in-addr.arpa': ['Mail.Example.com'] },
  CNAME: {
    'www.example.com': 'example.com',
    'a.example.com': 'b.example.com',
    'b.example.com': 'a.example.com',
  },
};

function resolverFor(servers: readonly string[], timeoutMs = 2000): Resolver {
  return createResolver({ servers, timeoutMs, clock: systemClock, random: systemRandom });
}

test('resolve() reads each type', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  await using dns = resolverFor([server.address]);
  const records = async (name: string, type: 'A' | 'AAAA' | 'MX' | 'TXT' | 'PTR') => {
    const answer = await dns.resolve(name, type);
    return answer.kind === 'records' ? answer.records : answer;
  };
  assert.deepEqual(await records('EXAMPLE.com.', 'A'), RECORDS.A['example.com']);
  assert.deepEqual(await records('example.com', 'AAAA'), ['2001:db8::1']);
  assert.deepEqual(await records('example.com', 'MX'), [{ preference: 10, exchange: 'mx.example.com' }]);
  assert.deepEqual(await records('example.com', 'TXT'), RECORDS.TXT['example.com']);
  assert.deepEqual(await records('1.2.0.192.in-addr.arpa', 'PTR'), ['mail.example.com']);
  assert.deepEqual(await records('www.example.com', 'A'), RECORDS.A['example.com']);
});
