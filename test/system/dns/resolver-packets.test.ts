/** The resolver against packets that are large, late, forged or wrong, over UDP and TCP. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { encode, type Packet } from 'dns-packet';
import { A_RECORDS, check, plain, RECORDS, resolverFor } from './asking.ts';
import { type Asked, startDnsServer, tcpFrame, truncated } from './dns-server.ts';

const FORMERR = 1;
const NOTIMP = 4;

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
