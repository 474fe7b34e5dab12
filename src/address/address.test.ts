import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAddressLiteral } from './address-literal.ts';
import { parseDomain } from './domain.ts';
import { foldLocalPart, formatLocalPart, parseLocalPart, splitTag } from './local-part.ts';
import { formatMailbox, parseMailbox } from './mailbox.ts';
import type { Parsed, Scanned } from './parsed.ts';
import { scanForwardPath, scanReversePath } from './path.ts';

/** The value; or where the first wrong character stands. */
function outcome<Value>(parsed: Parsed<Value>): Value | { readonly offset: number } {
  return parsed.kind === 'parsed' ? parsed.value : { offset: parsed.offset };
}

describe('parseLocalPart()', () => {
  const check = (input: string, expected: string | { offset: number }, section: string): void => {
    it(`${section}: ${JSON.stringify(input.slice(0, 30))}`, () => {
      assert.deepEqual(outcome(parseLocalPart(input)), expected);
    });
  };
  check('agent', 'agent', 'RFC 5321 §4.1.2 Dot-string');
  check('a.b-c+d', 'a.b-c+d', 'RFC 5321 §4.1.2 Dot-string');
  check("!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~", 'RFC 5322 §3.2.3 atext');
  check('', { offset: 0 }, 'RFC 5321 §4.1.2 Dot-string');
  check('.a', { offset: 0 }, 'RFC 5321 §4.1.2 Dot-string');
  check('a..b', { offset: 2 }, 'RFC 5321 §4.1.2 Dot-string');
  check('a.', { offset: 2 }, 'RFC 5321 §4.1.2 Dot-string');
  check('a b', { offset: 1 }, 'RFC 5321 §4.1.2 Dot-string');
  check('"a b"', 'a b', 'RFC 5321 §4.1.2 Quoted-string');
  check('"a@b"', 'a@b', 'RFC 5321 §4.1.2 Quoted-string');
  check('"agent"', 'agent', 'RFC 5321 §4.1.2: the quotes are not part of it');
  check('"\\"\\\\"', '"\\', 'RFC 5321 §4.1.2 quoted-pairSMTP');
  check('"\\é"', { offset: 2 }, 'RFC 5321 §4.1.2 quoted-pairSMTP');
  check('""', '', 'RFC 5321 §4.1.2 Quoted-string may be empty');
  check('"a', { offset: 2 }, 'RFC 5321 §4.1.2 Quoted-string');
  check('"a\u0007"', { offset: 2 }, 'RFC 5321 §4.1.2 qtextSMTP');
  check('"a"b', { offset: 3 }, 'RFC 5321 §4.1.2 Quoted-string');
  check('jörg', 'jörg', 'RFC 6531 §3.3 atext');
  check('"用 户"', '用 户', 'RFC 6531 §3.3 qtextSMTP');
  check('\ud800', { offset: 0 }, 'RFC 6531 §3.3 UTF-8 only');
  check('x'.repeat(64), 'x'.repeat(64), 'RFC 5321 §4.5.3.1.1');
  check('x'.repeat(65), { offset: 0 }, 'RFC 5321 §4.5.3.1.1');
  check('é'.repeat(33), { offset: 0 }, 'RFC 5321 §4.5.3.1.1 in octets');
});

