import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from './clock.sim.ts';
import { simulatedDns } from './dns.sim.ts';
import type { DnsAnswer, DnsRecordType } from './dns.ts';

const dns = simulatedDns({
  A: { 'Example.COM.': ['192.0.2.1'], 'a.b.example.com': ['192.0.2.2'] },
  MX: { 'example.com': [{ preference: 10, exchange: 'MX.example.com.' }] },
  CNAME: {
    'www.example.com': 'example.com.',
    'gone.example.com': 'nowhere.example',
    'x.example.com': 'y.example.com',
    'y.example.com': 'x.example.com',
  },
  fail: { 'TXT example.org': 'server-failure', 'silent.example': 'silence' },
});

async function check(name: string, type: DnsRecordType, expected: Partial<DnsAnswer<DnsRecordType>>) {
  const { detail: _, ...answer } = { detail: '', ...(await dns.resolve(name, type)) };
  assert.deepEqual(answer, expected);
}

test('simulatedDns() answers what an authoritative server would', async () => {
  await check('EXAMPLE.com.', 'A', { kind: 'records', records: ['192.0.2.1'] });
  await check('example.com', 'MX', {
    kind: 'records',
    records: [{ preference: 10, exchange: 'mx.example.com' }],
  });
  await check('www.example.com', 'A', { kind: 'records', records: ['192.0.2.1'] });
  await check('www.example.com', 'TXT', { kind: 'no-data' });
  await check('b.example.com', 'A', { kind: 'no-data' });
  await check('gone.example.com', 'A', { kind: 'no-such-name' });
  await check('ample.com', 'A', { kind: 'no-such-name' });
  await check('a..example.com', 'A', { kind: 'no-such-name' });
  await check('x.example.com', 'A', { kind: 'failed', cause: 'server-failure' });
  await check('example.org', 'TXT', { kind: 'failed', cause: 'server-failure' });
  await check('example.org', 'A', { kind: 'no-such-name' });
  await check('silent.example', 'A', { kind: 'failed', cause: 'silence' });
});

test('simulatedDns() lists what was asked', async () => {
  const asking = simulatedDns();
  await asking.resolve('WWW.example.com.', 'A');
  assert.deepEqual(asking.asked, ['A www.example.com']);
});

test('simulatedDns() with a delay ends at the deadline of its caller', async () => {
  const clock = simulatedClock();
  const slow = simulatedDns({ A: { 'example.com': ['192.0.2.1'] }, delayMs: 1000, clock });
  const controller = new AbortController();
  const inTime = slow.resolve('example.com', 'A');
  const late = slow.resolve('example.com', 'A', { signal: controller.signal });
  controller.abort();
  assert.equal(((await late) as { cause: string }).cause, 'deadline');
  clock.advance(1000);
  assert.equal((await inTime).kind, 'records');
});
