import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '../system/clock.ts';
import { composeVerdict } from './compose-verdict.ts';
import type { DmarcDiscovery } from './dmarc/discovery.ts';
import { parseDmarcRecord } from './dmarc/record.ts';
import type { ArcFinding, Findings, SignatureFinding, SpfFinding } from './findings.ts';
import type { Verdict } from './verdict.ts';

const NO_RECORD: DmarcDiscovery = { kind: 'none', reason: 'corp.example has no DMARC record' };
const NO_ANSWER: DmarcDiscovery = { kind: 'failed', reason: 'silence' };

function record(text: string): DmarcDiscovery {
  const parsed = parseDmarcRecord(`v=DMARC1; p=reject; ${text}`);
  assert.ok(parsed.kind === 'record');
  return { kind: 'found', domain: 'corp.example', record: parsed.record };
}

function signature(
  result: SignatureFinding['result'],
  domain: string,
  uncovered: readonly string[] = [],
): SignatureFinding {
  const rest = { selector: 's', algorithm: 'rsa-sha256', signatureStart: 'abcdefgh' };
  return { result, domain, uncovered, signedAt: null, reason: null, ...rest };
}

function spf(result: SpfFinding['result'], domain: string): SpfFinding {
  return { result, domain, identity: 'mailfrom', reason: null };
}

const NO_ARC: ArcFinding = { result: 'none', reason: null, sealers: [], outermost: null };

function arc(
  result: ArcFinding['result'],
  method: string,
  properties: Record<string, string>,
  sealed = 'pass',
): ArcFinding {
  const methods = [{ method, result: sealed, properties }];
  const outermost = {
    sealer: 'list.example',

    methods,
    uncovered: ['to'],
    signedAt: epochMs(1),
  };
  return { result, reason: null, sealers: ['list.example'], outermost };
}

interface Row extends Partial<Pick<Findings, 'spf' | 'arc' | 'discovery'>> {
  readonly signatures?: readonly SignatureFinding[];
  readonly author?: Partial<Findings['author']>;
  readonly transferEncoding?: string;
}

function compose(row: Row): Verdict {
  return composeVerdict({
    author: { addresses: ['a@corp.example'], count: 1, domain: 'corp.example', ...row.author },
    fields: {
      repeated: [],
      hasMessageId: true,
      date: null,
      transferEncoding: row.transferEncoding ?? null,
      to: [],
      cc: [],
    },
    spf: row.spf ?? { result: 'none', domain: null, identity: 'mailfrom', reason: null },
    dkim: { signatures: row.signatures ?? [], notJudged: 0 },
    arc: row.arc ?? NO_ARC,
    iprev: { result: 'temperror', name: null, reason: null },
    discovery: row.discovery === undefined ? NO_RECORD : row.discovery,
  });
}

function check(row: Row, expected: Partial<Verdict>): void {
  const verdict = compose(row);
  for (const [name, value] of Object.entries(expected))
    assert.deepEqual(verdict[name as keyof Verdict], value, `${name}: ${JSON.stringify({ row, verdict })}`);
}

