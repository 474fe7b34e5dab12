/** The resolver with several servers, and with those that fail or are silent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'dns-packet';
import { simulatedClock } from '../../../src/system/clock.sim.ts';
import { createResolver, QUESTIONS_AT_ONCE, type Resolver } from '../../../src/system/dns/resolver.ts';
import type { DnsRecordType } from '../../../src/system/dns.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { A_RECORDS, askedTimes, moving, plain, RECORDS, resolverFor } from './asking.ts';
import { startDnsServer } from './dns-server.ts';

const REFUSED = 5;

test('resolve() asks the next server after SERVFAIL, REFUSED and a closed port', async () => {
  await using good = await startDnsServer({ records: RECORDS });
  await using failing = await startDnsServer({ records: RECORDS });
  failing.fail('example.com');
  await using refusing = await startDnsServer({
    onQuestion: ({ honest, send }) => {
      send(encode({ ...honest, flags: REFUSED }));
      return true;
    },
  });
  const gone = await startDnsServer();
  await gone[Symbol.asyncDispose]();
  const began = performance.now();
  for (const bad of [failing, refusing, gone]) {
    await using dns = resolverFor([bad.address, good.address]);
    assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
  }
  assert.ok(performance.now() - began < 800, 'no time-out was waited for');
  await using dns = resolverFor([gone.address]);
  assert.equal(plain(await dns.resolve('example.com', 'A')), 'silence');
  await using both = resolverFor([gone.address, failing.address]);
  assert.equal(plain(await both.resolve('example.com', 'A')), 'server-failure');
  assert.ok(performance.now() - began < 1_600, 'no time-out was waited for');
});

test('resolve() asks the next server after silence, and does not wait for the silent one again', async () => {
  await using silent = await startDnsServer({ records: RECORDS });
  await using good = await startDnsServer({ records: RECORDS });
  silent.stopAnswering();
  const clock = simulatedClock();
  await using dns = resolverFor([silent.address, good.address], 6_000, clock);
  const first = dns.resolve('example.com', 'A');
  await askedTimes(silent, 1);
  clock.advance(999);
  assert.deepEqual(good.asked, []);
  clock.advance(1);
  assert.deepEqual(await first, A_RECORDS);
  // The clock stands still: whoever waited for the silent one would wait for ever.
  assert.equal((await dns.resolve('example.com', 'MX')).kind, 'records');
  assert.equal(silent.asked.length, 1);
  silent.resume();
  clock.advance(10_001);
  assert.equal((await dns.resolve('example.com', 'AAAA')).kind, 'records');
  assert.equal(silent.asked.length, 2);
});

test('resolve() takes a late answer of a server while it asks the next one', async () => {
  const held: (() => void)[] = [];
  await using late = await startDnsServer({
    records: RECORDS,
    onQuestion: ({ honest, send }) => held.push(() => send(encode(honest))) > 0,
  });
  await using silent = await startDnsServer();
  silent.stopAnswering();
  const clock = simulatedClock();
  await using dns = resolverFor([late.address, silent.address], 6_000, clock);
  const answer = dns.resolve('example.com', 'A');
  await askedTimes(late, 1);
  clock.advance(1_000);
  await askedTimes(silent, 1);
  held[0]?.();
  assert.deepEqual(await answer, A_RECORDS);
});

test('resolve() asks once more where a datagram was lost', async () => {
  let questions = 0;
  await using server = await startDnsServer({ records: RECORDS, onQuestion: () => ++questions === 1 });
  await using dns = resolverFor([server.address], 150);
  assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
  assert.equal(questions, 2);
});

async function untilBack(dns: Resolver): Promise<void> {
  while ((await dns.resolve('example.com', 'MX')).kind === 'failed');
}

test('resolve() answers at once while all servers are silent, and probes them', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.stopAnswering();
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  assert.equal(plain(await moving(clock, dns.resolve('example.com', 'A'))), 'silence');
  const asked = server.asked.length;
  const began = clock.monotonicMs();
  const types: readonly DnsRecordType[] = ['TXT', 'AAAA', 'PTR'];
  const answers = Promise.all(types.map((type) => dns.resolve('example.com', type)));
  for (const answer of await moving(clock, answers)) assert.equal(plain(answer), 'silence');
  assert.ok(clock.monotonicMs() - began < 500, 'nobody waited for a time-out');
  assert.deepEqual(server.asked.slice(asked), ['A localhost']);
  // As soon as the probe is answered all is well.
  server.resume();
  await moving(clock, untilBack(dns));
  assert.equal((await dns.resolve('example.com', 'TXT')).kind, 'records');
});

test('resolve() answers others while nobody answers for the names that a sender has made up', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  for (const name of ['one.example', 'two.example', 'three.example']) server.ignore(name);
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  assert.equal(plain(await moving(clock, dns.resolve('one.example', 'A'))), 'silence');
  const others = ['two.example', 'three.example'].map((name) => dns.resolve(name, 'A'));
  assert.deepEqual(await moving(clock, dns.resolve('example.com', 'A')), A_RECORDS);
  assert.deepEqual((await moving(clock, Promise.all(others))).map(plain), ['silence', 'silence']);
});

test('resolve() does not take one name without an answer for a silent server', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.ignore('slow.example');
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  const slow = dns.resolve('slow.example', 'A');
  await askedTimes(server, 1);
  clock.advance(10);
  assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
  assert.equal(plain(await moving(clock, slow)), 'silence');
  const [first, second] = await Promise.all([
    dns.resolve('example.com', 'MX'),
    dns.resolve('example.com', 'TXT'),
  ]);
  assert.deepEqual([first?.kind, second?.kind], ['records', 'records']);
});

test('the log says once that all servers are silent, and once that one is back', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.stopAnswering();
  const clock = simulatedClock();
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  const log = { ...silentLog, warn: note, info: note };
  await using dns = createResolver({
    servers: [server.address],
    timeoutMs: 5_000,
    clock,
    random: systemRandom,
    log,
  });
  for (const type of ['A', 'MX', 'TXT'] as const) await moving(clock, dns.resolve('example.com', type));
  assert.deepEqual(events, ['dns.silent']);
  server.resume();
  await moving(clock, untilBack(dns));
  await dns.resolve('example.com', 'PTR');
  assert.deepEqual(events, ['dns.silent', 'dns.heard']);
});

test('resolve() reads what has come in while the process was busy for longer than the time limit', async () => {
  await using server = await startDnsServer({
    records: RECORDS,
    onQuestion: ({ honest, send }) => {
      send(encode(honest));
      setImmediate(() => {
        const began = performance.now();
        while (performance.now() - began < 150);
      });
      return true;
    },
  });
  await using dns = resolverFor([server.address], 100);
  assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
});

test('resolve() answers others while more questions are without an answer than may be under way', async () => {
  await using server = await startDnsServer({
    records: RECORDS,
    onQuestion: ({ honest }) => honest.questions?.[0]?.name.endsWith('.silent.example') === true,
  });
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  const silent = Array.from({ length: QUESTIONS_AT_ONCE }, (_, n) =>
    dns.resolve(`k${n}.silent.example`, 'TXT'),
  );
  const answer = dns.resolve('example.com', 'A');
  const began = clock.monotonicMs();
  assert.deepEqual(await moving(clock, answer), A_RECORDS);
  assert.ok(clock.monotonicMs() - began < 2_000);
  await moving(clock, Promise.all(silent));
});
