import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesAny, parseAddressPattern } from './address-pattern.ts';

function check(pattern: string, address: string, expected: boolean): void {
  const parsed = parseAddressPattern(pattern);
  assert.equal(parsed.kind, 'parsed', `${pattern} is a pattern`);
  assert.equal(matchesAny([pattern], address), expected, `${pattern} over ${address}`);
}

test('parseAddressPattern() matches whole addresses without case', () => {
  check('ann@corp.example', 'ann@corp.example', true);
  check('Ann@Corp.Example', 'aNN@cORP.eXAMPLE', true);
  check('ann@corp.example', 'joann@corp.example', false);
  check('ann@corp.example', 'ann@corp.example.evil.example', false);
  check('ann', 'ann@corp.example', false);
});

test('parseAddressPattern() knows *, ?, […] and {a,b}', () => {
  check('*@corp.example', 'ann@corp.example', true);
  check('*@corp.example', 'ann@evil.corp.example', false);
  check('*@corp.example', 'ann@evilcorp.example', false);
  check('*@*.corp.example', 'ann@eu.corp.example', true);
  check('*@*.corp.example', 'ann@corp.example', false);
  check('*', 'ann@corp.example', true);
  check('**', 'ann@corp.example', true);
  check('*@corp.example', 'a/b@corp.example', false);
  check('?/?@corp.example', 'a/b@corp.example', true);
  check('?nn@corp.example', 'ann@corp.example', true);
  check('?nn@corp.example', 'nn@corp.example', false);
  check('?nn@corp.example', '/nn@corp.example', false);
  check('ann?@corp.example', 'ann@corp.example', false);
  check('?@corp.example', '\u{1f600}@corp.example', true);
  check('ag[0-9][a-cx]@corp.example', 'ag7x@corp.example', true);
  check('ag[0-9][a-cx]@corp.example', 'ag7d@corp.example', false);
  check('ag[!0-9]@corp.example', 'aga@corp.example', true);
  check('ag[^0-9]@corp.example', 'ag5@corp.example', false);
  check('ag[!0-9]@corp.example', 'ag/@corp.example', false);
  check('ag[*?{]@corp.example', 'ag*@corp.example', true);
  check('ag[a-]@corp.example', 'ag-@corp.example', true);
  check('{ann,bob}@corp.example', 'bob@corp.example', true);
  check('{ann,bob}@corp.example', 'carl@corp.example', false);
  check('{ann,}x@corp.example', 'x@corp.example', true);
  check('{a*,?b[0-9]}@{corp,club}.example', 'zb3@club.example', true);
  check('{ann@corp.example,*@club.example}', 'dee@club.example', true);
  check('a,b@corp.example', 'a,b@corp.example', true);
  check('ann.smith@corp.example', 'annxsmith@corp.example', false);
});

test('parseAddressPattern() compares domains by their A-labels, and no look-alike matches', () => {
  check('*@bücher.example', 'ann@xn--bcher-kva.example', true);
  check('*@BÜCHER.example', 'ann@bücher.example', true);
  check('*@xn--bcher-kva.example', 'ann@Bücher.example', true);
  check('*@*.bücher.example', 'ann@eu.xn--bcher-kva.example', true);
  check('*@{bücher,corp}.example', 'ann@xn--bcher-kva.example', true);
  check('{*@bücher,jo@corp}.example', 'ann@xn--bcher-kva.example', true);
  check('jörg@bücher.example', 'JÖRG@xn--bcher-kva.example', true);
  check('jo\u0308rg@corp.example', 'j\u00f6rg@corp.example', true);
  // Cyrillic letters that look like c, o and r.
  check('*@corp.example', 'ann@\u0441\u043er\u0440.example', false);
  check('ann@corp.example', '\u0430nn@corp.example', false);
  check('kim@corp.example', '\u212aim@corp.example', false);
  check('*@corp.example', 'ann@corp.example\u3002evil.example', false);
  check('ann@corp.example', 'ann@corp\uff0eexample', false);
});

test('parseAddressPattern() refuses what is no pattern', () => {
  const refused = (pattern: string): void =>
    assert.equal(parseAddressPattern(pattern).kind, 'malformed', pattern.slice(0, 40));
  for (const pattern of ['', '[', 'a]', '[]', '[!]', '[z-a]@x', '{a', 'a}', '{a,{b,c}}', 'x'.repeat(513)])
    refused(pattern);
  for (const pattern of [
    '*@b*ücher.example',
    '*@bü?er.example',
    '*@{bü,fo}cher.example',
    '*@x{bücher,corp}.example',
    '*@[üä].example',
    '*bücher.example',
    '*@bü\u3002cher.example',
  ])
    refused(pattern);
});

test('parseAddressPattern() says what a pattern leaves open', () => {
  const open = (pattern: string, expected: string): void => {
    const parsed = parseAddressPattern(pattern);
    assert.equal(parsed.kind === 'parsed' && parsed.value.leavesOpen, expected, pattern);
  };
  open('*', 'every-domain');
  open('ann@*', 'every-domain');
  open('*@*.*', 'every-domain');
  open('*@[a-z]*', 'every-domain');
  open('*corp.example', 'domain-end');
  open('*@corp.example', 'nothing');
  open('*@*.corp.example', 'nothing');
});

test('parseAddressPattern() is total, and matches in linear time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (pattern, address) => {
      matchesAny([pattern], address);
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'*?[]{}!^-,.@/aé') }),
      fc.string({ unit: fc.constantFrom(...'a.@/é-,') }),
      (pattern, address) => {
        matchesAny([pattern], address);
      },
    ),
  );
  // What takes a backtracking matcher longer than the universe lasts.
  const bombs = ['*a'.repeat(250), '{*a,*b,*}'.repeat(56), `${'*'.repeat(500)}b`];
  for (const bomb of bombs) check(bomb, `${'a'.repeat(400)}@x.example`, /\*$|\}$/.test(bomb));
});

test('parseAddressPattern() matches an address written as a pattern', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abcxyz0189.-+_'), minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(text, text, (local, other) => {
      assert.equal(matchesAny([`${local}@corp.example`], `${local}@corp.example`), true);
      assert.equal(matchesAny([`${local}@corp.example`], `${other}@corp.example`), local === other);
    }),
  );
});
