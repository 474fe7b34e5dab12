import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expandDomainSpec, isMacroString, type MacroValues, parseDomainSpec, usesLetter } from './macro.ts';

/** The sender, client and names of the examples in RFC 7208 §7.4. */
const values: MacroValues = {
  s: 'strong-bad@email.example.com',
  l: 'strong-bad',
  o: 'email.example.com',
  d: 'email.example.com',
  i: '192.0.2.3',
  p: 'mx.example.org',
  v: 'in-addr',
  h: 'mx.example.org',
};

describe('expandDomainSpec()', () => {
  const check = (
    section: string,
    input: string,
    expected: string | null,
    changed: Partial<MacroValues> = {},
  ): void => {
    it(`${section}: ${input.slice(0, 60)}`, () => {
      const parsed = parseDomainSpec(input);
      assert.ok(parsed !== null, 'is a domain-spec');
      assert.equal(expandDomainSpec(parsed, { ...values, ...changed }), expected);
    });
  };
  check('RFC 7208 §7.4', '%{s}', 'strong-bad@email.example.com');
  check('RFC 7208 §7.4', '%{o}', 'email.example.com');
  check('RFC 7208 §7.4', '%{d}', 'email.example.com');
  check('RFC 7208 §7.4', '%{d4}', 'email.example.com');
  check('RFC 7208 §7.4', '%{d3}', 'email.example.com');
  check('RFC 7208 §7.4', '%{d2}', 'example.com');
  check('RFC 7208 §7.4', '%{d1}', 'com');
  check('RFC 7208 §7.4', '%{dr}', 'com.example.email');
  check('RFC 7208 §7.4', '%{d2r}', 'example.email');
  check('RFC 7208 §7.4', '%{l}', 'strong-bad');
  check('RFC 7208 §7.4', '%{l-}', 'strong.bad');
  check('RFC 7208 §7.4', '%{lr}', 'strong-bad');
  check('RFC 7208 §7.4', '%{lr-}', 'bad.strong');
  check('RFC 7208 §7.4', '%{l1r-}', 'strong');
  check('RFC 7208 §7.4', '%{ir}.%{v}._spf.%{d2}', '3.2.0.192.in-addr._spf.example.com');
  check('RFC 7208 §7.4', '%{lr-}.lp._spf.%{d2}', 'bad.strong.lp._spf.example.com');
  check(
    'RFC 7208 §7.4',
    '%{lr-}.lp.%{ir}.%{v}._spf.%{d2}',
    'bad.strong.lp.3.2.0.192.in-addr._spf.example.com',
  );
  check('RFC 7208 §7.4', '%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}', '3.2.0.192.in-addr.strong.lp._spf.example.com');
  check('RFC 7208 §7.4', '%{d2}.trusted-domains.example.net', 'example.com.trusted-domains.example.net');
  check(
    'RFC 7208 §7.4',
    '%{ir}.%{v}._spf.%{d2}',
    '1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com',
    { i: '2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1', v: 'ip6' },
  );
  check('RFC 7208 §7.1', 'a%%b%_c%-d.example.com', 'a%b c%20d.example.com');
  check('RFC 7208 §7.3: any of the delimiters', '%{l+-=}.x.example', 'a.b.c.d.x.example', {
    l: 'a+b-c=d',
  });
  check('RFC 7208 §7.3: URL escaping', '%{S}.x.example', 'j%26k%3D~.x.example', { s: 'j&k=~' });
  check('RFC 7208 §7.3: a dot at the end is not part of the name', 'x.example.', 'x.example');
  check('RFC 7208 §7.3: 127 parts', '%{d127}', 'email.example.com');
  check(
    'RFC 7208 §7.3: a long name loses whole labels on its left',
    '%{l}.%{l}.%{l}.x.example',
    `${'a'.repeat(60)}.${'b'.repeat(60)}.${'a'.repeat(60)}.${'b'.repeat(60)}.x.example`,
    { l: `${'a'.repeat(60)}.${'b'.repeat(60)}` },
  );
  check('RFC 7208 §7.3: 253 octets stay whole', '%{l}.example', `${'a.'.repeat(122)}a.example`, {
    l: `${'a.'.repeat(122)}a`,
  });
  check('RFC 7208 §7.3: 254 octets lose a label', '%{l}.example', `${'a.'.repeat(121)}a.example`, {
    l: `${'aa.'}${'a.'.repeat(121)}a`,
  });
  check('a label that takes all the room is no name', '%{l}', null, { l: 'x'.repeat(300) });
  check('RFC 8616 §4: a local-part that is not ASCII makes no name', '%{l}.x.example', null, { l: 'jörg' });
  check('RFC 8616 §4: nor does its escape', '%{L}.x.example', null, { l: 'jörg' });

  it('a record full of macros costs no more than a name', () => {
    const parsed = parseDomainSpec('%{s-}'.repeat(3000));
    assert.ok(parsed !== null);
    let reads = 0;
    const name = expandDomainSpec(parsed, {
      ...values,
      get s() {
        reads += 1;
        return 'ab-'.repeat(40);
      },
    });
    assert.ok(name !== null && name.length <= 253);
    // Each is looked at once for what is not ASCII, and three fill a name.
    assert.equal(reads, 3000 + 3);
  });
});

