import assert from 'node:assert/strict';
import { createPrivateKey, createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { parseKeyRecord } from './dkim/key-record.ts';
import { dkimRecord, generateDkimKey, parsePrivateKey, publicPemOf, withSelector } from './dkim-key.ts';

const rsa = await generateDkimKey('rsa');
const ed25519 = await generateDkimKey('ed25519');

function pkcs1(bits: number): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

function check(text: string, expected: string): void {
  const parsed = parsePrivateKey(text);
  if (parsed.kind === 'unusable') assert.equal(parsed.reason, expected);
  else assert.equal(`${parsed.type} ${parsed.selector} ${parsed.doubt}`, expected);
}

test('generateDkimKey() makes RSA pairs of 2048 bits that verify their own signatures', () => {
  assert.match(rsa.privatePem, /^-----BEGIN RSA PRIVATE KEY-----\n/);
  assert.match(rsa.publicPem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal(createPrivateKey(rsa.privatePem).asymmetricKeyDetails?.modulusLength, 2048);
  const signature = createSign('sha256').update('text').sign(rsa.privatePem);
  assert.ok(createVerify('sha256').update('text').verify(rsa.publicPem, signature));
});

test('parsePrivateKey() reads PKCS#1 and PKCS#8, and the selector before them (RFC 7468 §2)', () => {
  const pkcs8 = createPrivateKey(rsa.privatePem).export({ type: 'pkcs8', format: 'pem' }).toString();
  check(rsa.privatePem, 'rsa null null');
  check(pkcs8, 'rsa null null');
  check(ed25519.privatePem, 'ed25519 null null');
  check(withSelector(rsa.privatePem, 's2026.a'), 'rsa s2026.a null');
  check(`Made on Tuesday\nSelector: k\n\n${ed25519.privatePem}`, 'ed25519 k null');
  check(`${rsa.privatePem}Selector: behind\n`, 'rsa null null');
  check(`Selector: a b\n${rsa.privatePem}`, 'rsa null null');
  check(`Selector: -a\n${rsa.privatePem}`, 'rsa null null');
});

test('parsePrivateKey() names what it cannot use, and doubts short and long keys (RFC 8301 §3.2)', () => {
  const noKey = 'is no private key in PEM';
  check(rsa.publicPem, noKey);
  check('', noKey);
  check('-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n', noKey);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  check(ec.export({ type: 'pkcs8', format: 'pem' }).toString(), 'is neither RSA nor Ed25519');
  const locked = createPrivateKey(rsa.privatePem).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  check(locked.toString(), noKey);
  check(pkcs1(768), 'has 768 bits, and no one accepts fewer than 1024 (RFC 8301)');
  check(pkcs1(1024), 'rsa null has 1024 bits, and signers are to have 2048 or more (RFC 8301)');
});

test('publicPemOf() is the public half', () => {
  assert.equal(publicPemOf(createPrivateKey(rsa.privatePem)), rsa.publicPem);
  assert.equal(publicPemOf(createPrivateKey(ed25519.privatePem)), ed25519.publicPem);
});

test('dkimRecord() is the record of RFC 6376 §3.6.1, cut into strings of 255 (RFC 1035 §3.3.14)', () => {
  const record = dkimRecord({ selector: 'aimx', domain: 'example.com', publicPem: rsa.publicPem });
  assert.equal(record.name, 'aimx._domainkey.example.com');
  const key = rsa.publicPem.replaceAll(/-----.*-----|\n/g, '');
  assert.equal(record.value, `v=DKIM1; k=rsa; p=${key}`);
  const strings = [...record.zoneLine.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
  assert.equal(strings.join(''), record.value);
  assert.ok(strings.every((part) => part.length <= 255));
});

test('dkimRecord() shows an Ed25519 key by its 32 octets (RFC 8463 §4.2), as the verifier reads it', () => {
  const { value } = dkimRecord({ selector: 's', domain: 'example.com', publicPem: ed25519.publicPem });
  assert.match(value, /^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/);
  const parsed = parseKeyRecord(value, 'ed25519-sha256');
  assert.equal(parsed.kind, 'key');
  if (parsed.kind === 'key')
    assert.equal(parsed.record.key.export({ type: 'spki', format: 'pem' }), ed25519.publicPem);
});
