import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '../../system/clock.ts';
import { simulatedDns } from '../../system/dns.sim.ts';
import type { DkimFinding } from '../findings.ts';
import { generateTestKey, signatureField, signMessage } from './signer.sim.ts';
import { verifyDkim } from './verify-dkim.ts';

const key = generateTestKey(1024);
const dns = simulatedDns({ TXT: { 's._domainkey.example.com': [key.record] } });
const HEADERS = 'from:subject';
const FIELDS = 'From: sam@example.com\r\nSubject: x\r\n';

/** Work that grows with the square of these inputs takes minutes; linear work some hundred milliseconds. */
const JUDGED_MS_MAX = 2000;

async function judge(content: string): Promise<DkimFinding> {
  const octets = Buffer.from(content, 'latin1');
  const { signal } = new AbortController();
  const start = performance.now();
  const found = await verifyDkim(octets, { dns, signal, receivedAt: epochMs(1_795_000_000_000) });
  const tookMs = performance.now() - start;
  assert.ok(tookMs < JUDGED_MS_MAX, `${Math.round(tookMs)} ms for ${octets.length} octets`);
  return found;
}

async function check(content: string, expected: string | RegExp): Promise<void> {
  const [signature] = (await judge(content)).signatures;
  if (typeof expected === 'string') assert.equal(signature?.result, expected);
  else assert.match(`${signature?.result}: ${signature?.reason}`, expected);
}

test('verifyDkim() takes 6 MB of blank lines in linear time', async () => {
  const lines = '\r\n'.repeat(3_000_000);
  await check(signMessage(`${FIELDS}\r\n${lines}`, { key, headers: HEADERS }), 'pass');
  await check(signMessage(`${FIELDS}\r\n${lines}x`, { key, headers: HEADERS }), 'pass');
  const spaced = signMessage(`${FIELDS}\r\nx`, { key, headers: HEADERS }) + ' \t'.repeat(3_000_000);
  await check(spaced, 'pass');
});

test('verifyDkim() takes many header fields in linear time, and says where there are too many', async () => {
  const signed = signMessage(`${FIELDS}\r\nx`, { key, headers: HEADERS });
  await check('X-A: b\r\n'.repeat(99_000) + signed, 'pass');
  await check(
    signed.replace('\r\n\r\n', `\r\n${'X-A: b\r\n'.repeat(100_000)}\r\n`),
    /^policy: .* more than 100000/,
  );
  await judge('a:\r\n'.repeat(3_000_000));
});

test('verifyDkim() takes long lists of fields in linear time, and refuses longer ones', async () => {
  const content = `${'X: y\r\n'.repeat(50_000)}${FIELDS}\r\nx`;
  const long = signatureField(content, { key, headers: HEADERS + ':x'.repeat(20) });
  await check(long + content, 'pass');
  const absent = signatureField(content, { key, headers: HEADERS + ':z'.repeat(25_000) });
  await check(absent.repeat(10) + content, 'pass');
  const huge = `DKIM-Signature: v=1; h=from${':x'.repeat(1_000_000)}\r\n`;
  await check(huge.repeat(3) + content, /^permerror: .* longer than/);
});

test('verifyDkim() does not hash more of the header section than a reader reads', async () => {
  const content = `X: ${'y '.repeat(600_000)}\r\n${FIELDS}\r\nx`;
  await check(signMessage(content, { key, headers: HEADERS }), 'pass');
  await check(signMessage(content, { key, headers: `${HEADERS}:x` }), /^policy: .* more than 1048576 octets/);
});

test('verifyDkim() counts 50,000 signatures and judges ten', async () => {
  const content = `${FIELDS}\r\nx`;
  const field = signatureField(content, { key, headers: HEADERS });
  const { signatures, notJudged } = await judge(field.repeat(50_000) + content);
  assert.equal(signatures.length + notJudged, 50_000);
  assert.equal(notJudged, 49_990);
});
