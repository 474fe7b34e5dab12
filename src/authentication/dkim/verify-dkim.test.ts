import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTransport } from 'nodemailer';
import { epochMs } from '../../system/clock.ts';
import { type SimulatedDns, simulatedDns } from '../../system/dns.sim.ts';
import type { SignatureFinding } from '../findings.ts';
import { generateTestKey, signatureField, signMessage, type TestSigning } from './signer.sim.ts';
import { SIGNATURES_JUDGED_MAX, verifyDkim } from './verify-dkim.ts';

const receivedAt = epochMs(Date.UTC(2026, 10, 25));
const { signal } = new AbortController();
const key = generateTestKey(2048);
const ed25519 = generateTestKey(null);
const records = { 's._domainkey.example.com': [key.record], 'e._domainkey.example.com': [ed25519.record] };
const zone = simulatedDns({ TXT: records });

const HEADERS = 'from:to:subject:date:message-id:mime-version:content-type';
const LETTER = [
  'From: Sam <sam@example.com>',
  'To: agent@example.org',
  'Subject: Invoice  17',
  ' (second try)',
  'Date: Wed, 25 Nov 2026 00:00:00 +0000',
  'Message-ID: <1@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Please  pay.\t',
  '',
  'Sam',
  '',
].join('\r\n');

async function verify(content: string, dns: SimulatedDns = zone): Promise<readonly SignatureFinding[]> {
  const results = await verifyDkim(Buffer.from(content, 'latin1'), { dns, signal, receivedAt });
  return results.signatures;
}

interface Expected {
  readonly result: string;
  readonly reason?: RegExp;
  readonly uncovered?: readonly string[];
}

async function check(content: string, expected: Expected, dns?: SimulatedDns): Promise<void> {
  const [signature] = await verify(content, dns);
  assert.ok(signature !== undefined);
  assert.equal(signature.result, expected.result, signature.reason ?? 'no reason');
  if (expected.reason !== undefined) assert.match(signature.reason ?? '', expected.reason);
  if (expected.uncovered !== undefined) assert.deepEqual(signature.uncovered, expected.uncovered);
}

function sign(signing: Partial<TestSigning> = {}, content: string = LETTER): string {
  return signMessage(content, { key, headers: HEADERS, ...signing });
}

/** One TXT record in the place of the key's. */
function withRecord(...texts: readonly string[]): SimulatedDns {
  return simulatedDns({ TXT: { 's._domainkey.example.com': texts } });
}

const pass = { result: 'pass', uncovered: [] };

test('verifyDkim() passes in every form of canonicalization, with both kinds of key', async () => {
  for (const forms of ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'] as const) {
    await check(sign({ forms }), pass);
    await check(sign({ forms, key: ed25519, selector: 'e' }), pass);
    await check(sign({ forms }, LETTER.slice(0, LETTER.indexOf('\r\n\r\n') + 2)), pass);
  }
});

test('verifyDkim() says what a signature says of itself', async () => {
  const content = sign({ tags: { t: '1795564700' } });
  const [signature] = await verify(content);
  const start = /\r\n b=(.{8})/.exec(content)?.[1];
  assert.deepEqual(signature, {
    result: 'pass',
    reason: null,
    domain: 'example.com',
    selector: 's',
    algorithm: 'rsa-sha256',
    signatureStart: start,
    uncovered: [],
    signedAt: 1_795_564_700_000,
  });
});

test('verifyDkim() holds on relaxed changes and fails on others', async () => {
  const signed = sign();
  await check(signed.replace('Subject: Invoice  17\r\n ', 'SUBJECT:  Invoice 17\r\n\t'), pass);
  await check(`${signed.replace('pay.\t', 'pay. ')}\r\n\r\n`, pass);
  await check(signed.replace('pay', 'Pay'), { result: 'fail', reason: /the body is not the one/ });
  await check(signed.replace('Invoice', 'invoice'), { result: 'fail', reason: /header fields are not/ });
  const simple = sign({ forms: 'simple/simple' });
  await check(simple.replace('Invoice  17', 'Invoice 17'), { result: 'fail' });
  await check(simple.replace('pay.\t', 'pay.'), { result: 'fail' });
});

test('verifyDkim() does not pass a body of which l= leaves a part out', async () => {
  const octets = Buffer.byteLength('Please pay.\r\n\r\nSam\r\n');
  const whole = sign({ tags: { l: String(octets) } });
  await check(whole, pass);
  const reason = /covers only 20 of 37 octets/;
  await check(`${whole}Pay to eve too.\r\n`, { result: 'policy', reason });
  await check(sign({ tags: { l: '0' } }), { result: 'policy', reason: /covers only 0 of 20 octets/ });
  await check(sign({ tags: { l: '21' } }), { result: 'permerror', reason: /l= is 21, and the body has 20/ });
  await check(sign({ tags: { l: '9'.repeat(76) } }), { result: 'permerror' });
});

