/** Promises of room (design §3.2), against the file system that the tests run on. */
import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { Room } from '../../src/journal/log/room.ts';
import { systemClock } from '../../src/system/clock.ts';

test('Room: clients that ask for all the room and send nothing turn nobody else away', async () => {
  const { bavail, bsize } = await statfs(tmpdir());
  const room = await Room.read(tmpdir(), systemClock);
  const hundredth = Math.floor((bavail * bsize) / 100);
  for (let count = 0; count < 1_000; count += 1) room.reserve(hundredth);
  assert.notEqual(room.reserve(hundredth), null);
  assert.equal(room.reserve(80 * hundredth), null, 'what does not fit beside the promises is refused');
});

test('Room: a promise is held until it is given back', async () => {
  const { bavail, bsize } = await statfs(tmpdir());
  const room = await Room.read(tmpdir(), systemClock);
  const sixTenths = Math.floor(bavail * bsize * 0.6);
  const first = room.reserve(sixTenths);
  assert.notEqual(first, null);
  assert.equal(room.reserve(sixTenths), null);
  first?.[Symbol.dispose]();
  assert.notEqual(room.reserve(sixTenths), null);
});
