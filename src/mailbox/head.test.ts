import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerMarks, parseHead } from './head.ts';

test('parseHead() reads frontmatter, however the file ends', () => {
  const check = (text: string, expected: unknown): void => {
    const head = parseHead(new TextEncoder().encode(text));
    assert.deepEqual(head.kind === 'head' ? { ...head.fields } : head.kind, expected, JSON.stringify(text));
  };
  check('+++\nid = "a"\n+++\n\nBody', { id: 'a' });
  check('\uFEFF+++\r\nid = "a"\r\n+++\r\n', { id: 'a' });
  check('+++\nid = "a"\n+++', { id: 'a' });
  check('+++\n+++\n', {});
  check('+++\nid = "x+++y"\n+++\n', { id: 'x+++y' });
  check('+++\nid = "a"\n', 'cut');
  check('', 'broken');
  check('id = "a"', 'broken');
  check('+++\nid =\n+++\n', 'broken');
  check('+++\nn = 99999999999999999999\n+++\n', 'broken');
});

test('ownerMarks() takes what is of another type as never set', () => {
  const none = { read: false, read_at: null, labels: [] };
  assert.deepEqual(ownerMarks({}), none);
  assert.deepEqual(ownerMarks({ read: 'yes', read_at: 5, labels: 'a' }), none);
  assert.deepEqual(ownerMarks({ labels: ['a', 1, 'b'] }), { ...none, labels: ['a', 'b'] });
});