test('verifyDkim() names fields that were put into a signed message', async () => {
  const signed = sign();
  const put = (field: string): string => `${field}\r\n${signed}`;
  await check(put('From: Eve <eve@example.net>'), { result: 'pass', uncovered: ['from'] });
  await check(put('Subject: Pay at once'), { result: 'pass', uncovered: ['subject'] });
  await check(put('subject : Pay at once'), { result: 'pass', uncovered: ['subject'] });
  await check(put('Reply-To: eve@example.net'), { result: 'pass', uncovered: ['reply-to'] });
  const encoding = 'Content-Transfer-Encoding: base64';
  await check(put(encoding), { result: 'pass', uncovered: ['content-transfer-encoding'] });
  // Below those that were signed it stands in a signed one's place.
  const below = signed.replace('\r\n\r\n', '\r\nSubject: Pay at once\r\n\r\n');
  await check(below, { result: 'fail', uncovered: ['subject'] });
});

test('verifyDkim() covers as many occurrences as h= mentions (RFC 6376 §5.4.2)', async () => {
  const twice = `Subject: first\r\n${LETTER}`;
  await check(sign({}, twice), { result: 'pass', uncovered: ['subject'] });
  await check(sign({ headers: `${HEADERS}:subject` }, twice), pass);
  const guarded = sign({ headers: `${HEADERS}:from:subject:reply-to` });
  await check(guarded, pass);
  for (const field of ['From: eve@example.net', 'Subject: x', 'Reply-To: eve@example.net'])
    await check(`${field}\r\n${guarded}`, { result: 'fail', uncovered: [] });
});

test('verifyDkim() passes the lists of fields that large senders sign', async () => {
  // What Gmail, Microsoft 365 and Fastmail write into h=.
  const lists = [
    'to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to',
    'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck',
    'cc:content-type:content-type:date:date:from:from:in-reply-to:in-reply-to:message-id:mime-version:reply-to:subject:subject:to:to',
  ];
  const uncovered = [['content-type'], ['to'], []];
  for (const [index, headers] of lists.entries())
    await check(sign({ headers }), { result: 'pass', uncovered: uncovered[index] ?? [] });
});

test('verifyDkim() judges time by when the message came', async () => {
  const seconds = receivedAt / 1000;
  await check(sign({ tags: { t: String(seconds - 10), x: String(seconds + 1) } }), pass);
  await check(sign({ tags: { x: String(seconds) } }), { result: 'fail', reason: /had expired/ });
  await check(sign({ tags: { t: String(seconds + 3600) } }), pass);
  await check(sign({ tags: { t: String(seconds + 3601) } }), { result: 'policy', reason: /from the future/ });
});

test('verifyDkim() accepts no weak key and no SHA-1 (RFC 8301)', async () => {
  for (const bits of [512, 768]) {
    const weak = generateTestKey(bits);
    const reason = new RegExp(`has ${bits} bits, fewer than 1024`);
    await check(sign({ key: weak }), { result: 'policy', reason }, withRecord(weak.record));
    await check(
      `Subject: x\r\n${sign({ key: weak }).replace('Invoice', 'x')}`,
      { result: 'fail' },
      withRecord(weak.record),
    );
  }
  const smallest = generateTestKey(1024);
  await check(sign({ key: smallest }), pass, withRecord(smallest.record));
  const sha1 = { result: 'permerror', reason: /rsa-sha1 is not accepted/ };
  await check(sign({ tags: { a: 'rsa-sha1' } }), sha1);
});

test('verifyDkim() accepts no key longer than it has to (RFC 8301 §3.2)', async () => {
  // A modulus of 8192 bits; nobody signed with it.
  const modulus = Buffer.alloc(1025, 0xff).fill(0, 0, 1);
  const der = Buffer.concat([
    Buffer.from([0x30, 0x82, 0x04, 0x0a, 0x02, 0x82, 0x04, 0x01]),
    modulus,
    Buffer.from([0x02, 0x03, 1, 0, 1]),
  ]);
  const reason = /has 8192 bits, more than 4096/;
  await check(sign(), { result: 'permerror', reason }, withRecord(`p=${der.toString('base64')}`));
});

