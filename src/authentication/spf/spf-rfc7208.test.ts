/** The zone and the examples of RFC 7208 Appendix A. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SimulatedZone, simulatedDns } from '../../system/dns.sim.ts';
import { checkSpf } from './spf.ts';

const ZONE: SimulatedZone = {
  MX: {
    'example.com': [
      { preference: 10, exchange: 'mail-a.example.com' },
      { preference: 20, exchange: 'mail-b.example.com' },
    ],
    'example.org': [{ preference: 10, exchange: 'mail-c.example.org' }],
  },
  A: {
    'example.com': ['192.0.2.10', '192.0.2.11'],
    'amy.example.com': ['192.0.2.65'],
    'bob.example.com': ['192.0.2.66'],
    'mail-a.example.com': ['192.0.2.129'],
    'mail-b.example.com': ['192.0.2.130'],
    'mail-c.example.org': ['192.0.2.140'],
    // A.3
    'mary.mobile-users._spf.example.com': ['127.0.0.2'],
    'fred.mobile-users._spf.example.com': ['127.0.0.2'],
    '15.15.168.192.joel.remote-users._spf.example.com': ['127.0.0.2'],
    '16.15.168.192.joel.remote-users._spf.example.com': ['127.0.0.2'],
  },
  CNAME: { 'www.example.com': 'example.com' },
  PTR: {
    '10.2.0.192.in-addr.arpa': ['example.com'],
    '11.2.0.192.in-addr.arpa': ['example.com'],
    '65.2.0.192.in-addr.arpa': ['amy.example.com'],
    '66.2.0.192.in-addr.arpa': ['bob.example.com'],
    '129.2.0.192.in-addr.arpa': ['mail-a.example.com'],
    '130.2.0.192.in-addr.arpa': ['mail-b.example.com'],
    '140.2.0.192.in-addr.arpa': ['mail-c.example.org'],
    '4.0.0.10.in-addr.arpa': ['bob.example.com'],
  },
};

const ADDRESSES = [
  '192.0.2.10',
  '192.0.2.11',
  '192.0.2.65',
  '192.0.2.66',
  '192.0.2.127',
  '192.0.2.128',
  '192.0.2.129',
  '192.0.2.130',
  '192.0.2.131',
  '192.0.2.132',
  '192.0.2.139',
  '192.0.2.140',
  '192.0.2.143',
  '192.0.2.144',
  '10.0.0.4',
];

async function resultOf(
  records: Readonly<Record<string, string>>,
  reversePath: string,
  clientAddress: string,
): Promise<string> {
  const TXT = Object.fromEntries(Object.entries(records).map(([name, record]) => [name, [record]]));
  const { result } = await checkSpf(
    { clientAddress, helo: 'client.example.net', reversePath },
    { dns: simulatedDns({ ...ZONE, TXT }), signal: new AbortController().signal },
  );
  return result;
}

describe('checkSpf() RFC 7208 A.1', () => {
  const check = (record: string, expected: readonly string[]): void => {
    it(record, async () => {
      const passed: string[] = [];
      for (const address of ADDRESSES) {
        const result = await resultOf({ 'example.com': record }, 'joe@example.com', address);
        assert.ok(result === 'pass' || result === 'fail', result);
        if (result === 'pass') passed.push(address);
      }
      assert.deepEqual(passed, expected);
    });
  };
  check('v=spf1 +all', ADDRESSES);
  check('v=spf1 a -all', ['192.0.2.10', '192.0.2.11']);
  check('v=spf1 a:example.org -all', []);
  check('v=spf1 mx -all', ['192.0.2.129', '192.0.2.130']);
  check('v=spf1 mx:example.org -all', ['192.0.2.140']);
  check('v=spf1 mx mx:example.org -all', ['192.0.2.129', '192.0.2.130', '192.0.2.140']);
  check('v=spf1 mx/30 mx:example.org/30 -all', [
    '192.0.2.128',
    '192.0.2.129',
    '192.0.2.130',
    '192.0.2.131',
    '192.0.2.140',
    '192.0.2.143',
  ]);
  check('v=spf1 ptr -all', [
    '192.0.2.10',
    '192.0.2.11',
    '192.0.2.65',
    '192.0.2.66',
    '192.0.2.129',
    '192.0.2.130',
  ]);
  check('v=spf1 ip4:192.0.2.128/28 -all', [
    '192.0.2.128',
    '192.0.2.129',
    '192.0.2.130',
    '192.0.2.131',
    '192.0.2.132',
    '192.0.2.139',
    '192.0.2.140',
    '192.0.2.143',
  ]);
});

describe('checkSpf() RFC 7208 A.2 to A.4', () => {
  const check = (
    section: string,
    records: Readonly<Record<string, string>>,
    cases: readonly (readonly [reversePath: string, clientAddress: string, expected: string])[],
  ): void => {
    for (const [reversePath, clientAddress, expected] of cases)
      it(`${section}: ${reversePath} from ${clientAddress}: ${expected}`, async () => {
        assert.equal(await resultOf(records, reversePath, clientAddress), expected);
      });
  };
  check(
    'A.2',
    {
      'example.org': 'v=spf1 include:example.com include:example.net -all',
      'la.example.org': 'v=spf1 redirect=example.org',
      'example.com': 'v=spf1 mx -all',
      'example.net': 'v=spf1 ip4:198.51.100.0/24 -all',
    },
    [
      ['joe@example.org', '192.0.2.129', 'pass'],
      ['joe@la.example.org', '198.51.100.7', 'pass'],
      ['joe@la.example.org', '192.0.2.10', 'fail'],
      ['joe@ny.example.org', '192.0.2.129', 'none'],
    ],
  );
  check(
    'A.3',
    {
      'example.com': 'v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all',
      'mobile-users._spf.example.com': 'v=spf1 exists:%{l1r+}.%{d}',
      'remote-users._spf.example.com': 'v=spf1 exists:%{ir}.%{l1r+}.%{d}',
    },
    [
      ['mary@example.com', '203.0.113.9', 'pass'],
      ['fred+news@example.com', '203.0.113.9', 'pass'],
      ['joel@example.com', '192.168.15.15', 'pass'],
      ['joel@example.com', '192.168.15.17', 'fail'],
      ['amy@example.com', '192.0.2.130', 'pass'],
      ['amy@example.com', '192.168.15.15', 'fail'],
    ],
  );
  check(
    'A.4, erratum 6216',
    {
      'example.com': 'v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all',
      'ip4._spf.example.com': 'v=spf1 -ip4:192.0.2.0/24 +all',
      'ptr._spf.example.com': 'v=spf1 -ptr:example.com +all',
    },
    [
      ['amy@example.com', '192.0.2.65', 'pass'],
      ['amy@example.com', '192.0.2.140', 'fail'],
      ['amy@example.com', '10.0.0.4', 'fail'],
      ['amy@example.com', '203.0.113.9', 'fail'],
    ],
  );
});
