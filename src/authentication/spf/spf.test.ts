import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type SimulatedDnsOptions, simulatedDns } from '../../system/dns.sim.ts';
import { checkSpf, type SpfAnswer, type SpfInput } from './spf.ts';

const signal = new AbortController().signal;
const INPUT: SpfInput = {
  clientAddress: '192.0.2.1',
  helo: 'mail.example.net',
  reversePath: 'agent@corp.example',
};

function spfOf(record: string): SimulatedDnsOptions {
  return { TXT: { 'corp.example': [record] } };
}

describe('checkSpf() checks one identity', () => {
  const zone: SimulatedDnsOptions = {
    TXT: {
      'corp.example': ['v=spf1 ip4:192.0.2.1 -all'],
      'mail.example.net': ['v=spf1 exists:%{l}.%{o}.%{h} -all'],
      'xn--bcher-kva.example': ['v=spf1 exists:%{d}.%{h} -all'],
      'under_score.example': ['v=spf1 +all'],
    },
    A: {
      'postmaster.mail.example.net.mail.example.net': ['127.0.0.2'],
      'xn--bcher-kva.example.xn--bcher-kva.example': ['127.0.0.2'],
    },
  };
  const check = (
    criterion: string,
    input: Partial<SpfInput>,
    expected: Omit<SpfAnswer, 'reason'>,
    reason: string,
  ): void => {
    it(criterion, async () => {
      const answer = await checkSpf({ ...INPUT, ...input }, { dns: simulatedDns(zone), signal });
      assert.deepEqual(answer, { ...expected, reason });
    });
  };
  check(
    'RFC 7208 §2.4: MAIL FROM',
    {},
    { result: 'pass', identity: 'mailfrom', domain: 'corp.example' },
    '"ip4:192.0.2.1" of "corp.example" matched',
  );
  check(
    'RFC 7208 §4.3: without regard to case or a dot at the end',
    { reversePath: 'agent@Corp.EXAMPLE.' },
    { result: 'pass', identity: 'mailfrom', domain: 'corp.example' },
    '"ip4:192.0.2.1" of "corp.example" matched',
  );
  check(
    'RFC 7208 §2.4: the null reverse-path is postmaster at HELO',
    { reversePath: '' },
    { result: 'pass', identity: 'helo', domain: 'mail.example.net' },
    '"exists:%{l}.%{o}.%{h}" of "mail.example.net" matched',
  );
  check(
    'RFC 5890 §2.3.2.1: U-labels are checked as A-labels',
    { reversePath: 'agent@bücher.example', helo: 'BÜCHER.example' },
    { result: 'pass', identity: 'mailfrom', domain: 'xn--bcher-kva.example' },
    '"exists:%{d}.%{h}" of "xn--bcher-kva.example" matched',
  );
  check(
    'RFC 5321 §4.1.2: the domain follows the last at-sign',
    { reversePath: '"a@under_score.example"@corp.example' },
    { result: 'pass', identity: 'mailfrom', domain: 'corp.example' },
    '"ip4:192.0.2.1" of "corp.example" matched',
  );
  check(
    'RFC 7208 §4.3: postmaster stands in for a local-part that is not there',
    { reversePath: '@mail.example.net' },
    { result: 'pass', identity: 'mailfrom', domain: 'mail.example.net' },
    '"exists:%{l}.%{o}.%{h}" of "mail.example.net" matched',
  );
  check(
    'a label with an underscore',
    { reversePath: 'agent@under_score.example' },
    { result: 'pass', identity: 'mailfrom', domain: 'under_score.example' },
    '"+all" of "under_score.example" matched',
  );
  check(
    'no client',
    { clientAddress: null },
    { result: 'none', identity: 'mailfrom', domain: null },
    'no client brought the message',
  );
  check(
    'no address',
    { clientAddress: 'fe80::1%eth0' },
    { result: 'none', identity: 'mailfrom', domain: null },
    '"fe80::1%eth0" is no IP address',
  );
  check(
    'a null reverse-path and no HELO',
    { reversePath: '', helo: null },
    { result: 'none', identity: 'helo', domain: null },
    'the client gave neither a return address nor its name',
  );
  const notFull = (reversePath: string, shown = JSON.stringify(reversePath.slice(2))): void =>
    check(
      `RFC 7208 §4.3: ${reversePath.slice(0, 40)}`,
      { reversePath },
      { result: 'none', identity: 'mailfrom', domain: null },
      `${shown} is no full domain name`,
    );
  notFull('a@localhost');
  notFull('a@[192.0.2.1]');
  notFull('a@192.0.2.1');
  notFull('a@a..example');
  notFull('a@');
  notFull(`a@${'x'.repeat(64)}.example`);
  notFull('a@a b.example');
  notFull('a@\ud800.example', '"\\ud800.example"');
  notFull(`${'a'.repeat(600)}@corp.example`, `"${'a'.repeat(100)}…"`);
});

