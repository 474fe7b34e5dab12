import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../../system/clock.ts';
import { simulatedDns } from '../../system/dns.sim.ts';
import { generateTestKey } from '../dkim/signer.sim.ts';
import type { ArcFinding } from '../findings.ts';
import { sealMessage, type TestSealing } from './sealer.sim.ts';
import { verifyArc } from './verify-arc.ts';

const receivedAt = epochMs(Date.UTC(2026, 10, 25));
const { signal } = new AbortController();
const key = generateTestKey(1024);
const other = generateTestKey(null);
const zone = simulatedDns({
  TXT: { 's._domainkey.lists.example': [key.record], 'e._domainkey.forward.example': [other.record] },
});

const LETTER = 'From: sam@example.com\r\nSubject: Hello\r\nReply-To: sam@example.com\r\n\r\nHello.\r\n';
const RESULTS = `lists.example; spf=pass smtp.mailfrom=sam@example.com;
  dkim=pass (2048-bit; "a;b") header.d=Example.com header.s=k; dmarc=pass header.from=example.com`;

async function verify(content: string, dns = zone): Promise<ArcFinding> {
  return await verifyArc(Buffer.from(content, 'latin1'), { dns, signal, receivedAt });
}

async function check(content: string, expected: string | RegExp, dns = zone): Promise<void> {
  const { result, reason } = await verify(content, dns);
  if (typeof expected === 'string') assert.equal(result, expected, reason ?? 'no reason');
  else assert.match(`${result}: ${reason}`, expected);
}

function seal(sealing: Partial<TestSealing> = {}, content: string = LETTER): string {
  return sealMessage(content, { key, ...sealing });
}

const second = { key: other, domain: 'forward.example', selector: 'e' } as const;

test('verifyArc() tells who sealed, and what the last one found', async () => {
  const one = seal({ results: RESULTS.replace(/\n\s*/g, '\r\n '), signatureTags: { t: '1795000000' } });
  assert.deepEqual(await verify(one), {
    result: 'pass',
    reason: null,
    sealers: ['lists.example'],
    outermost: {
      sealer: 'lists.example',
      methods: [
        { method: 'spf', result: 'pass', properties: { 'smtp.mailfrom': 'sam@example.com' } },
        { method: 'dkim', result: 'pass', properties: { 'header.d': 'Example.com', 'header.s': 'k' } },
        { method: 'dmarc', result: 'pass', properties: { 'header.from': 'example.com' } },
      ],
      uncovered: ['reply-to'],
      signedAt: 1_795_000_000_000,
    },
  });
  const two = await verify(seal({ ...second, sealTags: { t: '1795000001' } }, one));
  assert.equal(two.result, 'pass');
  assert.deepEqual(two.sealers, ['lists.example', 'forward.example']);
  assert.equal(two.outermost?.sealer, 'forward.example');
  assert.deepEqual(two.outermost?.methods, []);
  assert.equal(two.outermost?.signedAt, 1_795_000_001_000);
  assert.deepEqual(await verify(LETTER), { result: 'none', reason: null, sealers: [], outermost: null });
});

test('verifyArc() asks the newest message signature and every seal to hold (RFC 8617 §5.2)', async () => {
  const one = seal();
  await check(one.replace('Hello.', 'Hi.'), /^fail: the message signature of instance 1: the body/);
  await check(one.replace('Subject: Hello', 'Subject: Hi'), /^fail: the message signature of instance 1/);
  await check(
    one.replace('lists.example; none', 'lists.example; dmarc=pass'),
    /^fail: the seal of instance 1/,
  );
  // A hop changed the message and signed it anew.
  const changed = one.replace('Hello.', 'Hello.\r\n-- \r\nThe list');
  await check(changed, 'fail');
  await check(seal(second, changed), 'pass');
  await check(seal(second, one.replace('lists.example; none', 'x; none')), /^fail: the seal of instance 1/);
});

