import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { configExample, configPage } from './config-page.ts';
import { findDeadLinks } from './links.ts';

test('configExample() is TOML and names every key of the reference', () => {
  const example = configExample();
  parse(example);
  for (const [, key] of configPage().matchAll(/^### `(.+)`$/gm))
    if (key !== 'hooks') assert.match(example, new RegExp(`^(# )?${key} = `, 'm'));
});

test('findDeadLinks() finds files and headings that are not there', () => {
  const check = (text: string, expected: readonly string[]): void =>
    assert.deepEqual(findDeadLinks([{ path: 'x.md', text }], import.meta.dirname), expected);
  check('# A b, c\n[1](links.ts) [2](https://example.com/x) [3](#a-b-c)', []);
  check('[1](gone.md)', ['x.md: gone.md leads nowhere']);
  check('`[1](gone.md)`\n```\n[1](gone.md)\n```\n', []);
  assert.deepEqual(findDeadLinks([{ path: 'links.ts', text: '# A\n[1](#b)' }], import.meta.dirname), [
    'links.ts: #b: no such heading in links.ts',
  ]);
});