describe('checkSpf() says what decided', () => {
  const check = (
    criterion: string,
    zone: SimulatedDnsOptions,
    result: string,
    reason: string,
    input: Partial<SpfInput> = {},
  ): void => {
    it(`${result}: ${criterion}`, async () => {
      const answer = await checkSpf({ ...INPUT, ...input }, { dns: simulatedDns(zone), signal });
      assert.deepEqual([answer.result, answer.reason], [result, reason]);
    });
  };
  check('RFC 7208 §2.6.1', {}, 'none', '"corp.example" has no SPF record');
  check('RFC 7208 §2.6.4', spfOf('v=spf1 mx -all'), 'fail', '"-all" of "corp.example" matched');
  check('RFC 7208 §2.6.5', spfOf('v=spf1 ~all'), 'softfail', '"~all" of "corp.example" matched');
  check('RFC 7208 §4.7', spfOf('v=spf1 ip4:192.0.2.2'), 'neutral', 'no term of "corp.example" matched');
  check(
    'RFC 7208 §4.4',
    { fail: { 'TXT corp.example': 'silence' } },
    'temperror',
    'DNS did not answer TXT of "corp.example"',
  );
  check(
    'RFC 7208 §4.4',
    { fail: { 'TXT corp.example': 'server-failure' } },
    'temperror',
    'DNS failed to answer TXT of "corp.example"',
  );
  check(
    'RFC 7208 §4.5',
    { TXT: { 'corp.example': ['v=spf1 -all', 'unrelated', 'v=spf1 mx'] } },
    'permerror',
    '"corp.example" has 2 SPF records',
  );
  check(
    'RFC 7208 §4.6',
    spfOf('v=spf1 ip4:192.0.2.1 a:\u0007'),
    'permerror',
    'the record of "corp.example" has the term "a:\\u0007", which is not valid',
  );
  check(
    'RFC 7208 §5.2',
    spfOf('v=spf1 include:gone.example -all'),
    'permerror',
    '"include:gone.example" of "corp.example" leads nowhere: "gone.example" has no SPF record',
  );
  check(
    'RFC 7208 §6.1',
    spfOf('v=spf1 redirect=gone.example'),
    'permerror',
    '"redirect=gone.example" of "corp.example" leads nowhere: "gone.example" has no SPF record',
  );
  check(
    'RFC 8616 §4: a redirect to no name',
    spfOf('v=spf1 redirect=%{l}.corp.example'),
    'permerror',
    '"redirect=%{l}.corp.example" of "corp.example" leads to no domain name',
    { reversePath: 'jörg@corp.example' },
  );
  check(
    'RFC 8616 §4: a term with a local-part that is not ASCII matches nothing',
    spfOf('v=spf1 exists:%{L}.corp.example -all'),
    'fail',
    '"-all" of "corp.example" matched',
    { reversePath: 'jörg@corp.example' },
  );
  check(
    'RFC 7208 §4.6.4: look-ups in all',
    spfOf('v=spf1 include:corp.example -all'),
    'permerror',
    'more than 10 look-ups, of which "include:corp.example" of "corp.example" would be the next',
  );
  check(
    'RFC 7208 §4.6.4: void look-ups',
    spfOf('v=spf1 a mx exists:x.example -all'),
    'permerror',
    'more than 2 look-ups found no record, the last for "exists:x.example" of "corp.example"',
  );
  check(
    'RFC 7208 §4.6.4: names of MX',
    {
      ...spfOf('v=spf1 mx -all'),
      MX: {
        'corp.example': Array.from({ length: 11 }, (_, index) => ({
          preference: index,
          exchange: `m${index}.example`,
        })),
      },
    },
    'permerror',
    '"mx" of "corp.example" leads to more than 10 names',
  );
});

