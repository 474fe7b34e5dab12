import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSpfRecord, parseSpfRecord, RECORD_OCTETS_MAX } from './record.ts';

/** What was understood, in short; or what is wrong. */
function outcome(text: string): string {
  const parsed = parseSpfRecord(text);
  if (parsed.kind === 'malformed') return parsed.problem;
  const { directives, redirect } = parsed.record;
  const shown = directives.map(({ qualified, mechanism }) => {
    const { name } = mechanism;
    if ('network' in mechanism)
      return `${qualified} ${name} ${mechanism.network.octets.join(' ')}/${mechanism.prefixLength}`;
    if ('prefixLengths' in mechanism)
      return `${qualified} ${name} /${mechanism.prefixLengths.ipv4}//${mechanism.prefixLengths.ipv6}`;
    return `${qualified} ${name}`;
  });
  return [...shown, ...(redirect === null ? [] : [redirect.text])].join(', ');
}

describe('isSpfRecord()', () => {
  const check = (input: string, expected: boolean): void => {
    it(`RFC 7208 §4.5: ${JSON.stringify(input)}`, () => assert.equal(isSpfRecord(input), expected));
  };
  check('v=spf1', true);
  check('V=SPF1 -all', true);
  check('v=spf10', false);
  check('v=spf1\t-all', false);
  check(' v=spf1', false);
  check('v=spf2.0/pra', false);
});

describe('parseSpfRecord()', () => {
  const check = (section: string, input: string, expected: string): void => {
    it(`${section}: ${JSON.stringify(input.slice(0, 60))}`, () => assert.equal(outcome(input), expected));
  };
  const refuse = (section: string, term: string): void => {
    check(section, `v=spf1 ${term} -all`, `has the term ${JSON.stringify(term)}, which is not valid`);
  };
  check('RFC 7208 §4.6.1', 'v=spf1', '');
  check('RFC 7208 §4.6.1', 'v=spf1  +A   -ALL ', 'pass a /32//128, fail all');
  check('RFC 7208 §4.6.2', 'v=spf1 +all -all ~all ?all', 'pass all, fail all, softfail all, neutral all');
  check(
    'RFC 7208 §5.3',
    'v=spf1 a/24//64 a//64 a:x.example/0',
    'pass a /24//64, pass a /32//64, pass a /0//128',
  );
  check('RFC 7208 §5.3', 'v=spf1 mx:a/b:c.example/8', 'pass mx /8//128');
  check('RFC 7208 §5.6', 'v=spf1 ip4:192.0.2.0/24', 'pass ip4 192 0 2 0/24');
  check('RFC 7208 §5.6', 'v=spf1 IP6:2001:DB8::/32', `pass ip6 32 1 13 184 ${'0 '.repeat(12).trim()}/32`);
  check('RFC 7208 §5.7', 'v=spf1 exists:%{ir}.%{v}.x.example', 'pass exists');
  check('RFC 7208 §6.1', 'v=spf1 redirect=x.example mx', 'pass mx /32//128, redirect=x.example');
  check('RFC 7208 §6', 'v=spf1 moo.cow-far_out=man:dog/cat op=%{c} x= -all', 'fail all');
  check('RFC 7208 §6', 'v=spf1 redirect=a.example redirect=a.example', 'has "redirect" more than once');
  check('RFC 7208 §6', 'v=spf1 exp=a.example EXP=b.example', 'has "exp" more than once');
  check('one octet over the limit', 'v=spf1'.padEnd(RECORD_OCTETS_MAX + 1), 'is longer than 16384 octets');
  refuse('RFC 7208 §4.6.1', 'moo');
  refuse('RFC 7208 §4.6.1', '+-all');
  refuse('RFC 7208 §4.6.1', '-redirect=x.example');
  refuse('RFC 7208 §5.1', 'all.');
  refuse('RFC 7208 §5.1', 'all:x.example');
  refuse('RFC 7208 §5.1', 'all/8');
  refuse('RFC 7208 §5.2', 'include');
  refuse('RFC 7208 §5.2', 'include:');
  refuse('RFC 7208 §5.2', 'include:x.example/24');
  refuse('RFC 7208 §5.3', 'a:');
  refuse('RFC 7208 §5.3', 'a/33');
  refuse('RFC 7208 §5.3', 'a/024');
  refuse('RFC 7208 §5.3', 'a//129');
  refuse('RFC 7208 §5.3', 'a/24/64');
  refuse('RFC 7208 §5.3', 'a:192.0.2.1');
  refuse('RFC 7208 §5.5', 'ptr/0');
  refuse('RFC 7208 §5.5', 'ptr:');
  refuse('RFC 7208 §5.6', 'ip4');
  refuse('RFC 7208 §5.6', 'ip4:192.0.2.1/33');
  refuse('RFC 7208 §5.6', 'ip4:192.0.2.1/');
  refuse('RFC 7208 §5.6', 'ip4:192.0.2.1/0/0');
  refuse('RFC 7208 §5.6', 'ip4:2001:db8::1');
  refuse('RFC 7208 §5.6', 'ip6');
  refuse('RFC 7208 §5.6', 'ip6:192.0.2.1');
  refuse('RFC 7208 §5.6', 'ip6:::1//64');
  refuse('RFC 7208 §5.6', 'ip6:::1/129');
  refuse('RFC 7208 §5.7', 'exists');
  refuse('RFC 7208 §6.1', 'redirect=');
  refuse('RFC 7208 §6.1', 'redirect:x.example');
  refuse('RFC 7208 §6.2', 'exp=');
  refuse('RFC 7208 §6', '=x');
  refuse('RFC 7208 §6', '1x=y');
  refuse('RFC 7208 §6', 'x=%');
  it('RFC 7208 §3.1: refuses octets that are not ASCII, and shows them escaped', () => {
    assert.equal(outcome('v=spf1 a:\u00ef.example'), 'has the term "a:\\u00ef.example", which is not valid');
    assert.equal(outcome('v=spf1 a\r-all'), 'has the term "a\\u000d-all", which is not valid');
  });
  it('names the first wrong term, wherever it is (RFC 7208 §4.6)', () => {
    assert.equal(outcome('v=spf1 all moo cow'), 'has the term "moo", which is not valid');
  });

  it('never throws, and is linear', () => {
    const term = fc.oneof(
      fc.constantFrom('a', 'mx:%{d}/24', 'ip4:1.2.3.4/8', 'ip6:::/0', 'exp=a.b', 'x=%{c}', '?all'),
      fc.string({ unit: fc.constantFrom(...'aimxp4:/%{}=.-+~19'), maxLength: 20 }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        parseSpfRecord(['v=spf1', ...terms].join(' '));
      }),
    );
    const before = performance.now();
    for (const part of ['a/1', '/', '/1', 'a:/', ' a', ' ip6::', '%{d', 'x.', 'x='])
      parseSpfRecord(`v=spf1 ${part.repeat(RECORD_OCTETS_MAX)}`.slice(0, RECORD_OCTETS_MAX));
    assert.ok(performance.now() - before < 500);
  });
});
