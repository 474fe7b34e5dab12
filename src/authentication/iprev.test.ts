import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SimulatedDnsOptions, simulatedDns } from '../system/dns.sim.ts';
import { checkIprev } from './iprev.ts';

const signal = new AbortController().signal;
const reverse = '25.2.0.192.in-addr.arpa';

describe('checkIprev()', () => {
  const check = (
    criterion: string,
    zone: SimulatedDnsOptions,
    expected: { result: string; name: string | null; reason: string | null },
    clientAddress: string | null = '192.0.2.25',
  ): void => {
    it(criterion, async () => {
      assert.deepEqual(await checkIprev(clientAddress, { dns: simulatedDns(zone), signal }), expected);
    });
  };
  check(
    'RFC 8601 §3: passes where the name leads back',
    { PTR: { [reverse]: ['Mail.Example.COM.'] }, A: { 'mail.example.com': ['192.0.2.1', '192.0.2.25'] } },
    { result: 'pass', name: 'mail.example.com', reason: null },
  );
  check(
    'RFC 8601 §3: one of several names is enough',
    { PTR: { [reverse]: ['a.example', 'b.example'] }, A: { 'b.example': ['192.0.2.25'] } },
    { result: 'pass', name: 'b.example', reason: null },
  );
  check(
    'RFC 8601 §3: fails where no name leads back',
    { PTR: { [reverse]: ['a.example'] }, A: { 'a.example': ['192.0.2.26'] } },
    {
      result: 'fail',
      name: null,
      reason: '"a.example", a name of "192.0.2.25", does not lead back to it',
    },
  );
  check(
    'RFC 8601 §2.7.3: permerror without a name',
    {},
    { result: 'permerror', name: null, reason: '"192.0.2.25" has no name' },
  );
  check(
    'RFC 8601 §2.7.3: temperror where DNS does not know the name',
    { fail: { [reverse]: 'server-failure' } },
    { result: 'temperror', name: null, reason: 'DNS did not say which name "192.0.2.25" has' },
  );
  check(
    'RFC 8601 §2.7.3: temperror where DNS does not know where the name leads',
    { PTR: { [reverse]: ['a.example'] }, fail: { 'a.example': 'silence' } },
    { result: 'temperror', name: null, reason: 'DNS did not say where names of "192.0.2.25" lead' },
  );
  check(
    'an unanswered name does not undo one that leads back',
    {
      PTR: { [reverse]: ['a.example', 'b.example'] },
      A: { 'b.example': ['192.0.2.25'] },
      fail: { 'a.example': 'silence' },
    },
    { result: 'pass', name: 'b.example', reason: null },
  );
  check(
    'RFC 3596 §2.5: asks for AAAA of an IPv6 client, however its address is written',
    {
      PTR: {
        '1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': ['v6.example'],
      },
      AAAA: { 'v6.example': ['2001:db8:0:0::cb01'] },
    },
    { result: 'pass', name: 'v6.example', reason: null },
    '2001:DB8::CB01',
  );
  check(
    'a name that holds what no log should hold is none',
    { PTR: { [reverse]: ['a\r\nb.example', 'a\\.b.example'] } },
    { result: 'permerror', name: null, reason: '"192.0.2.25" has no name' },
  );
  check(
    'none without a client',
    {},
    { result: 'none', name: null, reason: 'no client brought the message' },
    null,
  );
  check(
    'none for what is no address',
    {},
    { result: 'none', name: null, reason: '"fe80::1%eth0" is no IP address' },
    'fe80::1%eth0',
  );

  it('asks for the addresses of ten names and no more', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `n${index}.example`);
    const dns = simulatedDns({ PTR: { [reverse]: names }, A: { 'n10.example': ['192.0.2.25'] } });
    assert.equal((await checkIprev('192.0.2.25', { dns, signal })).result, 'fail');
    assert.equal(dns.asked.length, 11);
  });

  it('ends with the signal', async () => {
    const aborting = new AbortController();
    const dns = simulatedDns({ PTR: { [reverse]: ['a.example'] }, delayMs: 60_000 });
    const checked = checkIprev('192.0.2.25', { dns, signal: aborting.signal });
    aborting.abort();
    assert.equal((await checked).result, 'temperror');
  });
});
