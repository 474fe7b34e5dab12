/** What the resolver answers, asked of a real server. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { encode } from 'dns-packet';
import { A_RECORDS, check, plain, RECORDS, resolverFor, TXT_RECORDS } from './asking.ts';
import { type Asked, startDnsServer } from './dns-server.ts';

const REFUSED = 5;

test('resolve() reads each type', async () => {
  await check(['EXAMPLE.com.', 'A'], A_RECORDS);
  await check(['example.com', 'AAAA'], { kind: 'records', records: ['2001:db8::1'] });
  const mx = [{ preference: 10, exchange: 'mx.example.com' }];
  await check(['example.com', 'MX'], { kind: 'records', records: mx });
  await check(['example.com', 'TXT'], { kind: 'records', records: TXT_RECORDS });
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

test('resolve() asks a server that has an IPv6 address', async (t) => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
  if (!hasIpv6) return t.skip('this machine has no ::1');
  const tooLarge = { 'big.test': ['y'.repeat(5_000)] };
  await using server = await startDnsServer({ records: { TXT: tooLarge }, host: '::1' });
  await using dns = resolverFor([server.address]);
  assert.deepEqual(await dns.resolve('big.test', 'TXT'), { kind: 'records', records: tooLarge['big.test'] });
  assert.deepEqual(server.asked, ['TXT big.test', 'TXT big.test tcp']);
});

test('resolve() asks a server that is named', async () => {
  await using server = await startDnsServer({ records: RECORDS });
  await using dns = resolverFor([`localhost:${server.port}`]);
  assert.deepEqual(await dns.resolve('example.com', 'A'), A_RECORDS);
  await using lost = resolverFor(['nowhere.invalid:53', server.address]);
  assert.deepEqual(await lost.resolve('example.com', 'A'), A_RECORDS);
});
