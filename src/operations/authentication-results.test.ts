import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UNAUTHENTICATED, type Verdict, type VerdictDetails } from '../authentication/verdict.ts';
import { epochMs } from '../system/clock.ts';
import { formatAuthenticationResults } from './authentication-results.ts';

const DETAILS: VerdictDetails = {
  author: { addresses: ['a@corp.example'], count: 1, domain: 'corp.example' },
  fields: { repeated: [], hasMessageId: true, date: null, transferEncoding: null, to: [], cc: [] },
  spf: { result: 'pass', identity: 'mailfrom', domain: 'corp.example', alignment: 'aligned', reason: null },
  signatures: [
    {
      result: 'pass',
      domain: 'corp.example',
      selector: 's1',
      algorithm: 'rsa-sha256',
      signatureStart: 'ab+/cd12',
      alignment: 'aligned',
      uncovered: [],
      signedAt: epochMs(0),
      reason: null,
    },
    {
      result: 'fail',
      domain: 'mailer.example',
      selector: 's2',
      algorithm: 'ed25519-sha256',
      signatureStart: '12345678',
      alignment: 'unaligned',
      uncovered: ['subject'],
      signedAt: null,
      reason: 'the body is not the one that was signed',
    },
  ],
  signaturesNotJudged: 0,
  dmarc: {
    result: 'pass',
    recordDomain: 'corp.example',
    policy: 'reject',
    pct: 50,
    adkim: 'strict',
    aspf: 'relaxed',
    reason: null,
  },
  arc: { result: 'pass', sealers: ['a.example', 'b.example'], vouches: null, reason: null },
  iprev: { result: 'pass', name: 'mail.corp.example', reason: null },
};

const SURROUNDINGS = {
  hostname: 'mx.us.example',
  clientAddress: '192.0.2.1',
  reversePath: 'bounce@corp.example',
};

function format(details: Partial<VerdictDetails>, surroundings: Partial<typeof SURROUNDINGS> = {}): string {
  const verdict: Verdict = { ...UNAUTHENTICATED, details: { ...DETAILS, ...details } };
  return formatAuthenticationResults(verdict, { ...SURROUNDINGS, ...surroundings });
}

test('formatAuthenticationResults() says each method with its properties (RFC 8601 §2.7)', () => {
  assert.equal(
    format({}),
    [
      'Authentication-Results: mx.us.example;',
      '\tspf=pass smtp.mailfrom=bounce@corp.example;',
      '\tdkim=pass (aligned with From) header.d=corp.example header.s=s1',
      '\t\theader.a=rsa-sha256 header.b="ab+/cd12";',
      '\tdkim=fail reason="the body is not the one that was signed"',
      '\t\theader.d=mailer.example header.s=s2 header.a=ed25519-sha256',
      '\t\theader.b=12345678;',
      '\tdmarc=pass (record of corp.example: p=reject pct=50 adkim=s aspf=r)',
      '\t\theader.from=corp.example policy.dmarc=reject;',
      '\tarc=pass (sealed by a.example, b.example);',
      '\tiprev=pass (mail.corp.example) policy.iprev=192.0.2.1',
      '',
    ].join('\r\n'),
  );
});

test('formatAuthenticationResults() says what there is where little was checked', () => {
  assert.equal(
    formatAuthenticationResults(null, SURROUNDINGS),
    'Authentication-Results: mx.us.example; none\r\n',
  );
  assert.equal(
    formatAuthenticationResults(UNAUTHENTICATED, SURROUNDINGS),
    'Authentication-Results: mx.us.example;\r\n\tspf=none;\r\n\tdkim=none;\r\n\tdmarc=none\r\n',
  );
  const check = (text: string, expected: RegExp): void => assert.match(text, expected);
  check(format({ signatures: [] }), /\tdkim=none;/);
  check(format({ signaturesNotJudged: 3 }), /dkim=policy reason="3 more signatures were not judged"/);
  const helo = { ...DETAILS.spf, identity: 'helo' as const, domain: 'mta.corp.example' };
  check(format({ spf: helo }, { reversePath: '' }), /\tspf=pass smtp\.helo=mta\.corp\.example;/);
  check(format({}, { clientAddress: '2001:db8::1' }), /policy\.iprev="2001:db8::1"/);
  assert.doesNotMatch(
    formatAuthenticationResults(
      { ...UNAUTHENTICATED, details: DETAILS },
      { ...SURROUNDINGS, clientAddress: null },
    ),
    /iprev/,
  );
});

/** Everything outside quoted strings and comments, so that what is left is what we wrote; unfolded. */
function skeleton(field: string): string {
  return field
    .replace(/\r\n\t+/g, ' ')
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\([^()\\]*\)/g, '()');
}

test('formatAuthenticationResults() lets no value write a result of its own', () => {
  const forged = 'x"; dmarc=pass header.from=bank.example\r\nX-Forged: (yes\\';
  const [signature] = DETAILS.signatures;
  assert.ok(signature);
  const field = format(
    {
      spf: { ...DETAILS.spf, reason: forged },
      signatures: [
        { ...signature, domain: forged, selector: forged, algorithm: forged, signatureStart: forged },
      ],
      dmarc: { ...DETAILS.dmarc, recordDomain: forged },
      arc: { ...DETAILS.arc, sealers: [forged] },
      iprev: { ...DETAILS.iprev, name: forged, reason: forged },
    },
    { reversePath: forged, clientAddress: forged, hostname: forged },
  );
  const rest = skeleton(field);
  assert.equal(rest.match(/ dmarc=/g)?.length, 1, rest);
  assert.equal(rest.match(/header\.from=/g)?.length, 1, rest);
  assert.ok(!rest.includes('X-Forged'), rest);
});

test('formatAuthenticationResults() is one folded field of short ASCII lines, whatever the values are', () => {
  const [signature] = DETAILS.signatures;
  assert.ok(signature);
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 2000 }),
    fc.constantFrom('"', '\\', '(', ')', ';', '\r\n', '\n', '"\r\n\t;', 'a'.repeat(5000)),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 8, maxLength: 8 }), (values) => {
      const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = ''] = values;
      const field = format(
        {
          spf: { ...DETAILS.spf, reason: a },
          signatures: [{ ...signature, domain: b, selector: c, reason: d }],
          arc: { ...DETAILS.arc, sealers: Array.from({ length: 50 }, () => e) },
          iprev: { ...DETAILS.iprev, name: f },
        },
        { reversePath: g, hostname: h },
      );
      assert.ok(field.endsWith('\r\n'));
      const lines = field.slice(0, -2).split('\r\n');
      for (const [index, line] of lines.entries()) {
        assert.match(line, /^[\t -~]{1,998}$/);
        if (index > 0) assert.match(line, /^\t/);
      }
    }),
  );
});
