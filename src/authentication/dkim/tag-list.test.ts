import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBase64, parseTagList, quote } from './tag-list.ts';

function check(text: string, expected: Readonly<Record<string, string>> | string): void {
  const list = parseTagList(text);
  const values = Object.fromEntries([...list.tags].map(([name, tag]) => [name, tag.value]));
  if (list.kind === 'tags') assert.deepEqual(values, expected, JSON.stringify(text));
  else assert.equal(list.reason, expected, JSON.stringify(text));
}

test('parseTagList() reads tag lists (RFC 6376 §3.2)', () => {
  check('v=1', { v: '1' });
  check('v=1; a=b;', { v: '1', a: 'b' });
  check(' v = 1 ;\r\n\ta= b c\r\n d ; ', { v: '1', a: 'b c\r\n d' });
  check('p=', { p: '' });
  check('b=ab==; _x=1', '"_x" is no name of a tag');
  check('b=ab==; x_1=c=d', { b: 'ab==', x_1: 'c=d' });
  check('A=1; a=2', { A: '1', a: '2' });
  check('n=gr\xfc\xdfe', { n: 'gr\xfc\xdfe' });
});

test('parseTagList() refuses what is no tag list, and says what', () => {
  check('', 'an empty tag');
  check(';', 'an empty tag');
  check('a=1;;b=2', 'an empty tag');
  check('a=1;;', 'an empty tag');
  check('a', '"a" is no tag');
  check('a=1; b', '"b" is no tag');
  check('a=1; a=2', 'the tag "a" occurs twice');
  check('=1', '"" is no name of a tag');
  check('1a=1', '"1a" is no name of a tag');
  check('a b=1', '"a b" is no name of a tag');
  check('a=1\x00', 'the tag "a" has a control character');
  check(Array.from({ length: 101 }, (_, index) => `a${index}=`).join(';'), 'more than 100 tags');
});

test('parseTagList() never throws, and its offsets lead to the values', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '=', ';', ' ', '\r\n ', '\xff', '\0', '1', '_') });
  fc.assert(
    fc.property(text, (list) => {
      for (const { value, start, end } of parseTagList(list).tags.values())
        assert.equal(list.slice(start, end).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''), value);
    }),
  );
});

test('parseBase64() takes white space anywhere and nothing else', () => {
  assert.deepEqual(parseBase64('aGk\r\n ='), Buffer.from('hi'));
  for (const text of ['', ' ', 'a-b_', 'aGk=x', 'aGk===']) assert.equal(parseBase64(text), null, text);
});

test('quote() shows what a message said, bounded and printable', () => {
  assert.equal(quote('a\r\nb\xff'), '"a?b?"');
  assert.equal(quote('x'.repeat(1000)), `"${'x'.repeat(40)}…"`);
});
