import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutMiddle, fitWidth, textWidth } from './text-width.ts';

test('cutMiddle() keeps both ends and the width', () => {
  const check = (text: string, columns: number, expected: string): void => {
    assert.equal(cutMiddle(text, columns), expected);
    assert.equal(textWidth(expected), columns);
  };
  check('agent/2026-hello', 16, 'agent/2026-hello');
  check('agent/2026-hello', 18, 'agent/2026-hello  ');
  check('agent/2026-hello', 11, 'agent…hello');
  check('agent/2026-hello', 2, 'a…');
  check('日本語日本語', 9, '日本…本語');
});

test('fitWidth() cuts at the end, and never through a wide character', () => {
  assert.equal(fitWidth('hello', 4), 'hel…');
  assert.equal(fitWidth('日本語', 4), '日… ');
});
