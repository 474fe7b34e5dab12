import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseArcMessageSignature, parseDkimSignature } from './signature.ts';

const GOOD: Readonly<Record<string, string>> = {
  v: '1',
  a: 'rsa-sha256',
  d: 'example.com',
  s: 'key',
  h: 'from:to',
  bh: 'aGk=',
  b: 'aGk=',
};

function check(tags: Readonly<Record<string, string | null>>, expected: string | null): void {
  const all = Object.entries({ ...GOOD, ...tags }).filter(([, value]) => value !== null);
  const text = all.map(([name, value]) => `${name}=${value}`).join('; ');
  const parsed = parseDkimSignature(text);
  assert.equal(parsed.kind === 'unusable' ? parsed.reason : null, expected, text);
}

test('parseDkimSignature() names the tag that is missing (RFC 6376 §3.5)', () => {
  check({}, null);
  for (const name of Object.keys(GOOD)) check({ [name]: null }, `${name}= is missing`);
});

test('parseDkimSignature() refuses tags of a wrong form', () => {
  check({ v: '2' }, 'v= is "2"');
  check({ a: 'rsa-sha1' }, 'rsa-sha1 is not accepted any more (RFC 8301)');
  check({ a: 'rsa-md5' }, 'the algorithm "rsa-md5" is not known');
  check({ a: 'RSA-SHA256' }, null);
  check({ b: '' }, 'b= is no base64');
  check({ bh: '-' }, 'bh= is no base64');
  check({ c: 'relaxed' }, null);
  check({ c: 'Relaxed/Simple' }, null);
  check({ c: 'nofws' }, 'c= is "nofws"');
  check({ d: 'exa mple.com' }, 'd= is "exa mple.com"');
  check({ d: 'example..com' }, 'd= is "example..com"');
  check({ s: 'a_b.2024' }, null);
  check({ s: '' }, 's= is ""');
  check({ h: 'to:subject' }, 'h= does not name From');
  check({ h: '' }, 'h= does not name From');
  check({ h: 'FROM : To' }, null);
  check({ h: 'from:a b' }, null);
  check({ h: 'from:\xfc' }, 'h= has "?", which is no name of a field');
  check({ i: '@example.com' }, null);
  check({ i: 'a@sub.example.com' }, null);
  check({ i: '@example.org' }, 'i= is "@example.org", which is not below d=example.com');
  check({ i: '@notexample.com' }, 'i= is "@notexample.com", which is not below d=example.com');
  check({ i: 'example.com' }, 'i= is "example.com"');
  check({ l: '-1' }, 'l= is "-1"');
  check({ q: 'dns/txt' }, null);
  check({ q: 'http:dns/txt' }, null);
  check({ q: 'dns' }, 'q= is "dns"');
  check({ t: '1a' }, 't= is "1a"');
  check({ x: '' }, 'x= is ""');
  check({ t: '5', x: '6' }, null);
  check({ t: '6', x: '6' }, 'it expires before it was made (x= and t=)');
  check({ z: 'From:a|To:b' }, null);
});

test('parseDkimSignature() reads domains in U-labels (RFC 8616 §5)', () => {
  const domain = Buffer.from('bücher.example').toString('latin1');
  const { claims } = parseDkimSignature(`v=1; d=${domain}; s=K`);
  assert.equal(claims.domain, 'xn--bcher-kva.example');
  assert.equal(claims.selector, 'k');
});

test('parseDkimSignature() leaves of its own value what is not the signature (§3.7)', () => {
  const parsed = parseDkimSignature(
    'v=1; a=rsa-sha256; bh=aGk=; d=e.com; s=k; h=from; b = a\r\n Gk= ; x=9\r\n ',
  );
  assert.equal(
    parsed.kind === 'signature' ? parsed.claims.hashedValue : parsed.reason,
    'v=1; a=rsa-sha256; bh=aGk=; d=e.com; s=k; h=from; b =; x=9\r\n ',
  );
});

test('parseDkimSignature() tells what even a broken signature claims, bounded', () => {
  const parsed = parseDkimSignature(
    `v=1; d=Example.COM; s=k; a=rsa-sha1; b=abcd efghij; t=7; ${'x'.repeat(100)}`,
  );
  assert.equal(parsed.kind, 'unusable');
  const { domain, selector, algorithm, signatureStart, signedAt } = parsed.claims;
  assert.deepEqual(
    { domain, selector, algorithm, signatureStart, signedAt },
    {
      domain: 'example.com',
      selector: 'k',
      algorithm: 'rsa-sha1',
      signatureStart: 'abcdefgh',
      signedAt: 7000,
    },
  );
  const long = parseDkimSignature(`d=${'x'.repeat(5000)}; a=${'y'.repeat(5000)}; b=${'z'.repeat(5000)}`);
  assert.equal(long.claims.domain.length, 255);
  assert.equal(long.claims.algorithm.length, 20);
  const huge = parseDkimSignature(`d=a.com; h=${'from:'.repeat(100_000)}`);
  assert.equal(huge.kind === 'unusable' ? huge.reason : '', 'the field is longer than 65536 octets');
});

test('parseDkimSignature() and parseArcMessageSignature() never throw', () => {
  const name = fc.constantFrom(...Object.keys(GOOD), 'c', 'i', 'l', 'q', 't', 'x', 'z');
  const value = fc.oneof(fc.constantFrom(...Object.values(GOOD), 'simple', '@', '9'.repeat(80)), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.string({ unit: 'binary' }), (tags, rest) => {
      const text = tags.map(([tag, of]) => `${tag}=${of}`).join(';') + rest;
      parseDkimSignature(text);
      parseArcMessageSignature(text);
    }),
  );
});