describe('checkSpf() of names and families', () => {
  const PTR = { '1.2.0.192.in-addr.arpa': ['other.example', 'Mail.Corp.Example.', 'corp.example'] };
  const A = {
    'other.example': ['192.0.2.1'],
    'away.example': ['198.51.100.1'],
    'mail.corp.example': ['192.0.2.1'],
    'corp.example': ['192.0.2.1'],
    'corp.example.ok.example': ['127.0.0.2'],
    'mail.corp.example.below.example': ['127.0.0.2'],
  };
  const check = (criterion: string, zone: SimulatedDnsOptions, result: string, asked: number): void => {
    it(criterion, async () => {
      const dns = simulatedDns({ PTR, A, ...zone });
      assert.equal((await checkSpf(INPUT, { dns, signal })).result, result);
      assert.equal(dns.asked.length, asked, dns.asked.join(', '));
    });
  };
  check('RFC 7208 §7.3: %{p} is the domain itself', spfOf('v=spf1 exists:%{p}.ok.example -all'), 'pass', 6);
  check(
    'RFC 7208 §7.3: or a name below it',
    {
      ...spfOf('v=spf1 exists:%{p}.below.example -all'),
      PTR: { '1.2.0.192.in-addr.arpa': ['other.example', 'mail.corp.example'] },
    },
    'pass',
    5,
  );
  check(
    'RFC 7208 §7.3: %{p} without a name is "unknown"',
    { ...spfOf('v=spf1 exists:%{p}.ok.example -all'), PTR: {}, A: { 'unknown.ok.example': ['127.0.0.2'] } },
    'pass',
    3,
  );
  check(
    'names are asked for once',
    spfOf('v=spf1 ptr:a.example ptr:b.example ptr:c.example -all'),
    'fail',
    5,
  );
  check(
    'RFC 7208 §4.6.4: that a client has no name is one void look-up',
    { ...spfOf('v=spf1 ptr:a.example ptr:b.example ptr:c.example -all'), PTR: {} },
    'fail',
    2,
  );
  check(
    'RFC 7505 §3: an MX that says that there is none leads nowhere',
    { ...spfOf('v=spf1 mx -all'), MX: { 'corp.example': [{ preference: 0, exchange: '' }] } },
    'fail',
    2,
  );
  check(
    'RFC 7208 §7.2: the sender stays the same in an included record, the domain does not',
    {
      TXT: {
        'corp.example': ['v=spf1 include:b.example -all'],
        'b.example': ['v=spf1 exists:%{s}.%{o}.%{d} -all'],
      },
      A: { 'agent@corp.example.corp.example.b.example': ['127.0.0.2'] },
    },
    'pass',
    3,
  );
  check(
    'RFC 7208 §5.5: where DNS does not say which names there are, there are none',
    { ...spfOf('v=spf1 ptr -all'), fail: { '1.2.0.192.in-addr.arpa': 'silence' } },
    'fail',
    2,
  );
  check(
    'RFC 7208 §5.5: a name ends at a label',
    { ...spfOf('v=spf1 ptr:orp.example -all'), PTR: { '1.2.0.192.in-addr.arpa': ['corp.example'] } },
    'fail',
    3,
  );
  check(
    'an MX name that does not answer does not undo one that matches',
    {
      ...spfOf('v=spf1 mx -all'),
      MX: {
        'corp.example': [
          { preference: 1, exchange: 'dead.example' },
          { preference: 2, exchange: 'mail.corp.example' },
        ],
      },
      fail: { 'dead.example': 'silence' },
    },
    'pass',
    4,
  );
  check(
    'RFC 7208 §5: a failure of DNS is one of the check, where nothing matched before',
    {
      ...spfOf('v=spf1 mx -all'),
      MX: { 'corp.example': [{ preference: 1, exchange: 'dead.example' }] },
      fail: { 'dead.example': 'silence' },
    },
    'temperror',
    3,
  );
  check(
    'RFC 7208 §4.6.4: %{p} is a look-up of its own, once',
    spfOf(`v=spf1 ${'exists:%{p}.ok.example.x.example '.repeat(2)}${'?a:away.example '.repeat(8)}`),
    'permerror',
    14,
  );
});