describe('parseDomain()', () => {
  const check = (input: string, expected: string | { offset: number }, section: string): void => {
    it(`${section}: ${JSON.stringify(input.slice(0, 30))}`, () => {
      assert.deepEqual(outcome(parseDomain(input)), expected);
    });
  };
  check('Example.COM', 'example.com', 'RFC 5321 §2.4');
  check('localhost', 'localhost', 'RFC 5321 §4.1.2');
  check('3com.x-1', '3com.x-1', 'RFC 5321 §4.1.2 Let-dig');
  check('', { offset: 0 }, 'RFC 5321 §4.1.2');
  check('a..b', { offset: 2 }, 'RFC 5321 §4.1.2');
  check('a.b.', { offset: 4 }, 'RFC 5321 §2.3.5 no trailing dot');
  check('-a.b', { offset: 0 }, 'RFC 5321 §4.1.2 Let-dig');
  check('a-.b', { offset: 1 }, 'RFC 5321 §4.1.2 Ldh-str');
  check('a_b', { offset: 1 }, 'RFC 5321 §4.1.2 Ldh-str');
  check('a%b', { offset: 1 }, 'RFC 5321 §4.1.2 Ldh-str');
  check(`${'a'.repeat(63)}.x`, `${'a'.repeat(63)}.x`, 'RFC 1035 §2.3.4');
  check(`${'a'.repeat(64)}.x`, { offset: 63 }, 'RFC 1035 §2.3.4');
  check(`${'a.'.repeat(127)}b`, `${'a.'.repeat(127)}b`, 'RFC 5321 §4.5.3.1.2: 255 octets');
  check(`${'a.'.repeat(127)}bc`, { offset: 0 }, 'RFC 5321 §4.5.3.1.2: 256 octets');
  check('bücher.example', 'xn--bcher-kva.example', 'RFC 5890 §2.3.2.1');
  check('BÜCHER.example', 'xn--bcher-kva.example', 'RFC 5890 §2.3.2.1');
  check('xn--bcher-kva.example', 'xn--bcher-kva.example', 'RFC 5890 §2.3.2.1');
  check('xn--\u00e9.example', { offset: 0 }, 'RFC 5890 §2.3.1');
  check('a\u3002b', { offset: 0 }, 'RFC 5890 §2.3.2.1: a full stop that is mapped makes no label');
  check('\ud800.example', { offset: 0 }, 'RFC 6531 §3.3');
});

describe('parseAddressLiteral()', () => {
  const check = (input: string, expected: string | { offset: number }): void => {
    it(`RFC 5321 §4.1.3: ${input}`, () => {
      assert.deepEqual(outcome(parseAddressLiteral(input)), expected);
    });
  };
  check('[192.0.2.1]', '[192.0.2.1]');
  check('[256.0.2.1]', { offset: 1 });
  check('[1.2.3]', { offset: 1 });
  check('[IPv6:2001:DB8::1]', '[IPv6:2001:db8::1]');
  check('[ipv6:::]', '[IPv6:::]');
  check('[IPv6:1:2:3:4:5:6:7:8]', '[IPv6:1:2:3:4:5:6:7:8]');
  check('[IPv6:1:2:3:4:5:6:192.0.2.1]', '[IPv6:1:2:3:4:5:6:192.0.2.1]');
  check('[IPv6:::ffff:192.0.2.1]', '[IPv6:::ffff:192.0.2.1]');
  check('[IPv6:1:2:3:4:5:6:7]', { offset: 6 });
  check('[IPv6:1::2::3]', { offset: 6 });
  check('[IPv6:1:2:3:4:5:6:7::]', { offset: 6 });
  check('[IPv6:192.0.2.1::]', { offset: 6 });
  check('[IPv6:12345::]', { offset: 6 });
  check('[2001:db8::1]', { offset: 1 });
  check('[tag:value]', { offset: 1 });
  check('[192.0.2.1', { offset: 10 });
  check('192.0.2.1', { offset: 0 });
});

