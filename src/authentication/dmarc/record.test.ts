import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DmarcRecord, parseDmarcRecord } from './record.ts';

const DEFAULTS: DmarcRecord = {
  policy: 'none',
  subdomainPolicy: 'none',
  pct: 100,
  adkim: 'relaxed',
  aspf: 'relaxed',
};

test('parseDmarcRecord() reads the records of RFC 7489 §6.3 and B.2', () => {
  const check = (text: string, expected: Partial<DmarcRecord>): void =>
    assert.deepEqual(parseDmarcRecord(text), { kind: 'record', record: { ...DEFAULTS, ...expected } }, text);
  // B.2.1 to B.2.4.
  check('v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com', {});
  check('v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com', {});
  check(
    'v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@thirdparty.example.net',
    {},
  );
  check(
    'v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net!10m; pct=25',
    { policy: 'quarantine', subdomainPolicy: 'quarantine', pct: 25 },
  );
  check('v=DMARC1; p=reject; sp=none; adkim=s; aspf=r', {
    policy: 'reject',
    adkim: 'strict',
  });
  check('v=DMARC1;p=reject', { policy: 'reject', subdomainPolicy: 'reject' });
  check('v \t= DMARC1 ; p = Reject ; ASPF = S', {
    policy: 'reject',
    subdomainPolicy: 'reject',
    aspf: 'strict',
  });
  // Unknown tags, empty ones and broken rests are ignored; wrong values stand for the defaults.
  check('v=DMARC1; p=reject; np=quarantine; psd=y; x; =; ;;', {
    policy: 'reject',
    subdomainPolicy: 'reject',
  });
  check('v=DMARC1; p=none; pct=101; adkim=strict; aspf=', {});
  check('v=DMARC1; p=none; pct=-1', {});
  check('v=DMARC1; p=none; pct=0', { pct: 0 });
  // p need not come second: receivers that insisted would take away the policy of those who publish it so.
  check('v=DMARC1; pct=5; p=reject', { policy: 'reject', subdomainPolicy: 'reject', pct: 5 });
  // Nothing that comes later takes back what was said.
  check('v=DMARC1; p=reject; adkim=s; p=none; adkim=r', {
    policy: 'reject',
    subdomainPolicy: 'reject',
    adkim: 'strict',
  });
});

test('parseDmarcRecord() takes a record with a wrong policy as p=none where it asks for reports (RFC 7489 §6.6.3 step 6)', () => {
  const check = (text: string, expected: 'record' | 'unusable' | 'foreign'): void => {
    const parsed = parseDmarcRecord(text);
    assert.equal(parsed.kind, expected, text);
    if (parsed.kind === 'record') assert.equal(parsed.record.policy, 'none');
  };
  check('v=DMARC1; p=rejected; rua=mailto:a@example.com', 'record');
  check('v=DMARC1; rua=mailto:a@example.com', 'record');
  check('v=DMARC1; p=reject; sp=rejekt; rua=mailto:a@example.com!10m', 'record');
  check('v=DMARC1; p=; rua=nowhere, https://reports.example/in', 'record');
  check('v=DMARC1; p=rejected', 'unusable');
  check('v=DMARC1', 'unusable');
  check('v=DMARC1; p=reject; sp=rejekt', 'unusable');
  check('v=DMARC1; p=rejected; rua=a@example.com', 'unusable');
  check('v=DMARC1; p=rejected; rua=mailto:', 'unusable');
  check('v=DMARC1; p=rejected; ruf=mailto:a@example.com', 'unusable');
  // Step 2: other records are none of DMARC's.
  check('v=spf1 -all', 'foreign');
  check('', 'foreign');
  check('v=DMARC2; p=reject', 'foreign');
  check('v=DMARC10; p=reject', 'foreign');
  check('v=dmarc1; p=reject', 'foreign');
  check(' v=DMARC1; p=reject', 'foreign');
  check('p=reject; v=DMARC1', 'foreign');
  check('"v=DMARC1; p=reject"', 'foreign');
});

test('parseDmarcRecord() takes any text, and its head alone of a very long one', () => {
  const part = fc.constantFrom(
    'v=DMARC1',
    ';',
    'p=',
    'reject',
    'sp=',
    'rua=',
    'mailto:',
    ',',
    '!',
    ' ',
    'pct=',
    '9',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), (parts) => {
      parseDmarcRecord(parts.join(''));
      parseDmarcRecord(`v=DMARC1;${parts.join('')}`);
    }),
  );
  const long = `v=DMARC1; p=none; ${'rua=mailto:a,'.repeat(1_000_000)}`;
  assert.equal(parseDmarcRecord(long).kind, 'record');
});