test('composeVerdict() ranks an aligned signature over aligned SPF over nothing over evidence against', () => {
  check(
    { signatures: [signature('pass', 'corp.example')], spf: spf('pass', 'corp.example') },
    { rank: 'aligned-dkim', authDomain: 'corp.example', dkim: 'pass', spf: 'pass', dmarc: 'none' },
  );
  check(
    { signatures: [signature('pass', 'mail.corp.example')], discovery: record('') },
    { rank: 'aligned-dkim', authDomain: 'mail.corp.example', dmarc: 'pass' },
  );
  check(
    { signatures: [signature('fail', 'corp.example')], spf: spf('pass', 'bounce.corp.example') },
    { rank: 'aligned-spf', authDomain: 'bounce.corp.example', dkim: 'fail' },
  );
  check({}, { rank: 'none', authDomain: null, dkim: 'none', spf: 'none', dmarc: 'none' });
  // A foreign signature proves nothing about the author, whether it passes or not.
  check(
    { signatures: [signature('pass', 'evil.example')] },
    { rank: 'none', authDomain: null, dkim: 'pass' },
  );
  check({ signatures: [signature('fail', 'list.example')] }, { rank: 'none', dkim: 'fail' });
  check({ spf: spf('pass', 'evil.example') }, { rank: 'none', authDomain: null, spf: 'pass' });
  check({ spf: spf('softfail', 'corp.example') }, { rank: 'none' });
  check({ signatures: [signature('permerror', 'corp.example')] }, { rank: 'none', dkim: 'fail' });
  check({ signatures: [signature('fail', 'corp.example')] }, { rank: 'fail', authDomain: null });
  check({ spf: spf('fail', 'corp.example') }, { rank: 'fail' });
  check({ discovery: record('') }, { rank: 'fail', dmarc: 'fail' });
  check(
    { signatures: [signature('pass', 'evil.example')], discovery: record('p=none') },
    { rank: 'fail', dmarc: 'fail', dkim: 'pass', authDomain: null },
  );
});

test('composeVerdict() honours strict alignment, and asks DKIM and SPF by their own modes', () => {
  const related = signature('pass', 'mail.corp.example');
  check({ signatures: [related], discovery: record('adkim=s') }, { rank: 'fail', dmarc: 'fail' });
  check({ signatures: [related], discovery: record('aspf=s') }, { rank: 'aligned-dkim' });
  check({ spf: spf('pass', 'mail.corp.example'), discovery: record('aspf=s') }, { rank: 'fail' });
  check({ spf: spf('pass', 'mail.corp.example'), discovery: record('adkim=s') }, { rank: 'aligned-spf' });
});

test('composeVerdict() names the domain of the signature that covers most, then of From itself', () => {
  const signatures = [
    signature('pass', 'a.corp.example', ['subject']),
    signature('pass', 'b.corp.example'),
    signature('pass', 'corp.example', ['subject']),
  ];
  check({ signatures }, { authDomain: 'b.corp.example' });
  check({ signatures: signatures.toSpliced(1, 1) }, { authDomain: 'corp.example' });
});

test('composeVerdict() aligns nothing where there is not one author', () => {
  const author = { domain: null, count: 2, addresses: ['a@corp.example', 'b@evil.example'] };
  const verdict = compose({ author, discovery: null, signatures: [signature('pass', 'corp.example')] });
  assert.equal(verdict.rank, 'none');
  assert.equal(verdict.dmarc, 'none');
  assert.equal(verdict.details?.dmarc.result, 'permerror');
  assert.equal(verdict.details?.signatures[0]?.alignment, 'unaligned');
  check(
    { author, discovery: null, signatures: [signature('temperror', 'corp.example')] },
    { provisional: false },
  );
});

