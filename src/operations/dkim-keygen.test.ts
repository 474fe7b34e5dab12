import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSelector } from './dkim-keygen.ts';

test('nextSelector() counts up, and begins with 2', () => {
  const check = (selector: string, expected: string): void => assert.equal(nextSelector(selector), expected);
  check('aimx', 'aimx2');
  check('aimx2', 'aimx3');
  check('s09', 's10');
  check('s99', 's100');
  check('s2026.a', 's2026.a2');
  check('20261125', '20261126');
  check('k20261125000000', 'k20261125000001');
});