describe('parseDomainSpec()', () => {
  const refuse = (section: string, input: string): void => {
    it(`${section}: refuses ${JSON.stringify(input.slice(0, 40))}`, () => {
      assert.equal(parseDomainSpec(input), null);
    });
  };
  refuse('RFC 7208 §7.1', '');
  refuse('RFC 7208 §7.1: no toplabel', 'museum');
  refuse('RFC 7208 §7.1: no toplabel', 'museum.');
  refuse('RFC 7208 §7.1: toplabel is not digits alone', 'a.123');
  refuse('RFC 7208 §7.1: toplabel is not digits alone', 'a.123.');
  refuse('RFC 7208 §7.1: toplabel begins and ends with a letter or digit', 'a.-com');
  refuse('RFC 7208 §7.1: toplabel begins and ends with a letter or digit', 'a.com-');
  refuse('RFC 7208 §7.1: toplabel has no colon', 'example.com:8080');
  refuse('RFC 7208 §7.1: a text after a macro is no toplabel', '%{d}com');
  refuse('RFC 7208 §7.2: letters of explanations', '%{c}.example.com');
  refuse('RFC 7208 §7.2: unknown letter', '%{a}.example.com');
  refuse('RFC 7208 §7.3: parts are not zero', '%{d0}');
  refuse('RFC 7208 §7.1: transformers have an order', '%{dr2}');
  refuse('RFC 7208 §7.1: a macro has braces', '%(d).example.com');
  refuse('RFC 7208 §7.1: a macro has an end', '%{d.example.com');
  refuse('RFC 7208 §7.1: a percent sign stands for nothing alone', 'a%.example.com');
  refuse('RFC 7208 §7.1: visible characters', 'a b.example.com');
  refuse('RFC 7208 §7.1: visible characters', 'a\u0080.example.com');

  it('never throws, and takes what a letter or a toplabel ends', () => {
    const near = fc.string({ unit: fc.constantFrom(...'%{}dslr1.-_/a9: '), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseDomainSpec(text);
        if (parsed === null) return;
        assert.match(text, /(?:\}|%[%_-]|[a-z0-9]\.?)$/i);
        const name = expandDomainSpec(parsed, values);
        assert.ok(name === null || name.length <= 253);
      }),
    );
  });

  it('is linear', () => {
    const before = performance.now();
    for (const text of ['.1'.repeat(8192), '.a-'.repeat(5461), '%{d'.repeat(5461), `.${'a-'.repeat(8191)}`])
      parseDomainSpec(text);
    assert.ok(performance.now() - before < 200);
  });
});

it('isMacroString() takes the letters of explanations, and the empty string (RFC 7208 §6)', () => {
  assert.ok(isMacroString(''));
  assert.ok(isMacroString('%{c}-%{R}/%{t1r}:@'));
  assert.ok(!isMacroString('%{x}'));
  assert.ok(!isMacroString('a b'));
});

it('usesLetter() sees either case', () => {
  const parsed = parseDomainSpec('%{P}.%{d}');
  assert.ok(parsed !== null);
  assert.ok(usesLetter(parsed, 'p') && usesLetter(parsed, 'd') && !usesLetter(parsed, 's'));
});
