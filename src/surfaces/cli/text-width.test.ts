import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutMiddle, fitWidth, textWidth, wrapText } from './text-width.ts';

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

test('wrapText() breaks at spaces, indents, and leaves what to type in one piece', () => {
  const check = (text: string, indent: number, expected: string): void =>
    assert.equal(wrapText(text, indent, { columns: 40 }), expected);
  check('short', 2, 'short');
  check('', 2, '');
  check(
    'The sender is not trusted since it is not on the list',
    4,
    'The sender is not trusted since it\n    is not on the list',
  );
  check(
    'Hook pay is held. To let it go: aimx runs release 8e263d81eff2',
    0,
    'Hook pay is held. To let it go:\naimx runs release 8e263d81eff2',
  );
  check('日本語 日本語 日本語 日本語 日本語', 10, '日本語 日本語 日本語 日本語\n          日本語');
  assert.equal(wrapText('x'.repeat(50), 0, { columns: Number.POSITIVE_INFINITY }), 'x'.repeat(50));
});
