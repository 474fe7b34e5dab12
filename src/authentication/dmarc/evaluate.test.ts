import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DmarcCheck } from '../verdict.ts';
import type { DmarcDiscovery } from './discovery.ts';
import { dmarcWithoutAuthor, evaluateDmarc, type Identifier, modesOf } from './evaluate.ts';
import { parseDmarcRecord } from './record.ts';

function found(domain: string, text: string): DmarcDiscovery {
  const parsed = parseDmarcRecord(text);
  assert.ok(parsed.kind === 'record');
  return { kind: 'found', domain, record: parsed.record };
}

const REJECT = found('example.com', 'v=DMARC1; p=reject; sp=quarantine; pct=25; adkim=s');

function check(
  discovery: DmarcDiscovery,
  identifiers: readonly Identifier[],
  expected: Partial<DmarcCheck>,
  author = 'example.com',
): void {
  const result = evaluateDmarc({ author, discovery, identifiers });
  for (const [name, value] of Object.entries(expected))
    assert.deepEqual(result[name as keyof DmarcCheck], value, `${name} of ${JSON.stringify(result)}`);
}

test('evaluateDmarc() passes where one aligned identifier passes (RFC 7489 §6.6.2)', () => {
  check(REJECT, [{ result: 'pass', alignment: 'aligned' }], { result: 'pass', reason: null });
  check(
    REJECT,
    [
      { result: 'fail', alignment: 'aligned' },
      { result: 'temperror', alignment: 'aligned' },
      { result: 'pass', alignment: 'aligned' },
    ],
    { result: 'pass' },
  );
  check(REJECT, [{ result: 'pass', alignment: 'unaligned' }], { result: 'fail' });
  check(REJECT, [{ result: 'softfail', alignment: 'aligned' }], { result: 'fail' });
  check(REJECT, [{ result: 'neutral', alignment: 'aligned' }], { result: 'fail' });
  check(REJECT, [], { result: 'fail' });
});

test('evaluateDmarc() does not call failed what DNS left open', () => {
  check(REJECT, [{ result: 'temperror', alignment: 'aligned' }], { result: 'temperror' });
  check(REJECT, [{ result: 'temperror', alignment: 'unaligned' }], { result: 'fail' });
  check({ kind: 'failed', reason: 'silence' }, [{ result: 'pass', alignment: 'aligned' }], {
    result: 'temperror',
    reason: 'silence',
    policy: null,
  });
});

test('evaluateDmarc() keeps what the record asks for: p, sp, pct and the modes', () => {
  check(REJECT, [], {
    policy: 'reject',
    pct: 25,
    adkim: 'strict',
    aspf: 'relaxed',
    recordDomain: 'example.com',
  });
  check(REJECT, [], { policy: 'quarantine', recordDomain: 'example.com' }, 'child.example.com');
  check(
    found('child.example.com', 'v=DMARC1; p=none; sp=reject'),
    [],
    { policy: 'none', recordDomain: 'child.example.com' },
    'child.example.com',
  );
  check({ kind: 'none', reason: 'no record' }, [], { result: 'none', policy: null, reason: 'no record' });
  check({ kind: 'unusable', domain: 'example.com', reason: 'broken' }, [], {
    result: 'permerror',
    recordDomain: 'example.com',
  });
});

test('modesOf() is relaxed without a record and unknown where it could not be had', () => {
  assert.deepEqual(modesOf(REJECT), { adkim: 'strict', aspf: 'relaxed' });
  assert.deepEqual(modesOf({ kind: 'none', reason: '' }), { adkim: 'relaxed', aspf: 'relaxed' });
  assert.deepEqual(modesOf({ kind: 'failed', reason: '' }), { adkim: 'unknown', aspf: 'unknown' });
});

test('dmarcWithoutAuthor() tells no author from several (RFC 7489 §6.6.1)', () => {
  assert.equal(dmarcWithoutAuthor(0).result, 'none');
  assert.equal(dmarcWithoutAuthor(1).result, 'permerror');
  assert.match(dmarcWithoutAuthor(3).reason ?? '', /3 addresses/);
});