test('composeVerdict() is provisional only where an answer could change rank or trust', () => {
  const pass = signature('pass', 'corp.example');
  const bare = signature('pass', 'corp.example', ['subject']);
  const open = signature('temperror', 'corp.example');
  const provisional = (row: Row, rank: Verdict['rank']): void => check(row, { provisional: true, rank });
  const final = (row: Row, rank: Verdict['rank']): void => check(row, { provisional: false, rank });
  // iprev, of which every row has a temperror, changes nothing.
  final({}, 'none');
  final({ signatures: [pass], spf: spf('temperror', 'corp.example') }, 'aligned-dkim');
  final({ signatures: [pass, open] }, 'aligned-dkim');
  final({ signatures: [pass], discovery: NO_ANSWER }, 'aligned-dkim');
  final({ signatures: [signature('temperror', 'evil.example')] }, 'none');
  final({ spf: spf('temperror', 'evil.example') }, 'none');
  final({ discovery: NO_ANSWER }, 'none');
  final({ spf: spf('pass', 'corp.example'), discovery: NO_ANSWER }, 'aligned-spf');
  provisional({ signatures: [open] }, 'none');
  provisional({ signatures: [open], spf: spf('pass', 'corp.example') }, 'aligned-spf');
  provisional({ signatures: [signature('temperror', 'mail.corp.example')], discovery: NO_ANSWER }, 'none');
  provisional({ spf: spf('temperror', 'corp.example') }, 'none');
  provisional({ signatures: [signature('pass', 'mail.corp.example')], discovery: NO_ANSWER }, 'none');
  provisional({ spf: spf('pass', 'mail.corp.example'), discovery: NO_ANSWER }, 'none');
  // One that does not cover the Subject trusts nobody; another still could.
  provisional({ signatures: [bare, open] }, 'aligned-dkim');
  provisional({ signatures: [bare], spf: spf('temperror', 'corp.example') }, 'aligned-dkim');
  const uncoveredEncoding = signature('pass', 'corp.example', ['content-transfer-encoding']);
  final({ signatures: [uncoveredEncoding, open] }, 'aligned-dkim');
  provisional({ signatures: [uncoveredEncoding, open], transferEncoding: 'base64' }, 'aligned-dkim');
  // No evidence against a message counts while one could speak for it.
  provisional({ signatures: [open, signature('fail', 'corp.example')], discovery: record('') }, 'none');
  provisional({ signatures: [open], spf: spf('fail', 'corp.example') }, 'none');
});

test('composeVerdict() shows one word for several signatures (contract §5)', () => {
  const dkim = (results: readonly SignatureFinding['result'][], expected: Verdict['dkim']): void =>
    check({ signatures: results.map((result) => signature(result, 'x.example')) }, { dkim: expected });
  dkim([], 'none');
  dkim(['fail', 'temperror', 'pass'], 'pass');
  dkim(['fail', 'temperror'], 'temperror');
  dkim(['permerror'], 'fail');
  dkim(['policy'], 'fail');
  dkim(['neutral', 'fail'], 'fail');
});

test('composeVerdict() lets the outermost sealer vouch for the author, by a chain that passes', () => {
  const vouches = (row: Row, authDomain: string | null, provisional = false): void => {
    const verdict = compose(row);
    assert.equal(verdict.details?.arc.vouches?.authDomain ?? null, authDomain, JSON.stringify(row));
    assert.equal(verdict.provisional, provisional, JSON.stringify(row));
    // A sealer's word raises no rank and authenticates nobody by itself.
    assert.equal(verdict.rank, 'none');
    assert.equal(verdict.authDomain, null);
  };
  vouches({ arc: arc('pass', 'dmarc', { 'header.from': 'corp.example' }) }, 'corp.example');
  vouches({ arc: arc('pass', 'dkim', { 'header.d': 'mail.corp.example' }) }, 'mail.corp.example');
  vouches({ arc: arc('pass', 'dkim', { 'header.i': '@corp.example' }) }, 'corp.example');
  vouches({ arc: arc('pass', 'dkim', { 'header.i': '@x.corp.example', 'header.d': 'evil.example' }) }, null);
  vouches({ arc: arc('pass', 'dmarc', { 'header.from': 'mail.corp.example' }) }, null);
  vouches({ arc: arc('pass', 'dmarc', { 'header.from': 'evil.example' }) }, null);
  vouches({ arc: arc('pass', 'dkim', { 'header.d': 'evil.example' }) }, null);
  vouches({ arc: arc('pass', 'dmarc', {}) }, null);
  vouches({ arc: arc('pass', 'dmarc', { 'header.from': 'corp.example' }, 'fail') }, null);
  vouches({ arc: arc('pass', 'spf', { 'smtp.mailfrom': 'a@corp.example' }) }, null);
  vouches({ arc: arc('fail', 'dmarc', { 'header.from': 'corp.example' }) }, null);
  vouches({ arc: { ...NO_ARC, result: 'temperror', sealers: ['list.example'] } }, null, true);
  vouches(
    { arc: arc('pass', 'dkim', { 'header.d': 'mail.corp.example' }), discovery: NO_ANSWER },
    null,
    true,
  );
});
