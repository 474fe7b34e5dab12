/** The resolver against real packets: a server on this machine, and what it may do wrong. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { encode, type Packet } from 'dns-packet';
import { type SimulatedClock, simulatedClock } from '../../../src/system/clock.sim.ts';
import { type Clock, systemClock } from '../../../src/system/clock.ts';
import { createResolver, type Resolver } from '../../../src/system/dns/resolver.ts';
import type { DnsAnswer, DnsRecordType } from '../../../src/system/dns.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { type Asked, type DnsServer, startDnsServer, tcpFrame, truncated } from './dns-server.ts';

const RECORDS = {
  A: { 'example.com': ['192.0.2.1', '192.0.2.2'] },
  AAAA: { 'example.com': ['2001:db8::1'] },
  MX: { 'example.com': [{ preference: 10, exchange: 'MX.Example.com' }] },
  TXT: { 'example.com': ['v=spf1 -all', `${'x'.repeat(300)}\xe9`] },
  PTR: { '1.2.0.192.in-addr.arpa': ['Mail.Example.com'] },
  CNAME: {
    'www.example.com': 'example.com',
    'dangling.example.com': 'nowhere.example',
    'a.example.com': 'b.example.com',
    'b.example.com': 'a.example.com',
    ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}.test`, `c${at + 1}.test`])),
  },
};
const A_RECORDS = { kind: 'records', records: RECORDS.A['example.com'] };
const FORMERR = 1;
const NOTIMP = 4;
const REFUSED = 5;

function resolverFor(servers: readonly string[], timeoutMs = 5_000, clock: Clock = systemClock): Resolver {
  return createResolver({ servers, timeoutMs, clock, random: systemRandom });
}

/** Without the words of a failure, which are for people. */
function plain(answer: DnsAnswer<DnsRecordType>): unknown {
  return answer.kind === 'failed' ? answer.cause : answer;
}

/** Asks one question of a server of its own. */
async function check(
  question: readonly [string, DnsRecordType],
  expected: unknown,
  options: Parameters<typeof startDnsServer>[0] = {},
): Promise<readonly string[]> {
  await using server = await startDnsServer({ records: RECORDS, ...options });
  await using dns = resolverFor([server.address]);
  assert.deepEqual(plain(await dns.resolve(...question)), expected);
  return server.asked;
}

