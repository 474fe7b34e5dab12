import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatLaunchFile, quoteShellWord } from './launch-file.ts';

/** What a shell makes of a word. */
function expand(word: string): string {
  return execFileSync('/bin/sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' });
}

test('quoteShellWord() stands for exactly its text', () => {
  const check = (text: string): void => assert.equal(expand(quoteShellWord(text)), text);
  for (const text of [
    '',
    "'",
    "''",
    "a'b",
    '$(id)',
    '`id`',
    '\\',
    '\\\n',
    '\n',
    '*',
    '~',
    '! # ; & | > <',
    '日本',
  ])
    check(text);
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0')),
      (text) => check(text),
    ),
    { numRuns: 40 },
  );
});

test('quoteShellWord() refuses a NUL, which no program can be given', () => {
  assert.throws(() => quoteShellWord('a\0b'), /NUL/);
});

test('formatLaunchFile() puts values of a message inside single quotes only', () => {
  const text = formatLaunchFile(
    { cmd: ['/bin/true'], env: { AIMX_SUBJECT: "x'; reboot; '" }, cwd: '/' },
    2 ** 30,
  );
  assert.ok(text.includes(`export AIMX_SUBJECT='x'\\''; reboot; '\\'''\n`), text);
});

test('formatLaunchFile() refuses a name that is none of a variable', () => {
  const make = (name: string) => (): string =>
    formatLaunchFile({ cmd: ['/bin/true'], env: { [name]: 'x' }, cwd: '/' }, 2 ** 30);
  for (const name of ['A B', 'A=B', '1A', '', 'A;reboot', 'A\nB'])
    assert.throws(make(name), /Not a name/, name);
  make('_a1')();
});
