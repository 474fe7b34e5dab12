import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../clock.sim.ts';
import type { DnsAnswer } from '../dns.ts';
import { createCache, ENTRY_OCTETS } from './cache.ts';

const RECORDS: DnsAnswer<'A'> = { kind: 'records', records: ['192.0.2.1'] };
const DAY_MS = 86_400_000;

test('Cache keeps each kind of answer as long as it may and no longer', () => {
  const check = (answer: DnsAnswer<'A'>, ttlSeconds: number | null, keptMs: number): void => {
    const clock = simulatedClock();
    const cache = createCache(clock);
    cache.put('A a', answer, ttlSeconds);
    if (keptMs > 0) clock.advance(keptMs - 1);
    assert.deepEqual(cache.get('A a'), keptMs > 0 ? answer : null);
    clock.advance(1);
    assert.equal(cache.get('A a'), null);
  };
  check(RECORDS, 60, 60_000);
  check(RECORDS, 0, 0);
  check(RECORDS, 0x7fff_ffff, DAY_MS);
  check({ kind: 'no-data' }, 60, 60_000);
  check({ kind: 'no-data' }, null, 0);
  check({ kind: 'no-such-name' }, DAY_MS, 3_600_000);
  check({ kind: 'failed', cause: 'server-failure', detail: '' }, null, 4_000);
  check({ kind: 'failed', cause: 'silence', detail: '' }, 60, 4_000);
  check({ kind: 'failed', cause: 'deadline', detail: '' }, 60, 0);
});

test('Cache does not follow wall time', () => {
  const clock = simulatedClock();
  const cache = createCache(clock);
  cache.put('A a', RECORDS, 60);
  clock.jump(10 * DAY_MS);
  assert.deepEqual(cache.get('A a'), RECORDS);
});

test('Cache drops what was stored first where it has too many entries or octets', () => {
  const few = createCache(simulatedClock(), { entriesMax: 2 });
  for (const key of ['a', 'b', 'a', 'c']) few.put(key, RECORDS, 60);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => few.get(key) !== null),
    [true, false, true],
  );
  const small = createCache(simulatedClock(), { octetsMax: 2 * ENTRY_OCTETS + 100 });
  for (const key of ['a', 'b']) small.put(key, RECORDS, 60);
  small.put('c', { kind: 'records', records: ['x'.repeat(90)] }, 60);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => small.get(key) !== null),
    [false, false, true],
  );
  small.put('d', { kind: 'records', records: ['x'.repeat(9_000)] }, 60);
  assert.equal(small.get('d'), null);
  for (const key of ['a', 'b']) small.put(key, RECORDS, 60);
  assert.ok(small.get('a') !== null && small.get('b') !== null, 'what is gone no longer counts');
});