/** Resolves when `server` has been asked `count` times. */
async function askedTimes(server: DnsServer, count: number): Promise<void> {
  while (server.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves `clock` until `promise` is settled. */
async function moving<Value>(clock: SimulatedClock, promise: Promise<Value>): Promise<Value> {
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

test('resolve() reads each type', async () => {
  await check(['EXAMPLE.com.', 'A'], A_RECORDS);
  await check(['example.com', 'AAAA'], { kind: 'records', records: ['2001:db8::1'] });
  const mx = [{ preference: 10, exchange: 'mx.example.com' }];
  await check(['example.com', 'MX'], { kind: 'records', records: mx });
  await check(['example.com', 'TXT'], { kind: 'records', records: RECORDS.TXT['example.com'] });
  await check(['1.2.0.192.in-addr.arpa', 'PTR'], { kind: 'records', records: ['mail.example.com'] });
});

test('resolve() keeps no-such-name, no-data, server-failure and silence apart', async () => {
  await check(['nowhere.example', 'A'], { kind: 'no-such-name' });
  await check(['example.com', 'PTR'], { kind: 'no-data' });
  await check(['nowhere.example', 'A'], { kind: 'no-such-name' }, { negativeTtl: null });
  await check(['example.com', 'PTR'], { kind: 'no-data' }, { negativeTtl: null });
  const rcode = (code: number) => ({
    onQuestion: ({ honest, send }: Asked) => {
      send(encode({ ...honest, flags: code, answers: [] }));
      return true;
    },
  });
  await check(['example.com', 'A'], 'server-failure', rcode(2));
  await check(['example.com', 'A'], 'server-failure', rcode(REFUSED));
  await check(['example.com', 'A'], 'server-failure', rcode(9));
  await using server = await startDnsServer({ records: RECORDS });
  server.stopAnswering();
  await using dns = resolverFor([server.address], 100);
  assert.equal(plain(await dns.resolve('example.com', 'A')), 'silence');
});

test('resolve() answers no-such-name without a question where DNS cannot hold a name', async () => {
  for (const name of [
    '',
    '.',
    'a..b',
    '.a',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(127)}a`,
    'caf\xe9.test',
  ]) {
    assert.deepEqual(await check([name, 'A'], { kind: 'no-such-name' }), [], name);
  }
  const longest = `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(61)}`;
  assert.deepEqual(await check([longest, 'A'], { kind: 'no-such-name' }), [`A ${longest}`]);
});

test('resolve() follows CNAMEs within an answer and by further questions', async () => {
  assert.deepEqual(await check(['www.example.com', 'A'], A_RECORDS), ['A www.example.com']);
  const lazily = { isLazyAboutAliases: true, negativeTtl: null };
  const asked = await check(['www.example.com', 'A'], A_RECORDS, lazily);
  assert.deepEqual(asked, ['A www.example.com', 'A example.com']);
  await check(['www.example.com', 'PTR'], { kind: 'no-data' });
  await check(['www.example.com', 'PTR'], { kind: 'no-data' }, lazily);
  await check(['dangling.example.com', 'A'], { kind: 'no-such-name' });
  await check(['dangling.example.com', 'A'], { kind: 'no-such-name' }, lazily);
});

test('resolve() ends where CNAMEs are a loop or more than eight', async () => {
  await check(['a.example.com', 'A'], 'server-failure');
  await check(['c0.test', 'A'], 'server-failure');
  await check(['c1.test', 'A'], { kind: 'no-such-name' });
  const lazily = { isLazyAboutAliases: true, negativeTtl: null };
  const asked = await check(['a.example.com', 'A'], 'server-failure', lazily);
  assert.equal(asked.length, 9);
  await check(['c0.test', 'A'], 'server-failure', lazily);
  await check(['c1.test', 'A'], { kind: 'no-such-name' }, lazily);
});

test('resolve() asks over TCP where UDP is truncated, too large or mangled', async () => {
  const byUdp = (octets: (asked: Asked) => Uint8Array) => ({
    onQuestion: (asked: Asked) => {
      if (asked.transport === 'tcp') return false;
      asked.send(octets(asked));
      return true;
    },
  });
  const both = ['A example.com', 'A example.com tcp'];
  const ask = (octets: (asked: Asked) => Uint8Array) => check(['example.com', 'A'], A_RECORDS, byUdp(octets));
  assert.deepEqual(await ask(({ honest }) => encode(truncated(honest))), both);
  assert.deepEqual(await ask(({ honest }) => Buffer.concat([encode(honest), Buffer.alloc(1300)])), both);
  assert.deepEqual(await ask(({ honest }) => encode(honest).subarray(0, -3)), both);
});

test('resolve() takes an answer of nearly 64 KiB over TCP, in pieces', async () => {
  const text = 'y'.repeat(65_000);
  await check(
    ['big.test', 'TXT'],
    { kind: 'records', records: [text] },
    { records: { TXT: { 'big.test': [text] } } },
  );
  const onQuestion = ({ transport, honest, send }: Asked): boolean => {
    if (transport === 'udp') return false;
    const octets = tcpFrame(encode(honest));
    send(octets.subarray(0, 1));
    setImmediate(() => send(octets.subarray(1, 7)));
    setTimeout(() => send(octets.subarray(7)), 5);
    return true;
  };
  const records = { TXT: { 'big.test': [text] } };
  await check(['big.test', 'TXT'], { kind: 'records', records: [text] }, { records, onQuestion });
});

test('resolve() is server-failure where TCP closes, answers another question or is mangled', async () => {
  const byTcp = (act: (asked: Asked) => void) => ({
    onQuestion: (asked: Asked) => {
      if (asked.transport === 'udp') asked.send(encode(truncated(asked.honest)));
      else act(asked);
      return true;
    },
  });
  const fails = (act: (asked: Asked) => void) => check(['example.com', 'A'], 'server-failure', byTcp(act));
  await fails(({ close }) => close());
  await fails(({ send, close }) => {
    send(Buffer.of(0, 50, 1, 2, 3));
    close();
  });
  await fails(({ send, honest }) => send(tcpFrame(encode({ ...honest, id: (honest.id ?? 0) ^ 1 }))));
  await fails(({ send, honest }) => send(tcpFrame(encode(honest).subarray(0, -3))));
  await fails(({ send }) => send(Buffer.of(0, 0)));
});

test('resolve() is silence where TCP never answers', async () => {
  await using server = await startDnsServer({
    records: RECORDS,
    onQuestion: ({ transport, honest, send }) => {
      if (transport === 'udp') send(encode(truncated(honest)));
      return true;
    },
  });
  await using dns = resolverFor([server.address], 200);
  assert.equal(plain(await dns.resolve('example.com', 'A')), 'silence');
});

test('resolve() passes over answers with a wrong id, question, sender or opcode', async () => {
  const forged = (honest: Packet): Packet => ({
    ...honest,
    answers: [{ type: 'A', name: 'example.com', ttl: 9, data: '203.0.113.66' }],
  });
  const before = (octets: (asked: Asked) => readonly Uint8Array[]) => ({
    onQuestion: (asked: Asked) => {
      if (asked.transport === 'udp') for (const bytes of octets(asked)) asked.send(bytes);
      return false;
    },
  });
  const passed = (octets: (asked: Asked) => readonly Uint8Array[]) =>
    check(['example.com', 'A'], A_RECORDS, before(octets));
  await passed(({ honest }) => [encode({ ...forged(honest), id: (honest.id ?? 0) ^ 1 })]);
  await passed(({ honest }) => [
    encode({ ...forged(honest), questions: [{ type: 'A', name: 'example.org' }] }),
  ]);
  await passed(({ honest }) => [
    encode({ ...forged(honest), questions: [{ type: 'MX', name: 'example.com' }] }),
  ]);
  await passed(({ honest }) => [encode({ ...forged(honest), questions: [] })]);
  await passed(({ honest }) => [encode({ ...forged(honest), type: 'query' })]);
  await passed(({ honest }) => [encode({ ...forged(honest), flags: 4 << 11 })]);
  await passed(({ bytes }) => [bytes, Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(12, 0xff)]);
  // After many of them TCP is asked, where nobody can forge.
  const asked = await passed(({ honest }) =>
    Array.from({ length: 40 }, () => encode({ ...forged(honest), id: (honest.id ?? 0) ^ 1 })),
  );
  assert.deepEqual(asked, ['A example.com', 'A example.com tcp']);
});

test('resolve() never sees what comes from another port than the server', async () => {
  const forger = createSocket('udp4');
  const sent: Promise<void>[] = [];
  await check(['example.com', 'A'], A_RECORDS, {
    onQuestion: ({ honest, from, send }) => {
      const answers: Packet['answers'] = [{ type: 'A', name: 'example.com', data: '203.0.113.66' }];
      const forged = encode({ ...honest, answers });
      sent.push(
        new Promise((resolve) => {
          forger.send(forged, from?.port, from?.address, () => {
            send(encode(honest));
            resolve();
          });
        }),
      );
      return true;
    },
  });
  await Promise.all(sent);
  assert.equal(sent.length, 1);
  forger.close();
});

test('resolve() uses a fresh id and port for each question', async () => {
  const seen = new Set<string>();
  await using server = await startDnsServer({
    onQuestion: ({ query, from }) => {
      seen.add(`${query.id} ${from?.port}`);
      return false;
    },
  });
  await using dns = resolverFor([server.address]);
  for (let at = 0; at < 20; at++) await dns.resolve(`n${at}.test`, 'A');
  const parts = [...seen].map((pair) => pair.split(' '));
  assert.ok(new Set(parts.map(([id]) => id)).size >= 19);
  assert.ok(new Set(parts.map(([, port]) => port)).size >= 15);
});

test('resolve() asks without EDNS a server that refuses it, and goes on so', async () => {
  for (const refusal of ['formerr', 'notimp', 'bare', 'badvers'] as const) {
    const withEdns: boolean[] = [];
    await using server = await startDnsServer({
      records: RECORDS,
      onQuestion: ({ query, honest, send, bytes }) => {
        const hasEdns = (query.additionals ?? []).length > 0;
        withEdns.push(hasEdns);
        if (!hasEdns) return false;
        const bare = Buffer.from(bytes.subarray(0, 12));
        bare.set([0x80, FORMERR, 0, 0, 0, 0, 0, 0, 0, 0], 2);
        const opt = {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 512,
          extendedRcode: 1,
          ednsVersion: 0,
          flags: 0,
        } as const;
        const badVersion = { ...honest, flags: 0, additionals: [{ ...opt, flag_do: false, options: [] }] };
        if (refusal === 'bare') send(bare);
        else if (refusal === 'badvers') send(encode({ ...badVersion, answers: [] }));
        else send(encode({ ...honest, flags: refusal === 'formerr' ? FORMERR : NOTIMP, answers: [] }));
        return true;
      },
    });
    await using dns = resolverFor([server.address]);
    assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS, refusal);
    await dns.resolve('example.com', 'MX');
    assert.deepEqual(withEdns, [true, false, false], refusal);
  }
});

test('resolve() is server-failure where a server understands no question at all', async () => {
  const asked = await check(['example.com', 'A'], 'server-failure', {
    onQuestion: ({ honest, send }) => {
      send(encode({ ...honest, flags: FORMERR, answers: [] }));
      return true;
    },
  });
  assert.equal(asked.length, 2);
});

test('resolve() is server-failure where a server only refers to others', async () => {
  await check(['example.com', 'A'], 'server-failure', {
    onQuestion: ({ honest, send }) => {
      const authorities: Packet['authorities'] = [{ type: 'NS', name: 'com', ttl: 9, data: 'ns.test' }];
      send(encode({ ...honest, flags: 0, answers: [], authorities }));
      return true;
    },
  });
});

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

test('resolve() answers at once while all servers are silent, but for one question that probes', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  server.stopAnswering();
  const clock = simulatedClock();
  await using dns = resolverFor([server.address], 5_000, clock);
  assert.equal(plain(await moving(clock, dns.resolve('example.com', 'A'))), 'silence');
  const asked = server.asked.length;
  const probe = dns.resolve('example.com', 'MX');
  await askedTimes(server, asked + 1);
  const others = ['TXT', 'AAAA', 'PTR'].map((type) => dns.resolve('example.com', type as DnsRecordType));
  const began = clock.monotonicMs();
  for (const answer of await moving(clock, Promise.all(others))) assert.equal(plain(answer), 'silence');
  assert.ok(clock.monotonicMs() - began < 500, 'nobody waited for a time-out');
  assert.equal(server.asked.length, asked + 1);
  // As soon as the probe is answered all is well, for those that wait for it too.
  server.resume();
  assert.equal((await moving(clock, probe)).kind, 'records');
  assert.equal((await dns.resolve('example.com', 'TXT')).kind, 'records');
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
