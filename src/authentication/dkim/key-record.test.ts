import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseKeyRecord } from './key-record.ts';
import { generateTestKey } from './signer.sim.ts';

const rsa = generateTestKey(1024);
const ed25519 = generateTestKey(null);
const rsaValue = /p=(.*)/.exec(rsa.record)?.[1] ?? '';
const rsaKey = { key: Buffer.from(rsaValue, 'base64'), format: 'der', type: 'spki' } as const;

function check(
  text: string,
  expected: string,
  algorithm: 'rsa-sha256' | 'ed25519-sha256' = 'rsa-sha256',
): void {
  const parsed = parseKeyRecord(text, algorithm);
  const found =
    parsed.kind === 'unusable'
      ? parsed.reason
      : `${parsed.record.keyType} ${parsed.record.bits}${parsed.record.isTesting ? ' y' : ''}${parsed.record.isStrict ? ' s' : ''}`;
  assert.equal(found, expected, text);
}

test('parseKeyRecord() reads records of RFC 6376 §3.6.1 and RFC 8463 §4', () => {
  check(rsa.record, 'rsa 1024');
  check(`p=${rsaValue}`, 'rsa 1024');
  check(`k=RSA; t=y:s; n=note; x=1; p=${rsaValue};`, 'rsa 1024 y s');
  check(`v=DKIM1; h=sha1 : sha256; s=email; p=${rsaValue.slice(0, 40)} ${rsaValue.slice(40)}`, 'rsa 1024');
  check(`v=DKIM1; s=*; p=${rsaValue}`, 'rsa 1024');
  check(ed25519.record, 'ed25519 256', 'ed25519-sha256');
  // An RSAPublicKey (RFC 8017 §A.1.1), as the text of §3.6.1 says.
  check(
    'p=MIGJAoGBALVI635dLK4cJJAH3Lx6upo3X/Lm1tQz3mezcWTA3BUBnyIsdnRf57aD5BtNmhPrYYDlWlzw3UgnKisIxktkk5+iMQMlFtAS10JB8L3YadXNJY+JBcbeSi5TgJe4WFzNgW95FWDAuSTRXSWZfA/8xjflbTLDx0euFZOM7C4T0GwLAgMBAAE=',
    'rsa 1024',
  );
});

test('parseKeyRecord() says why a record is of no use', () => {
  check('', 'cannot be read: an empty tag');
  check('v=spf1 -all', 'does not begin with v=DKIM1');
  check(`k=rsa; v=DKIM1; p=${rsaValue}`, 'does not begin with v=DKIM1');
  check('v=DKIM1; k=rsa', 'has no p=');
  check('v=DKIM1; p=', 'was revoked (p= is empty)');
  check(`v=DKIM1; h=sha1; p=${rsaValue}`, 'is not for sha256 (h=)');
  check(`v=DKIM1; s=other; p=${rsaValue}`, 'is not for mail (s=)');
  check(`v=DKIM1; k=dsa; p=${rsaValue}`, 'is of the type "dsa"');
  check(ed25519.record, 'is of the type "ed25519"');
  check(rsa.record, 'is of the type "rsa"', 'ed25519-sha256');
  check('v=DKIM1; p=AAAA', 'cannot be read: p= holds no public key');
  check('v=DKIM1; p=***', 'cannot be read: p= holds no public key');
  check('v=DKIM1; k=ed25519; p=AAAA', 'cannot be read: p= holds no public key', 'ed25519-sha256');
  // An Ed25519 key in the form of an RSA one.
  const spki = Buffer.from(`302a300506032b6570032100${'00'.repeat(32)}`, 'hex').toString('base64');
  check(`v=DKIM1; p=${spki}`, 'cannot be read: p= holds no public key');
});

test('parseKeyRecord() takes no RSA key that anybody can sign with or that takes long to verify with', () => {
  const withExponent = (exponent: string): string => {
    const jwk = { ...createPublicKey(rsaKey).export({ format: 'jwk' }), e: exponent };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return `v=DKIM1; p=${key.export({ type: 'spki', format: 'der' }).toString('base64')}`;
  };
  const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
  check(withExponent(base64url('03')), 'rsa 1024');
  check(withExponent(base64url('010001')), 'rsa 1024');
  check(withExponent(base64url('01')), 'has a public exponent that nobody uses');
  check(withExponent(base64url('0100000001')), 'has a public exponent that nobody uses');
  check(withExponent(base64url(`01${'00'.repeat(120)}01`)), 'has a public exponent that nobody uses');
});

test('parseKeyRecord() never throws', () => {
  const part = fc.constantFrom(
    'v=DKIM1',
    ';',
    'p=',
    'k=rsa',
    'k=ed25519',
    't=',
    'h=',
    ':',
    ' ',
    rsaValue.slice(0, 80),
  );
  fc.assert(
    fc.property(fc.array(part), fc.string(), (parts, rest) => {
      parseKeyRecord(parts.join('') + rest, 'rsa-sha256');
      parseKeyRecord(parts.join('') + rest, 'ed25519-sha256');
    }),
  );
});
