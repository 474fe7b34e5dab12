import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentMemory, type Spillable } from './content-memory.ts';

function spillable(inMemoryBytes: number): Spillable & { spilled: boolean } {
  return {
    inMemoryBytes,
    spilled: false,
    spill() {
      this.spilled = true;
    },
  };
}

test('contentMemory() spills the oldest contents when the total is reached', () => {
  const memory = contentMemory(100);
  const contents = [40, 40, 40].map(spillable);
  for (const content of contents) {
    memory.enroll(content);
    memory.take(content.inMemoryBytes);
  }
  assert.deepEqual(
    contents.map(({ spilled }) => spilled),
    [true, true, false],
  );
  assert.equal(memory.isFull, true);
});

test('contentMemory() leaves withdrawn contents alone', () => {
  const memory = contentMemory(100);
  const content = spillable(150);
  memory.enroll(content);
  memory.withdraw(content);
  memory.take(150);
  assert.equal(content.spilled, false);
});

test('contentMemory() calls back once when there is room again', () => {
  const memory = contentMemory(100);
  let calls = 0;
  memory.take(150);
  memory.onRoom(() => {
    calls += 1;
  });
  memory.release(70);
  assert.equal(calls, 0);
  memory.release(5);
  memory.release(5);
  assert.equal(calls, 1);
});

test('contentMemory() makes room for those who wait, though the total is not reached again', () => {
  const memory = contentMemory(100);
  memory.take(120);
  memory.onRoom(() => undefined);
  memory.release(40);
  const idle = spillable(60);
  memory.enroll(idle);
  memory.take(15);
  assert.equal(idle.spilled, true);
});