test('verifyDkim() keeps an absent key, a revoked one, a wrong one and silence apart', async () => {
  const permerror = (reason: RegExp): Expected => ({ result: 'permerror', reason });
  await check(sign(), permerror(/there is no key at s\._domainkey\.example\.com/), simulatedDns());
  const noData = simulatedDns({ A: { 's._domainkey.example.com': ['192.0.2.1'] } });
  await check(sign(), permerror(/there is no key/), noData);
  await check(sign(), permerror(/was revoked/), withRecord('v=DKIM1; p='));
  await check(sign(), permerror(/cannot be read/), withRecord('v=DKIM1; p=x'));
  await check(sign(), permerror(/is of the type "ed25519"/), withRecord(ed25519.record));
  await check(sign(), { result: 'fail' }, withRecord(generateTestKey(1024).record));
  for (const cause of ['server-failure', 'silence'] as const) {
    const down = simulatedDns({ fail: { 's._domainkey.example.com': cause } });
    await check(sign(), { result: 'temperror', reason: /could not be asked for/ }, down);
    // Nothing that DNS could say would make these better.
    await check(sign().replace('pay', 'Pay'), { result: 'fail' }, down);
    await check(sign({ tags: { l: '1' } }), { result: 'policy' }, down);
    assert.ok(down.asked.length <= 1);
  }
});

test('verifyDkim() tries each of several records (RFC 6376 §6.1.2)', async () => {
  const other = generateTestKey(1024).record;
  await check(sign(), pass, withRecord('v=spf1 -all', other, key.record));
  await check(sign(), { result: 'fail' }, withRecord('v=spf1 -all', other));
});

test('verifyDkim() takes the flags of a key as RFC 6376 §3.6.1 says', async () => {
  const strict = withRecord(key.record.replace('k=rsa', 'k=rsa; t=s'));
  await check(sign({ tags: { i: 'sam@example.com' } }), pass, strict);
  await check(sign({ tags: { i: 'sam@sub.example.com' } }), { result: 'permerror', reason: /t=s/ }, strict);
  await check(sign({ tags: { i: 'sam@sub.example.com' } }), pass);
  const testing = withRecord(key.record.replace('k=rsa', 'k=rsa; t=y'));
  await check(sign(), { result: 'pass', reason: /is testing DKIM/ }, testing);
  await check(sign().replace('Invoice', 'x'), { result: 'neutral', reason: /is testing DKIM/ }, testing);
});

test('verifyDkim() calls what is no signature permerror, and covers nothing by it', async () => {
  await check(sign({ tags: { v: '2' } }), { result: 'permerror', reason: /v= is "2"/, uncovered: [] });
  const expected = {
    result: 'permerror',
    uncovered: ['from', 'subject', 'date', 'message-id', 'to', 'content-type'],
  };
  for (const value of ['', ';;;', 'v=1; v=1', 'garbage', 'v=1; a=rsa-sha256; h=', '\xff'.repeat(1000)])
    await check(`DKIM-Signature: ${value}\r\n${LETTER}`, expected);
});

test('verifyDkim() judges the first ten signatures and counts the others', async () => {
  const field = signatureField(LETTER, { key, headers: HEADERS });
  const dns = simulatedDns({ TXT: records });
  const content = Buffer.from(field.repeat(SIGNATURES_JUDGED_MAX + 1) + LETTER, 'latin1');
  const { signatures, notJudged } = await verifyDkim(content, { dns, signal, receivedAt });
  assert.deepEqual(
    signatures.map(({ result }) => result),
    Array.from({ length: 10 }, () => 'pass'),
  );
  assert.equal(notJudged, 1);
  assert.deepEqual(dns.asked, ['TXT s._domainkey.example.com']);
});

test('verifyDkim() verifies what another program signs', async () => {
  const privateKey = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    dkim: { domainName: 'example.com', keySelector: 's', privateKey },
  });
  const sent = await transport.sendMail({
    from: 'Sam <sam@example.com>',
    to: 'agent@example.org',
    subject: 'Grüße, und eine Zeile, die so lang ist, dass sie umgebrochen werden muss, damit sie passt',
    text: 'Some text.\n\n'.repeat(50),
    attachments: [{ filename: 'a.bin', content: Buffer.alloc(5000, 7) }],
  });
  await check((sent.message as Buffer).toString('latin1'), { result: 'pass' });
});

test('verifyDkim() never rejects, whatever octets it is given', async () => {
  const piece = fc.constantFrom(
    'DKIM-Signature:',
    'From: a',
    'v=1;',
    'h=from;',
    'b=',
    '\r\n',
    ' ',
    ':',
    '\0',
    '\xff',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.string({ unit: 'binary' }), async (pieces, rest) => {
      await verify(pieces.join('') + rest);
    }),
  );
});
