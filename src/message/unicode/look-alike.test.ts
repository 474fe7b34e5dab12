import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readHeader } from '../header/header.ts';
import { readHeaderSection } from '../header/header-section.ts';
import { lookAlikeAddresses, lookAlikeSubject } from './look-alike.ts';

const REAL = 'mallory@evil.example';

test('lookAlikeAddresses() names what looks like something else', () => {
  const check = (name: string, address: string, expected: RegExp): void => {
    const found = lookAlikeAddresses('From', [{ name, address }]);
    assert.equal(found.length, 1, JSON.stringify([name, address, found]));
    assert.match(found[0] ?? '', expected);
    assert.match(found[0] ?? '', /^look-alike: From: /);
  };
  check('boss@corp.example', REAL, /holds another address than the real one, "mallory@evil\.example"/);
  check('The Boss <boss@corp.example>', REAL, /holds another address/);
  check('boss\uff20corp.example', REAL, /holds another address/); // A full-width @.
  check('P\u0430yp\u0430l', REAL, /mixes scripts in "P\u0430yp\u0430l": U\+0430 \(Cyrillic\)/);
  check('\u0410pple Support', REAL, /U\+0410 \(Cyrillic\)/);
  check('G\u03bf\u03bfgle', REAL, /U\+03BF \(Greek\)/);
  check('\u0430\u0441\u0435 Bank', REAL, /only look Latin: U\+0430 \(Cyrillic\), U\+0441 \(Cyrillic\)/);
  check('Goo\u0261le', REAL, /U\+0261/);
  check('\u{1d40f}\u{1d41a}\u{1d432}\u{1d40f}\u{1d41a}\u{1d425}', REAL, /mathematical letters/);
  check('', 'a@xn--80ak6aa92e.com', /"xn--80ak6aa92e\.com" reads as "apple" and is U\+0430 \(Cyrillic\)/);
  check(
    '',
    'a@xn--pypal-4ve.com',
    /"xn--pypal-4ve\.com" mixes scripts in "p\u0430ypal": U\+0430 \(Cyrillic\)/,
  );
  check('', 'a@p\u0430ypal.com', /mixes scripts/); // As RFC 6532 lets it be written.
  check(
    '',
    'bo\u200bss@corp.example',
    /the address "boss@corp\.example" has characters .* nobody sees: U\+200B$/,
  );
  check('', 'a@xn--a.com', /no international domain name/);
  check('', 'p\u0430ypal@x.example', /the address .* mixes scripts/);
});

test('lookAlikeAddresses() says nothing of what people and companies are called', () => {
  const check = (name: string, address = 'a@b.example'): void =>
    assert.deepEqual(lookAlikeAddresses('From', [{ name, address }]), [], `${name} ${address}`);
  check('Анна Петрова');
  check('Анна Петрова (Anna Petrova)');
  check('Νίκος Παπαδόπουλος');
  check('Νίκος Papadopoulos');
  check('山田太郎');
  check('山田 Taro・タロウ');
  check('김철수 Kim');
  check('王小明 (Xiaoming Wang)');
  check('דוד לוי');
  check('محمد علي');
  check('José Müller-Łukasiewicz');
  check('Đặng Thị Ạnh');
  check('İbrahim Işık');
  check('ООО Ромашка via SMSка');
  check('Team Ω, 5 kΩ ΔT µm');
  check('\u03b1x p\u043e'); // Of two letters: formulas.
  check('АННА СОТНИК');
  check('Արամ Խաչատրյան');
  check('สมชาย ใจดี');
  check('Zoë 🎉 Ltd.');
  check('ＡＢＣ株式会社');
  check('joe@b.example', 'joe@b.example');
  check('Joe @ Corp');
  check('Joe <Joe@B.example>', 'joe@b.example');
  check('', 'a@xn--mnchen-3ya.de');
  check('', 'a@xn--80aswg.xn--p1ai'); // сайт.рф
  check('', 'a@xn--wgv71a.jp'); // 日本.jp
  check('', 'a@xn--e1awd7f.ru'); // At home under its own country's code.
  check('', 'a@[192.0.2.1]');
  check('', '');
});

test('lookAlikeSubject() judges words, not languages', () => {
  assert.deepEqual(lookAlikeSubject('Re: Отчёт PDF за май'), []);
  assert.deepEqual(lookAlikeSubject('Σας ευχαριστούμε for your order'), []);
  assert.match(
    lookAlikeSubject('Your \u0410mazon order').join(),
    /^look-alike: Subject: it mixes scripts in "\u0410mazon": U\+0410/,
  );
});

test('readHeader() leaves out what nobody sees of names and subject, and says so', () => {
  const check = (raw: string, expected: object, warnings: readonly RegExp[]): void => {
    const bytes = Buffer.from(raw.replace(/\n/g, '\r\n'));
    const read = readHeader(readHeaderSection(bytes, { from: 0, to: bytes.length }));
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(read.header[name as keyof typeof read.header], value);
    }
    assert.equal(read.warnings.length, warnings.length, JSON.stringify(read.warnings));
    warnings.forEach((warning, index) => {
      assert.match(read.warnings[index] ?? '', warning);
    });
  };
  check(
    'From: Jo\u200be \u202egpj <a@b.test>\nSubject: in\u2066vo\u2069ice\u{e0041}\n\n',
    {
      from: 'Joe gpj <a@b.test>',
      subject: 'invoice',
    },
    [/^hidden-characters: From .*\(2\)$/, /^hidden-characters: Subject .*\(3\)$/],
  );
  check(
    'From: a@b.test\nSubject: =?utf-8?b?8J+RqOKAjfCfkak=?= \u05e9\u200f\n\n',
    { subject: '👨\u200d👩 ש' },
    [],
  );
  check('From: "ceo@corp.example" <a@b.test>\nReply-To: P\u0430ypal <x@y.test>\n\n', {}, [
    /^look-alike: From: the name/,
    /^look-alike: Reply-To: the name/,
  ]);
});

test('look-alikes are total and linear', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, address) => {
      lookAlikeAddresses('From', [{ name, address }]);
      lookAlikeSubject(name);
    }),
  );
  const many = Array.from({ length: 10_000 }, () => ({
    name: 'а@'.repeat(5_000),
    address: `a@xn--${'a'.repeat(200)}`,
  }));
  const every = Array.from({ length: 40_000 }, (_, index) => String.fromCodePoint(0x20000 + index)).join('');
  const startedAt = performance.now();
  lookAlikeAddresses('To', [{ name: every.repeat(10), address: `\u200b${every.repeat(10)}@b.test` }]);
  assert.ok(lookAlikeAddresses('To', many).length <= 3);
  assert.ok(performance.now() - startedAt < 3_000);
});
