import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBodyHasher } from './check-signature.ts';
import { mapMessageOctets } from './message-octets.ts';

test('createBodyHasher() hashes each form once, however many signatures ask', () => {
  const bodies = createBodyHasher(mapMessageOctets(Buffer.from('From: a\r\n\r\na  b\r\n')));
  assert.equal(bodies('relaxed'), bodies('relaxed'));
  assert.equal(bodies('simple'), bodies('simple'));
  assert.notDeepEqual(bodies('simple'), bodies('relaxed'));
});
