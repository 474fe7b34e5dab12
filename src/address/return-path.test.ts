import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueIdOfPath, queueIdOfTag, returnTag, withoutReturnTag } from './return-path.ts';

const ID = '0011223344556677';

test('a return path names its message, and the address that sent it', () => {
  const path = `support+${returnTag(ID)}@example.com`;
  assert.equal(queueIdOfTag(returnTag(ID)), ID);
  assert.equal(queueIdOfPath(path), ID);
  assert.equal(withoutReturnTag(path), 'support@example.com');
});

test('what is no return path names nothing, and stays as it is', () => {
  for (const tag of ['', 'b-', `b-${ID}0`, `x-${ID}`, `b-${ID.slice(1)}`])
    assert.equal(queueIdOfTag(tag), null, tag);
  for (const path of [
    '',
    'support@example.com',
    `support+b-${ID}x@example.com`,
    `b-${ID}@example.com`,
    `a+b-${ID}@b@c`,
  ]) {
    assert.equal(queueIdOfPath(path), null, path);
    assert.equal(withoutReturnTag(path), path);
  }
});
