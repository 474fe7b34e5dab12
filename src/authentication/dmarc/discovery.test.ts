import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimulatedDnsOptions, simulatedDns } from '../../system/dns.sim.ts';
import { type DmarcDiscovery, discoverDmarc } from './discovery.ts';

const REJECT = 'v=DMARC1; p=reject';

async function check(
  domain: string,
  zone: SimulatedDnsOptions,
  expected: {
    readonly kind: DmarcDiscovery['kind'];
    readonly domain?: string;
    readonly reason?: RegExp;
    readonly asked?: readonly string[];
  },
): Promise<void> {
  const dns = simulatedDns(zone);
  const found = await discoverDmarc(domain, { dns, signal: new AbortController().signal });
  assert.equal(found.kind, expected.kind, JSON.stringify(found));
  if (expected.domain !== undefined) assert.ok('domain' in found && found.domain === expected.domain);
  if (expected.reason !== undefined) assert.match('reason' in found ? found.reason : '', expected.reason);
  if (expected.asked !== undefined) assert.deepEqual(dns.asked, expected.asked);
}

test('discoverDmarc() asks the author domain, then its organizational domain (RFC 7489 §6.6.3)', async () => {
  const own = { TXT: { '_dmarc.example.com': [REJECT] } };
  await check('example.com', own, {
    kind: 'found',
    domain: 'example.com',
    asked: ['TXT _dmarc.example.com'],
  });
  await check('a.b.example.com', own, {
    kind: 'found',
    domain: 'example.com',
    asked: ['TXT _dmarc.a.b.example.com', 'TXT _dmarc.example.com'],
  });
  // A domain between the two is not asked.
  await check('a.b.example.com', { TXT: { '_dmarc.b.example.com': [REJECT] } }, { kind: 'none' });
  await check('example.org', own, {
    kind: 'none',
    reason: /^example\.org has no DMARC record$/,
    asked: ['TXT _dmarc.example.org'],
  });
  // The suffix of tenants speaks for none of them.
  await check('tenant.github.io', { TXT: { '_dmarc.github.io': [REJECT] } }, { kind: 'none' });
});

test('discoverDmarc() sets aside records that are not of this version, and goes on (steps 2 to 4)', async () => {
  const verification = 'some-site-verification=1';
  await check(
    'example.com',
    { TXT: { '_dmarc.example.com': [verification, REJECT, 'v=DMARC2; p=none'] } },
    { kind: 'found', domain: 'example.com' },
  );
  await check(
    'a.example.com',
    { TXT: { '_dmarc.a.example.com': [verification], '_dmarc.example.com': [REJECT] } },
    { kind: 'found', domain: 'example.com' },
  );
});

test('discoverDmarc() applies none of several records, nor one that is broken (steps 5 and 6)', async () => {
  const parent = { '_dmarc.example.com': [REJECT] };
  await check(
    'a.example.com',
    { TXT: { ...parent, '_dmarc.a.example.com': [REJECT, 'v=DMARC1; p=none'] } },
    { kind: 'none', reason: /2 DMARC records/, asked: ['TXT _dmarc.a.example.com'] },
  );
  await check(
    'a.example.com',
    { TXT: { ...parent, '_dmarc.a.example.com': ['v=DMARC1; p=rejected'] } },
    { kind: 'unusable', domain: 'a.example.com', reason: /p= tag/ },
  );
});

test('discoverDmarc() tells that there is no record from that nobody could say', async () => {
  await check('example.com', { A: { '_dmarc.example.com': ['192.0.2.1'] } }, { kind: 'none' });
  await check(
    'example.com',
    { fail: { '_dmarc.example.com': 'silence' } },
    { kind: 'failed', reason: /silence/ },
  );
  await check('a.example.com', { fail: { '_dmarc.example.com': 'server-failure' } }, { kind: 'failed' });
  // Where the first question has no answer, the parent's record might be the wrong one.
  await check(
    'a.example.com',
    { TXT: { '_dmarc.example.com': [REJECT] }, fail: { '_dmarc.a.example.com': 'silence' } },
    { kind: 'failed', asked: ['TXT _dmarc.a.example.com'] },
  );
});
