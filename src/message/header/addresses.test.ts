import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddressList, parseAddressEntries, parseAddresses } from './addresses.ts';

function shown(raw: string): string {
  return formatAddressList(parseAddressEntries(raw));
}

test('parseAddressEntries() and formatAddressList() show a field as the file does', () => {
  const check = (raw: string, expected: string): void => assert.equal(shown(raw), expected, raw);
  // RFC 5322 Appendix A.1.
  check('John Doe <jdoe@machine.example>', 'John Doe <jdoe@machine.example>');
  check('"Joe Q. Public" <john.q.public@example.com>', '"Joe Q. Public" <john.q.public@example.com>');
  check(
    'Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>',
    'Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>',
  );
  check(
    '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
    'boss@nil.test, "Giant; \\"Big\\" Box" <sysservices@example.net>',
  );
  check(
    'A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;',
    'A Group: Ed Jones <c@a.test>, joe@where.test, John <jdoe@one.test>;',
  );
  check('Undisclosed recipients:;', 'Undisclosed recipients:;');
  // Appendix A.5: comments, and A.6.1: obsolete routes.
  check('Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>', 'Pete <pete@silly.test>');
  check('Joe Q. Public <john.q.public@example.com>', '"Joe Q. Public" <john.q.public@example.com>');
  check(
    'Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example',
    'Mary Smith <mary@example.net>, jdoe@test.example',
  );
  check('jdoe@example.org (John Doe)', 'John Doe <jdoe@example.org>');
  // RFC 2047, also where it must not stand.
  check('=?utf-8?q?Andr=C3=A9?= Pirard <a@b.test>', 'André Pirard <a@b.test>');
  check('"=?utf-8?b?w6lsw6h2ZSwgWC4=?=" <a@b.test>', '"élève, X." <a@b.test>');
  check('=?utf-8?q?Smith,_John?= <a@b.test>', '"Smith, John" <a@b.test>');
  // Broken ones.
  check('a@b.test; c@d.test', 'a@b.test, c@d.test');
  check('Joe <joe@x.test', 'Joe <joe@x.test>');
  check('"unclosed <joe@x.test>', '"unclosed <joe@x.test>"');
  check('Nobody', 'Nobody');
  check('Joe joe@x.test', 'Joe <joe@x.test>');
  check('"very.(),:;<>[]\\".VERY"@strange.test', '"very.(),:;<>[]\\".VERY"@strange.test');
  check('', '');
});

test('parseAddressEntries() makes no address of what a display name decodes to', () => {
  const check = (raw: string, ...expected: readonly (readonly [name: string, address: string])[]): void =>
    assert.deepEqual(
      parseAddresses(raw).map(({ name, address }) => [name, address]),
      expected,
      raw,
    );
  check('=?utf-8?q?boss=40corp=2Eexample?= <m@evil.example>', ['boss@corp.example', 'm@evil.example']);
  check('"=?utf-8?q?boss=40corp=2Eexample?=" <m@evil.example>', ['boss@corp.example', 'm@evil.example']);
  check('=?utf-8?q?=3Cboss=40corp=2Eexample=3E?= <m@evil.example>', [
    '<boss@corp.example>',
    'm@evil.example',
  ]);
  check('=?utf-8?q?a=2C_b=40c=2Ed=2C_?= <m@evil.example>', ['a, b@c.d,', 'm@evil.example']);
  check('=?utf-8?q?boss=40corp=2Eexample?=', ['boss@corp.example', '']);
  check('=?utf-8?q?a,_b?= <a@b.test>', ['a, b', 'a@b.test']); // A raw comma (against §5).
  check('=?utf-8?q?=22?= <a@b.test>', ['"', 'a@b.test']);
  check('=?utf-8?q?Team=3A?= a@b.test;', ['Team:', 'a@b.test']);
  check('"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=" <a@b.test>', ['=?utf-8?q?x?=', 'a@b.test']); // Decoded once.
  check('=?utf-8?q?Caf=C3?= =?utf-8?q?=A9?= <a@b.test>', ['Café', 'a@b.test']);
  check('=?utf-8?q?a?= "=?utf-8?q?b?=" c <a@b.test>', ['a b c', 'a@b.test']);
  check('a@b.test (=?utf-8?q?Caf=C3=A9?=)', ['Café', 'a@b.test']);
  check('=?utf-8?q?a=0D=0ABcc=3A_x=40y?= <a@b.test>', ['a Bcc: x@y', 'a@b.test']);
});

test('parseAddresses() reads back what formatAddressList() writes', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'B', ' ', '.', ',', '"', '\\', '<', '@', '(', ';', 'é', '=', '?'),
  });
  const one = fc.record({
    name: name.map((text) => text.replace(/\s+/g, ' ').trim()),
    address: fc.constantFrom('a@b.test', 'x.y@z.test'),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), (records) => {
      const list = records.map((record) => ({ ...record }));
      assert.deepEqual(parseAddresses(formatAddressList(list)), list);
    }),
  );
});

test('parseAddressEntries() never throws and stays linear', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => void shown(raw)));
  for (const piece of ['<', '"', '(', ',', '=?', ':', ';', 'a@', 'a ', '=?a?q?', '\\', '<a@b>,']) {
    const startedAt = performance.now();
    shown(piece.repeat(200_000));
    assert.ok(performance.now() - startedAt < 3_000, piece);
  }
});
