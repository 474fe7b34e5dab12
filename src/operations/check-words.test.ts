import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SignatureCheck, VerdictDetails } from '../authentication/verdict.ts';
import { describeChecks } from './check-words.ts';

const DETAILS: VerdictDetails = {
  author: { addresses: [], count: 0, domain: null },
  fields: { repeated: [], hasMessageId: true, date: null, transferEncoding: null, to: [], cc: [] },
  spf: { result: 'none', identity: 'mailfrom', domain: null, alignment: 'unaligned', reason: null },
  signatures: [],
  signaturesNotJudged: 0,
  dmarc: {
    result: 'none',
    recordDomain: null,
    policy: null,
    pct: null,
    adkim: null,
    aspf: null,
    reason: 'corp.example has no DMARC record',
  },
  arc: { result: 'none', sealers: [], vouches: null, reason: null },
  iprev: { result: 'none', name: null, reason: null },
};

const SIGNATURE: SignatureCheck = {
  result: 'pass',
  domain: 'corp.example',
  selector: 's1',
  algorithm: 'rsa-sha256',
  signatureStart: '12345678',
  alignment: 'aligned',
  uncovered: [],
  signedAt: null,
  reason: null,
};

function check(details: Partial<VerdictDetails>, method: string, expected: readonly string[]): void {
  const words = describeChecks({ ...DETAILS, ...details }).filter((one) => one.method === method);
  assert.deepEqual(
    words.map(({ result, text }) => (text === '' ? result : `${result}: ${text}`)),
    expected,
  );
}

test('describeChecks() tells SPF with its identity, alignment and reason', () => {
  const spf = { ...DETAILS.spf, result: 'pass', domain: 'corp.example', alignment: 'aligned' } as const;
  check({}, 'SPF', ['none']);
  check({ spf }, 'SPF', ['pass: corp.example in MAIL FROM, aligned with From']);
  check({ spf: { ...spf, identity: 'helo', alignment: 'unaligned', reason: '"mx" matched' } }, 'SPF', [
    'pass: corp.example in HELO, not aligned with From, "mx" matched',
  ]);
  check({ spf: { ...spf, result: 'none', reason: 'it has no SPF record' } }, 'SPF', [
    'none: corp.example in MAIL FROM, it has no SPF record',
  ]);
});

test('describeChecks() tells every signature, and what it leaves open', () => {
  check({}, 'DKIM', ['none: there is no signature']);
  check({ signatures: [SIGNATURE, { ...SIGNATURE, uncovered: ['subject', 'content-type'] }] }, 'DKIM', [
    'pass: corp.example by selector s1, aligned with From',
    'pass: corp.example by selector s1, aligned with From, does not cover subject',
  ]);
  const open = { ...SIGNATURE, alignment: 'unknown' } as const;
  check({ signatures: [open], signaturesNotJudged: 2 }, 'DKIM', [
    'pass: corp.example by selector s1, alignment with From unknown, since the DMARC record could not be had',
    'policy: 2 more signatures, which nobody looked at: there are too many',
  ]);
  const broken = { ...SIGNATURE, result: 'permerror', domain: '', reason: 'it has no d=' } as const;
  check({ signatures: [broken] }, 'DKIM', ['permerror: a signature without a domain, it has no d=']);
});

test('describeChecks() tells what DMARC asks for and what a sealer says', () => {
  const dmarc = { result: 'pass', recordDomain: 'corp.example', policy: 'reject', reason: null } as const;
  check({}, 'DMARC', ['none: corp.example has no DMARC record']);
  check({ dmarc: { ...dmarc, pct: 100, adkim: 'relaxed', aspf: 'relaxed' } }, 'DMARC', [
    'pass: corp.example asks for reject',
  ]);
  check({ dmarc: { ...dmarc, pct: 5, adkim: 'strict', aspf: 'strict' } }, 'DMARC', [
    'pass: corp.example asks for reject for 5 % of its mail, strict alignment of DKIM and SPF',
  ]);
  const vouches = { sealer: 'list.example', authDomain: 'corp.example', uncovered: [], signedAt: null };
  check({ arc: { result: 'pass', sealers: ['list.example'], vouches, reason: null } }, 'ARC', [
    'pass: sealed by list.example, which says that corp.example was authenticated when it came there',
  ]);
});

test('describeChecks() shows a domain that is no plain name in quotes', () => {
  check({ signatures: [{ ...SIGNATURE, domain: 'a, aligned', selector: 'x\u001b[2J' }] }, 'DKIM', [
    'pass: "a, aligned" by selector "x\\u001b[2J", aligned with From',
  ]);
});
