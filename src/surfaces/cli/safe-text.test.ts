import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeJson, safeLine, safeText } from './safe-text.ts';
import { formatTable } from './table.ts';
import { fitWidth, textWidth } from './text-width.ts';

test('safeText() shows what would steer a terminal', () => {
  const check = (input: string, expected: string): void => assert.equal(safeText(input), expected);
  check('a\x1b[31mb', 'a␛[31mb');
  check('a\x9b31mb', 'a\ufffd31mb');
  check('a\x07\x7f', 'a␇␡');
  check('a\r\nb\rc\td', 'a\nb␍c\td');
  check('pay \u202egnp.exe', 'pay \ufffdgnp.exe');
  check('👩‍💻 naïve', '👩‍💻 naïve');
});

test('safeJson() gives the value back and holds nothing that steers a terminal', () => {
  assert.equal(safeJson({ subject: 'a\x1b\x9b31m\u202eb' }), '{"subject":"a\\u001b\\u009b31m\\u202eb"}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = safeJson([text]);
      assert.deepEqual(JSON.parse(json), [text]);
      assert.ok(!/[\0-\x1f\x7f-\x9f\u202a-\u202e]/.test(json));
    }),
  );
});

test('safeLine() is one line whatever comes', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\0-\x1f\x7f-\x9f]/.test(safeLine(text))));
});

test('fitWidth() always takes the columns it was given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 60 }), (text, columns) => {
      assert.equal(textWidth(fitWidth(text, columns)), columns);
    }),
  );
  assert.equal(fitWidth('日本語の件名', 7), '日本語…');
});

test('formatTable() is cut to the terminal and gives way where it may', () => {
  const terminal = { columns: 30, style: (_style: unknown, text: string) => text };
  const columns = [
    { title: 'ID', value: (row: string) => row.slice(0, 4) },
    { title: 'SUBJECT', value: (row: string) => row.repeat(20), shrinkTo: 8 },
  ];
  const lines = formatTable(['abcdef', 'ab\x1bdef'], columns, terminal).trimEnd().split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(textWidth(line) <= 30, line);
});
