import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../../system/clock.ts';
import { parseDateTime } from '../header/date-time.ts';
import { decodeLine } from '../header/encoded-word.ts';
import { parseParameterized } from '../header/parameters.ts';
import { encodeWords } from './encode-words.ts';
import { foldField } from './fold-field.ts';
import { addressWords, formatMailDate, parameterWords, unstructuredWords } from './header-text.ts';

test('unstructuredWords() encodes what a field cannot have', () => {
  const check = (text: string, expected: string): void =>
    assert.equal(foldField('Subject', unstructuredWords(text)), `Subject:${expected}\r\n`);
  check('', '');
  check('Hello', ' Hello');
  check(' a \t b\r\nBcc: c ', ' a b Bcc: c');
  check('é', ' =?UTF-8?Q?=C3=A9?=');
  check('a café (open)', ' =?UTF-8?Q?a_caf=C3=A9_=28open=29?=');
  check('日本語', ' =?UTF-8?B?5pel5pys6Kqe?=');
  check('=?utf-8?q?x?=', ' =?UTF-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=');
  check(`${'w '.repeat(33)}w ww`, ` ${'w '.repeat(33)}w\r\n ww`);
});

test('unstructuredWords() and foldField() keep lines below 77 characters and words below 76', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.boolean(), (text, isLong) => {
      const words = unstructuredWords(isLong ? `${text}${'x'.repeat(61)}` : text);
      const field = foldField('Subject', words);
      assert.ok(
        field.split('\r\n').every((line) => line.length <= 76),
        field,
      );
      assert.ok(words.every((word) => word.length <= 75));
    }),
  );
});

test('encodeWords() is read back whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const words = encodeWords(text);
      assert.ok(words.every((word) => /^=\?UTF-8\?[QB]\?[!-~]+\?=$/.test(word) && word.length <= 64));
      assert.equal(decodeLine(words.join(' ')), decodeLine(text.includes('=?') ? words.join(' ') : text));
    }),
  );
});

test('addressWords() quotes or encodes names', () => {
  const check = (name: string, expected: string): void =>
    assert.equal(addressWords([{ name, address: 'a@b.example' }]).join(' '), expected);
  check('', 'a@b.example');
  check('Ann B', 'Ann B <a@b.example>');
  check('Q. "x" \\', '"Q. \\"x\\" \\\\" <a@b.example>');
  check('evil@x.example', '"evil@x.example" <a@b.example>');
  check('André (x)', '=?UTF-8?Q?Andr=C3=A9_=28x=29?= <a@b.example>');
  check('a,b '.repeat(30), `${encodeWords('a,b '.repeat(30).trim()).join(' ')} <a@b.example>`);
});

test('parameterWords() are read back, in sections where they must be (RFC 2231)', () => {
  const check = (value: string, expected: readonly string[]): void =>
    assert.deepEqual(parameterWords('filename', value), expected);
  check('a b.pdf', ['filename="a b.pdf"']);
  check('é.pdf', ["filename*=UTF-8''%C3%A9.pdf"]);
  check("it's 5%.pdf", ["filename*=UTF-8''it%27s%205%25.pdf"]);
  check('é'.repeat(12), [`filename*0*=UTF-8''${'%C3%A9'.repeat(7)};`, `filename*1*=${'%C3%A9'.repeat(5)}`]);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const value = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
      const field = foldField('Content-Disposition', ['attachment;', ...parameterWords('filename', value)]);
      assert.ok(
        field.split('\r\n').every((line) => line.length <= 76),
        field,
      );
      const raw = field
        .slice(field.indexOf(':') + 2)
        .replaceAll('\r\n', '')
        .trim();
      assert.equal(parseParameterized(raw).parameters.get('filename'), value);
    }),
  );
});

test('formatMailDate() is RFC 5322 §3.3 in UTC', () => {
  assert.equal(formatMailDate(epochMs(0)), 'Thu, 01 Jan 1970 00:00:00 +0000');
  assert.equal(parseDateTime(formatMailDate(epochMs(1_795_585_405_000)))?.instantMs, 1_795_585_405_000);
});

test('foldField() never folds the first word away from the name', () => {
  const long = 'x'.repeat(100);
  assert.equal(foldField('To', [long, 'y', long]), `To: ${long}\r\n y\r\n ${long}\r\n`);
});

test('foldField() lets nothing through that ends a field', () => {
  for (const word of ['a\r\nb', 'a\nb', 'a\0', '\u0085', 'a\u2028', '', ' a']) {
    assert.throws(() => foldField('Subject', [word]), /cannot stand in a header/);
  }
});
