import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMessageId, messageOfEntry, timeOfId } from './layout.ts';

test('messageOfEntry() tells files from bundles by name alone', () => {
  const check = (name: string, expected: ReturnType<typeof messageOfEntry>): void =>
    assert.deepEqual(messageOfEntry(name), expected, name);
  check('a.md', { id: 'a', form: 'file' });
  check('a', { id: 'a', form: 'bundle' });
  check('a.md.md', { id: 'a.md', form: 'file' });
  check('.md', null);
  check('.hidden', null);
  check('.hidden.md', null);
});

test('isMessageId() refuses what is no single visible name', () => {
  for (const id of ['', '.', '..', 'a/b', 'a\0', 'x'.repeat(253), '日'.repeat(85)])
    assert.equal(isMessageId(id), false, id);
  for (const id of ['a', '日本語の件名', 'x'.repeat(252)]) assert.equal(isMessageId(id), true, id);
});

test('timeOfId() reads the time of receipt', () => {
  assert.equal(timeOfId('2026-11-24-200102-hello'), Date.UTC(2026, 10, 24, 20, 1, 2));
  for (const id of ['hello', '2026-11-24-hello', '2026-11-24-200102']) assert.equal(timeOfId(id), null, id);
});