test('verifyArc() fails a chain that says it is broken, or has a link too few or too many', async () => {
  const one = seal();
  await check(seal({ sealTags: { cv: 'fail' } }), /^fail: instance 1 found the chain broken/);
  await check(seal({ sealTags: { cv: 'pass' } }), /^fail: instance 1 has cv=pass/);
  await check(seal({ ...second, sealTags: { cv: 'none' } }, one), /^fail: instance 2 has cv=none/);
  await check(seal({ sealTags: { cv: null } }), /^fail: arc-seal: cv= is missing/);
  await check(seal({ sealTags: { h: 'from' } }), /^fail: arc-seal: it has h=/);
  await check(seal({ headers: 'from:arc-seal' }), /^fail: arc-message-signature: h= names ARC-Seal/);
  await check(one.replace(/^ARC-Seal.*\r\n/, ''), /^fail: instance 1 has not its three fields/);
  await check(one.replace(/^(ARC-Seal.*\r\n)/, '$1$1'), /^fail: arc-seal: instance 1 occurs twice/);
  await check(seal(second, one).replace(/i=1/g, 'i=3'), /^fail: instance 1 has not/);
  await check(one.replace(/i=1/g, 'i=51'), /^fail: arc-authentication-results: it does not begin/);
  for (const instance of ['0', '', '-1', '1a'])
    await check(one.replace('ARC-Seal: i=1', `ARC-Seal: i=${instance}`), /^fail: arc-seal: i= is/);
});

test('verifyArc() fails on keys that are absent, weak or of another, and waits for those nobody could ask', async () => {
  const one = seal();
  await check(one, /^fail: .* there is no key/, simulatedDns());
  const weak = generateTestKey(512);
  const weakZone = simulatedDns({ TXT: { 's._domainkey.lists.example': [weak.record] } });
  await check(seal({ key: weak }), /^fail: .* has 512 bits/, weakZone);
  const down = simulatedDns({ fail: { 's._domainkey.lists.example': 'silence' } });
  await check(one, /^temperror: .* could not be asked for/, down);
  assert.equal((await verify(one, down)).outermost?.sealer, 'lists.example');
  // Whatever DNS would say, the body is another.
  await check(one.replace('Hello.', 'Hi.'), /^fail: .* the body/, down);
});

test('verifyArc() takes a message signature without c= in either form', async () => {
  await check(seal({ signatureTags: { c: null } }), 'pass');
  await check(seal({ signatureTags: { c: null } }).replace('Hello.', 'Hi.'), 'fail');
});

test('verifyArc() passes no seal from the future and no expired message signature', async () => {
  const seconds = receivedAt / 1000;
  await check(seal({ sealTags: { t: String(seconds + 3601) } }), /^fail: the last seal is from the future/);
  await check(seal({ signatureTags: { t: String(seconds + 3601) } }), /^fail: .* from the future/);
  await check(seal({ signatureTags: { x: String(seconds) } }), /^fail: .* had expired/);
});

test('verifyArc() takes fifty instances and refuses more, in linear time', async () => {
  let content = LETTER;
  for (let instance = 1; instance <= 50; instance += 1) content = seal({}, content);
  const start = performance.now();
  assert.equal((await verify(content)).sealers.length, 50);
  await check(content, 'pass');
  await check(seal({}, content), /^fail: there are more than 50 instances/);
  const flood = `ARC-Seal: i=1; b=${'a'.repeat(60_000)}\r\n`.repeat(100);
  await check(flood + LETTER, /^fail: the chain is longer than/);
  const tookMs = performance.now() - start;
  assert.ok(tookMs < 2000, `${Math.round(tookMs)} ms`);
});

test('verifyArc() never rejects, whatever octets it is given', async () => {
  const piece = fc.constantFrom(
    'ARC-Seal:',
    'ARC-Message-Signature:',
    'ARC-Authentication-Results:',
    'i=1;',
    'cv=none;',
    'a=rsa-sha256;',
    'b=a;',
    'bh=a;',
    'd=a;',
    's=b;',
    'h=from;',
    '\r\n',
    ' ',
    '(',
    '"',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.string({ unit: 'binary' }), async (pieces, rest) => {
      await verify(pieces.join('') + rest);
    }),
    { numRuns: 50 },
  );
});
