import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../system/clock.ts';
import { simulatedDns } from '../system/dns.sim.ts';
import type { Dns } from '../system/dns.ts';
import { authenticate } from './authenticate.ts';
import type { AuthenticationInput } from './authentication.ts';
import type { Verdict } from './verdict.ts';

const LETTER = 'From: a@corp.example\r\nSubject: x\r\nDKIM-Signature: v=1; d=corp.example\r\n\r\nText\r\n';

function ask(dns: Dns, input: Partial<AuthenticationInput> = {}, signal?: AbortSignal): Promise<Verdict> {
  const content = Buffer.from(LETTER, 'latin1');
  const given = { clientAddress: '192.0.2.1', helo: 'mta.corp.example', reversePath: 'b@corp.example' };
  const receivedAt = epochMs(Date.UTC(2026, 10, 24));
  return authenticate(
    { ...given, receivedAt, content, ...input },
    { dns, signal: signal ?? new AbortController().signal },
  );
}

test('authenticate() asks SPF, DMARC and iprev of a message, and says what each found', async () => {
  const dns = simulatedDns({
    TXT: {
      'corp.example': ['v=spf1 ip4:192.0.2.0/24 -all'],
      '_dmarc.corp.example': ['v=DMARC1; p=reject; pct=50'],
    },
    PTR: { '1.2.0.192.in-addr.arpa': ['mta.corp.example'] },
    A: { 'mta.corp.example': ['192.0.2.1'] },
  });
  const verdict = await ask(dns);
  assert.equal(verdict.spf, 'pass');
  assert.equal(verdict.dkim, 'fail');
  assert.equal(verdict.dmarc, 'pass');
  assert.equal(verdict.rank, 'aligned-spf');
  assert.equal(verdict.authDomain, 'corp.example');
  assert.equal(verdict.details?.iprev.name, 'mta.corp.example');
  assert.equal(verdict.details?.dmarc.policy, 'reject');
  assert.equal(verdict.details?.dmarc.pct, 50);
  assert.equal(verdict.details?.arc.result, 'none');
});

test('authenticate() checks HELO for the null reverse-path, and aligns it (RFC 7208 §2.4)', async () => {
  const dns = simulatedDns({ TXT: { 'mta.corp.example': ['v=spf1 ip4:192.0.2.1 -all'] } });
  const verdict = await ask(dns, { reversePath: '' });
  assert.equal(verdict.details?.spf.identity, 'helo');
  assert.equal(verdict.rank, 'aligned-spf');
  assert.equal(verdict.authDomain, 'mta.corp.example');
});

test('authenticate() is provisional where its time is over, and never rejects', async () => {
  const verdict = await ask(simulatedDns(), {}, AbortSignal.abort());
  assert.equal(verdict.spf, 'temperror');
  assert.equal(verdict.dmarc, 'temperror');
  assert.equal(verdict.provisional, true);
  assert.equal(verdict.rank, 'none');
});

test('authenticate() takes a method that breaks for one that found nothing', async () => {
  const resolve = (): never => {
    throw new TypeError('broken');
  };
  const verdict = await ask({ resolve });
  assert.equal(verdict.rank, 'none');
  assert.equal(verdict.dmarc, 'none');
  assert.equal(verdict.details?.spf.result, 'permerror');
  assert.equal(verdict.provisional, false);
});

test('authenticate() takes any octets', async () => {
  const dns = simulatedDns();
  const piece = fc.constantFrom(
    'From: a@b.example\r\n',
    'DKIM-Signature: v=1; a=rsa-sha256; d=b.example; s=s; h=from; bh=; b=\r\n',
    'ARC-Seal: i=1; cv=none; d=b.example; s=s; b=\r\n',
    'ARC-Authentication-Results: i=1; x; dmarc=pass\r\n',
    'Content-Transfer-Encoding: base64\r\n',
    '\r\n',
    ' ',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 12 }),
      async (parts) => {
        const verdict = await ask(dns, { content: Buffer.from(parts.join('')), helo: parts[0] ?? null });
        assert.notEqual(verdict.rank, 'aligned-dkim');
        assert.notEqual(verdict.details, null);
        // It is stored as JSON.
        assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
      },
    ),
  );
});
