import assert from 'node:assert/strict';
import { createPrivateKey, createSign, createVerify } from 'node:crypto';
import { test } from 'node:test';
import { dkimRecord, generateDkimKey, publicKeyOf } from './dkim-key.ts';

const pair = generateDkimKey();

test('generateDkimKey() makes a pair of 2048 bits that verifies its own signatures', () => {
  assert.match(pair.privatePem, /^-----BEGIN RSA PRIVATE KEY-----\n/);
  assert.match(pair.publicPem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal(createPrivateKey(pair.privatePem).asymmetricKeyDetails?.modulusLength, 2048);
  const signature = createSign('sha256').update('text').sign(pair.privatePem);
  assert.ok(createVerify('sha256').update('text').verify(pair.publicPem, signature));
});

test('publicKeyOf() reads PKCS#1 and PKCS#8 and nothing else', () => {
  const pkcs8 = createPrivateKey(pair.privatePem).export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(publicKeyOf(pair.privatePem), pair.publicPem);
  assert.equal(publicKeyOf(pkcs8), pair.publicPem);
  assert.equal(publicKeyOf(pair.publicPem), null);
  assert.equal(publicKeyOf(''), null);
  assert.equal(publicKeyOf('-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n'), null);
});

test('dkimRecord() is the record of RFC 6376 §3.6.1, cut into strings of 255 (RFC 1035 §3.3.14)', () => {
  const record = dkimRecord({ selector: 'aimx', domain: 'example.com', publicPem: pair.publicPem });
  assert.equal(record.name, 'aimx._domainkey.example.com');
  const key = pair.publicPem.replaceAll(/-----.*-----|\n/g, '');
  assert.equal(record.value, `v=DKIM1; k=rsa; p=${key}`);
  const strings = [...record.zoneLine.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
  assert.equal(strings.join(''), record.value);
  assert.ok(strings.every((part) => part.length <= 255));
});
