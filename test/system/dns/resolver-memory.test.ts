/** What the resolver remembers, shares and bounds, and how it ends. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { encode } from 'dns-packet';
import { simulatedClock } from '../../../src/system/clock.sim.ts';
import type { DnsRecordType } from '../../../src/system/dns.ts';
import { A_RECORDS, askedTimes, plain, RECORDS, resolverFor } from './asking.ts';
import { startDnsServer } from './dns-server.ts';

test('resolve() remembers what it was told for as long as that holds', async () => {
  await using server = await startDnsServer({ records: RECORDS, ttl: 30, negativeTtl: 20 });
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  const asks = async (name: string, type: DnsRecordType, times: number): Promise<void> => {
    const before = server.asked.length;
    await dns.resolve(name, type);
    assert.equal(server.asked.length - before, times, `${type} ${name}`);
  };
  await asks('www.example.com', 'A', 1);
  await asks('nowhere.example', 'A', 1);
  await asks('example.com', 'PTR', 1);
  clock.advance(19_999);
  await asks('WWW.example.com.', 'A', 0);
  await asks('nowhere.example', 'A', 0);
  await asks('example.com', 'PTR', 0);
  clock.advance(1);
  await asks('www.example.com', 'A', 0);
  await asks('nowhere.example', 'A', 1);
  await asks('example.com', 'PTR', 1);
  clock.advance(9_999);
  await asks('www.example.com', 'A', 0);
  clock.advance(1);
  await asks('www.example.com', 'A', 1);
});

test('resolve() remembers failures for less than five seconds, and no answer without an SOA', async () => {
  await using server = await startDnsServer({ records: RECORDS, negativeTtl: null });
  server.fail('example.com');
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  for (const _ of [1, 2]) assert.equal(plain(await dns.resolve('example.com', 'A')), 'server-failure');
  assert.equal(server.asked.length, 1);
  server.heal();
  clock.advance(4_999);
  assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
  for (const _ of [1, 2]) await dns.resolve('nowhere.example', 'A');
  assert.equal(server.asked.length, 4);
});

test('resolve() shares a question under way, and one caller that gives up does not end it', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.delay('example.com', 50);
  await using dns = resolverFor([server.address]);
  const controller = new AbortController();
  const given = dns.resolve('example.com', 'A', { signal: controller.signal });
  const kept = dns.resolve('Example.com', 'A');
  await askedTimes(server, 1);
  controller.abort();
  assert.equal(plain(await given), 'deadline');
  assert.deepEqual(await kept, A_RECORDS);
  assert.deepEqual(server.asked, ['A example.com']);
  assert.equal(plain(await dns.resolve('example.org', 'A', { signal: controller.signal })), 'deadline');
  assert.equal(server.asked.length, 1);
});

test('resolve() asks no more than 256 questions at once, and all in the end', async () => {
  const held: (() => void)[] = [];
  await using server = await startDnsServer({
    onQuestion: ({ honest, send }) => held.push(() => send(encode(honest))) > 0,
  });
  await using dns = resolverFor([server.address], 20_000);
  const answers = Array.from({ length: 300 }, (_, at) => dns.resolve(`n${at}.test`, 'A'));
  await askedTimes(server, 256);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.asked.length, 256);
  for (const send of held.splice(0)) send();
  await askedTimes(server, 300);
  for (const send of held.splice(0)) send();
  for (const answer of await Promise.all(answers)) assert.equal(answer.kind, 'no-such-name');
});

test('dispose ends questions under way and answers later ones with silence', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.ignore('example.com');
  const dns = resolverFor([server.address], 60_000);
  const answer = dns.resolve('example.com', 'A');
  await askedTimes(server, 1);
  await dns[Symbol.asyncDispose]();
  assert.equal(plain(await answer), 'silence');
  assert.equal(plain(await dns.resolve('example.com', 'MX')), 'silence');
});

test('dispose leaves nothing that keeps a process alive', async () => {
  const silent = createSocket('udp4');
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const tcp = createServer().listen(silent.address().port, '127.0.0.1');
  const source = (file: string): string =>
    JSON.stringify(join(import.meta.dirname, '../../../src/system', file));
  const program = `
    import { systemClock } from ${source('clock.ts')};
    import { systemRandom } from ${source('random.ts')};
    import { createResolver } from ${source('dns/resolver.ts')};
    const dns = createResolver({
      servers: ['127.0.0.1:${silent.address().port}'], timeoutMs: 60000, clock: systemClock, random: systemRandom,
    });
    void dns.resolve('example.com', 'A').then(({ cause }) => console.log(cause));
    setImmediate(() => void dns[Symbol.asyncDispose]());
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 10_000,
  });
  assert.equal((await run).stdout, 'silence\n');
  silent.close();
  tcp.close();
});
