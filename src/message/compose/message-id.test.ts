import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../system/random.ts';
import { boundReferences, isWritableMessageId, newMessageId, writableIds } from './message-id.ts';

test('newMessageId() is random, and under the domain that is given', () => {
  const id = newMessageId(systemRandom, 'agents.example');
  assert.match(id, /^[0-9a-f]{16}\.[0-9a-f]{16}@agents\.example$/);
  assert.notEqual(newMessageId(systemRandom, 'agents.example'), id);
  assert.ok(isWritableMessageId(id));
});

test('isWritableMessageId() takes what can stand between angle brackets', () => {
  const check = (id: string, expected: boolean): void => assert.equal(isWritableMessageId(id), expected, id);
  check('a@b', true);
  check('no-at-sign', true);
  check('"a"@[x]', true);
  for (const id of ['', 'a b', 'a\r\nb', '<a@b>', 'é@x', 'a\0', 'x'.repeat(901)]) check(id, false);
});

test('writableIds() reads ids with and without brackets', () => {
  assert.deepEqual(writableIds('a@x b@x'), ['a@x', 'b@x']);
  assert.deepEqual(writableIds('<a@x>\r\n <b@x><c>'), ['a@x', 'b@x', 'c']);
  assert.deepEqual(writableIds(''), []);
});

test('boundReferences() keeps the first and the last, each once', () => {
  assert.deepEqual(boundReferences([]), []);
  assert.deepEqual(boundReferences(['a', 'b', 'a', 'c']), ['b', 'a', 'c']);
  const wide = Array.from({ length: 90 }, (_, index) => `${index}-${'x'.repeat(600)}`);
  const kept = boundReferences(wide);
  assert.equal(kept[0], wide[0]);
  assert.equal(kept.at(-1), wide.at(-1));
  assert.ok(kept.join('').length <= 16 * 1024 && kept.length > 20);
});
