import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLineSplitter } from './lines.ts';

function split(chunks: readonly string[], bytesMax: number): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter(bytesMax, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

test('createLineSplitter() gives the same lines for any split of the same bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{0,9}$/)), fc.array(fc.nat(8)), (words, cuts) => {
      const text = words.map((word) => `${word}\n`).join('');
      const chunks: string[] = [];
      let rest = text;
      for (const cut of cuts) {
        chunks.push(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      assert.deepEqual(split([...chunks, rest], 64), words);
    }),
  );
});

test('createLineSplitter() throws away what is over the limit of a line and keeps the next', () => {
  assert.deepEqual(split(['abcd', 'efgh', 'ij\nnext', '\nend'], 6), ['abcdef', 'next', 'end']);
});
