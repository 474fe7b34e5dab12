import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutInvisible } from './invisible-characters.ts';

function check(text: string, expected: string, left: number): void {
  assert.deepEqual(withoutInvisible(text), { text: expected, left }, JSON.stringify(text));
}

/** ASCII as tag characters, which no font shows. */
function tags(text: string): string {
  return Array.from(text, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('');
}

test('withoutInvisible() leaves out what nobody sees, and counts it', () => {
  check('plain', 'plain', 0);
  check('a\u200bb\u2060c\ufeffd', 'abcd', 3);
  check(`a${tags('pay')}b`, 'ab', 3);
  check('\u202eevil\u202c \u2066x\u2069', 'evil x', 4);
  check('a\u2063\u206a\u180e\u3164\ufff9b', 'ab', 5);
});

test('withoutInvisible() keeps joiners and variation selectors that have something to join', () => {
  check('👩\u200d👩\u200d👧', '👩\u200d👩\u200d👧', 0);
  check('❤\ufe0f\u200d🔥 1\ufe0f\u20e3', '❤\ufe0f\u200d🔥 1\ufe0f\u20e3', 0);
  check('می\u200cخواهم', 'می\u200cخواهم', 0);
  check('क्\u200dष', 'क्\u200dष', 0);
  check('葛\u{e0100}飾', '葛\u{e0100}飾', 0);
  check('\u200c \u200c\u00a0\u034f', ' \u00a0', 3);
  check('a\u200d\u200d\u200db', 'a\u200db', 2);
  check('a\ufe01\ufe02\ufe03b', 'a\ufe01b', 2);
});

test('withoutInvisible() keeps the tags of flags that exist, and of no others', () => {
  const flag = (code: string): string => `🏴${tags(code)}\u{e007f}`;
  check(flag('gbeng'), flag('gbeng'), 0);
  check(`${flag('gbsct')}${flag('gbwls')}`, `${flag('gbsct')}${flag('gbwls')}`, 0);
  check(flag('payme'), '🏴', 6);
  check(`${flag('gbeng')}${tags('x')}`, flag('gbeng'), 1);
});

test('withoutInvisible() leaves direction marks and soft hyphens out without a count', () => {
  check('Donau\u00addampf \u200fשלום\u200e \u061cx', 'Donaudampf שלום x', 0);
});