describe('scanReversePath() and scanForwardPath()', () => {
  const shape = <Value extends { readonly kind: string; readonly text: string }>(
    scanned: Scanned<Value>,
  ): string | { offset: number } =>
    scanned.kind === 'scanned'
      ? `${scanned.value.kind} ${scanned.value.text}`.trim()
      : { offset: scanned.offset };
  const reverse = (input: string, expected: string | { offset: number }, section: string): void => {
    it(`scanReversePath() ${section}: ${input.slice(0, 40)}`, () => {
      assert.deepEqual(shape(scanReversePath(input, 0)), expected);
    });
  };
  const forward = (input: string, expected: string | { offset: number }, section: string): void => {
    it(`scanForwardPath() ${section}: ${input.slice(0, 40)}`, () => {
      assert.deepEqual(shape(scanForwardPath(input, 0)), expected);
    });
  };
  reverse('<>', 'null', 'RFC 5321 §4.5.5');
  reverse('<a@b.example>', 'mailbox a@b.example', 'RFC 5321 §4.1.2');
  reverse(
    '<@x.example,@y.example:a@b.example>',
    'mailbox a@b.example',
    'RFC 5321 §4.1.1.3 drops a source route',
  );
  reverse('<@x.example,a@b.example>', { offset: 12 }, 'RFC 5321 §4.1.2 A-d-l');
  reverse('<a@[192.0.2.1]>', 'mailbox a@[192.0.2.1]', 'RFC 5321 §4.1.3');
  reverse('a@b.example', { offset: 0 }, 'RFC 5321 §4.1.2 needs brackets');
  reverse('<a@b.example', { offset: 12 }, 'RFC 5321 §4.1.2 needs brackets');
  reverse('<a>', { offset: 2 }, 'RFC 5321 §4.1.2 needs a domain');
  reverse('<a@>', { offset: 3 }, 'RFC 5321 §4.1.2 needs a domain');
  reverse('< a@b.example>', { offset: 1 }, 'RFC 5321 §4.1.2 no spaces');
  reverse('<a@b@c.example>', { offset: 4 }, 'RFC 5321 §4.1.2 one at-sign');
  reverse(
    `<${'v'.repeat(100)}@b.example>`,
    `mailbox ${'v'.repeat(100)}@b.example`,
    'longer than §4.5.3.1.1: VERP',
  );
  reverse(`<${'v'.repeat(250)}@b.example>`, { offset: 0 }, 'RFC 5321 §4.5.3.1.3');
  forward('<PostMaster>', 'postmaster PostMaster', 'RFC 5321 §4.5.1');
  forward('<postmaster@b.example>', 'mailbox postmaster@b.example', 'RFC 5321 §4.5.1');
  forward('<>', { offset: 1 }, 'RFC 5321 §4.1.1.3 is never null');
  forward('<"a@other.example"@b.example>', 'mailbox "a@other.example"@b.example', 'RFC 5321 §4.1.2');
  forward('<a%other.example@b.example>', 'mailbox a%other.example@b.example', 'RFC 5321 §4.1.2');
  forward('<用户@例え.テスト>', 'mailbox 用户@例え.テスト', 'RFC 6531 §3.3');
  forward(`<${'v'.repeat(65)}@b.example>`, { offset: 1 }, 'RFC 5321 §4.5.3.1.1');
});

describe('splitTag()', () => {
  const check = (input: string, name: string, tag: string | null): void => {
    it(input, () => assert.deepEqual(splitTag(input), { name, tag }));
  };
  check('agent', 'agent', null);
  check('agent+x', 'agent', 'x');
  check('agent+x+y', 'agent', 'x+y');
  check('agent+', 'agent', null);
  check('+x', '+x', null);
});

describe('properties of address/', () => {
  it('no parser throws, and an offset never passes the end', () => {
    const hostile = fc.string({ unit: fc.constantFrom(...'ab<>@.:,"\\[]+- \u0000é。xn-'), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), (text) => {
        const answers = [
          parseLocalPart(text),
          parseDomain(text),
          parseAddressLiteral(text),
          parseMailbox(text),
          scanReversePath(text, 0),
          scanForwardPath(text, 0),
        ];
        for (const answer of answers) {
          if (answer.kind === 'malformed') assert.ok(answer.offset >= 0 && answer.offset <= text.length + 1);
        }
      }),
    );
  });

  it('parseLocalPart(formatLocalPart(x)) is x', () => {
    const printable = fc.string({ unit: fc.constantFrom(...'ab.+"\\ @é用'), maxLength: 12 });
    fc.assert(
      fc.property(printable, (meant) => {
        assert.equal(outcome(parseLocalPart(formatLocalPart(meant))), meant);
      }),
    );
  });

  it('parseMailbox(formatMailbox(x)) is x', () => {
    const written = fc.tuple(
      fc.constantFrom('a', '"a b"', 'jörg', '"\\""'),
      fc.constantFrom('x.example', '[IPv6:::1]', 'bücher.example'),
    );
    fc.assert(
      fc.property(written, ([localPart, domain]) => {
        const first = parseMailbox(`${localPart}@${domain}`);
        assert.ok(first.kind === 'parsed');
        assert.deepEqual(parseMailbox(formatMailbox(first.value)), first);
      }),
    );
  });

  it('foldLocalPart() ignores case and composition', () => {
    assert.equal(foldLocalPart('JO\u0308RG'), foldLocalPart('jörg'));
  });
});
