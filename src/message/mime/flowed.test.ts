import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinFlowed } from './flowed.ts';

test('joinFlowed() reads each rule of RFC 3676', () => {
  const check = (lines: readonly string[], expected: readonly string[], deleteSpace = false): void =>
    assert.equal(joinFlowed(lines.join('\n'), { deleteSpace }), expected.join('\n'), JSON.stringify(lines));
  // §4.1: a space at the end joins; none ends the paragraph.
  check(['a ', 'b ', 'c', 'd'], ['a b c', 'd']);
  check(['a', '', 'b'], ['a', '', 'b']);
  check(['a  ', 'b'], ['a  b']);
  // §4.2: with DelSp the space that joins goes, and only it.
  check(['a ', 'b'], ['ab'], true);
  check(['日本 ', '語'], ['日本語'], true);
  check(['a  ', 'b'], ['a b'], true);
  check(['a ', ' b'], ['ab'], true);
  check(['a\t', 'b'], ['a\t', 'b'], true);
  // §4.3: the separator of signatures is no flowed line, also where it is quoted or stuffed.
  check(['a', '-- ', 'Joe'], ['a', '-- ', 'Joe']);
  check(['a ', '-- ', 'Joe'], ['a ', '-- ', 'Joe']);
  check(['a ', '-- ', 'Joe'], ['a', '-- ', 'Joe'], true);
  check(['> a', '> -- ', '> Joe'], ['> a', '> --', '> Joe']);
  check([' -- ', 'Joe'], ['-- ', 'Joe']);
  check(['--  ', 'b'], ['--  b']);
  // §4.4: one stuffed space goes, before and behind quote marks.
  check([' From here'], ['From here']);
  check([' >not quoted'], ['>not quoted']);
  check(['  two'], [' two']);
  check(['>a ', '>b'], ['> a b']);
  check(['>  a'], ['>  a']);
  // §4.5: depth is the marks in a row; a change of it ends a paragraph.
  check(['> a ', '> b'], ['> a b']);
  check(['> a ', '>> b ', '>> c', 'd'], ['> a', '>> b c', 'd']);
  check(['> > a'], ['> > a']);
  check(['>>> deep'], ['>>> deep']);
  check(['a ', '> b'], ['a ', '> b']);
  check(['> a ', 'b'], ['> a', 'b']);
  check(['>', '>'], ['>', '>']);
  // §5: one more than the rules say.
  check(['a '], ['a ']);
  check([' '], ['']);
  check(['  ', 'b'], [' b']);
  check([''], ['']);
});

test('joinFlowed() is total and linear, and loses no word', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', '>', '-', '\t', 'é') });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, deleteSpace) => {
      const joined = joinFlowed(lines.join('\n'), { deleteSpace });
      const words = (text: string): string => text.replace(/[\s>]/g, '');
      assert.equal(words(joined), words(lines.join('\n')));
    }),
  );
  for (const piece of ['a ', '>', '> a \n', 'a \n', '-- \n']) {
    const startedAt = performance.now();
    joinFlowed(piece.repeat(400_000), { deleteSpace: false });
    assert.ok(performance.now() - startedAt < 2_000, piece);
  }
});

test('joinFlowed() joins what RFC 3676 calls a paragraph', () => {
  const check = (text: string, expected: string, deleteSpace = false): void =>
    assert.equal(joinFlowed(text, { deleteSpace }), expected, text);
  check('one \ntwo \nthree\nfour', 'one two three\nfour');
  check('>quoted \n>text\nmine', '> quoted text\nmine');
  check('>> a \n> b', '>> a\n> b');
  check(' From here \n >stuffed', 'From here >stuffed');
  check('text \n-- \nAnn', 'text \n-- \nAnn');
  check('日本 \n語', '日本語', true);
});