describe('checkSpf() is bounded', () => {
  it('ends with the signal, as temperror', async () => {
    const aborting = new AbortController();
    const dns = simulatedDns({ ...spfOf('v=spf1 a mx -all'), delayMs: 60_000 });
    const checked = checkSpf(INPUT, { dns, signal: aborting.signal });
    aborting.abort();
    const { result, reason } = await checked;
    assert.deepEqual(
      [result, reason],
      ['temperror', 'time was over before DNS answered TXT of "corp.example"'],
    );
  });

  it('asks DNS no more than the limits of RFC 7208 §4.6.4 allow, whatever records say', async () => {
    const name = fc.constantFrom(
      'a.example',
      'b.example',
      'c.example',
      '%{p}.example',
      '%{d}',
      '%{h2r}.%{o}',
    );
    const term = fc.oneof(
      fc
        .tuple(fc.constantFrom('include:', 'exists:', 'a:', 'mx:', 'ptr:', 'redirect='), name)
        .map((both) => both.join('')),
      fc.constantFrom('a', 'mx', 'ptr', '?all', '-all', 'mx/0//0', 'x=y'),
    );
    const record = fc.array(term, { maxLength: 14 }).map((terms) => ['v=spf1', ...terms].join(' '));
    const names = ['corp.example', 'a.example', 'b.example', 'c.example'];
    const addresses = fc.array(fc.constantFrom('192.0.2.2', '192.0.2.3'), { minLength: 1, maxLength: 3 });
    const byName = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
      fc
        .tuple(...names.map(() => value))
        .map((values) => Object.fromEntries(names.map((at, index) => [at, values[index] as Value])));
    const exchanges = Array.from({ length: 10 }, (_, index) => ({
      preference: index,
      exchange: `m${index}.example`,
    }));
    const host = Object.fromEntries(exchanges.map(({ exchange }) => [exchange, ['192.0.2.9']]));
    await fc.assert(
      fc.asyncProperty(byName(record), byName(addresses), async (records, a) => {
        const dns = simulatedDns({
          TXT: Object.fromEntries(Object.entries(records).map(([at, text]) => [at, [text]])),
          A: { ...a, ...host },
          MX: Object.fromEntries(names.map((at) => [at, exchanges])),
          PTR: { '1.2.0.192.in-addr.arpa': exchanges.map(({ exchange }) => exchange) },
        });
        const { reason } = await checkSpf(INPUT, { dns, signal });
        const asked = (type: string): number =>
          dns.asked.filter((question) => question.startsWith(`${type} `)).length;
        assert.ok(asked('TXT') <= 11, 'TXT');
        assert.ok(asked('MX') <= 10, 'MX');
        assert.ok(asked('PTR') <= 1, 'PTR');
        assert.ok(asked('A') <= 10 * 10 + 10, 'A');
        assert.match(reason, /^[ -~…]{1,1000}$/);
      }),
      { numRuns: 200 },
    );
  });

  it('never rejects, whatever it is given', async () => {
    const near = fc.string({ unit: fc.constantFrom(...'a@.[]:"1 %é\u0000'), maxLength: 30 });
    const text = fc.oneof(near, fc.string({ unit: 'binary' }));
    const record = text.map((terms) => `v=spf1 ${terms}`);
    await fc.assert(
      fc.asyncProperty(text, text, text, record, async (clientAddress, helo, reversePath, txt) => {
        const dns = simulatedDns({ TXT: { 'corp.example': [txt, txt.slice(7)] } });
        await checkSpf({ clientAddress, helo, reversePath }, { dns, signal });
        await checkSpf({ ...INPUT, helo, reversePath: `${reversePath}@corp.example` }, { dns, signal });
      }),
    );
  });
});
