import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from './clock.sim.ts';
import { epochMs } from './clock.ts';
import { Rounds } from './rounds.ts';

/** Rounds that end when the test lets them. */
function heldRounds() {
  const clock = simulatedClock();
  const begun: (() => void)[] = [];
  const rounds = new Rounds(clock, () => new Promise((resolve) => begun.push(resolve)));
  const end = async (index: number): Promise<void> => {
    begun[index]?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, rounds, begun, end };
}

test('Rounds: one at a time, and one more however often it was asked for meanwhile', async () => {
  const { rounds, begun, end } = heldRounds();
  for (let n = 0; n < 3; n += 1) rounds.wake();
  assert.equal(begun.length, 1);
  await end(0);
  assert.equal(begun.length, 2);
  await end(1);
  assert.equal(begun.length, 2);
  await rounds.idle();
});

test('Rounds: wakes at the time that was set last, and at none when that is taken back', async () => {
  const { clock, rounds, begun, end } = heldRounds();
  rounds.wakeAt(epochMs(clock.now() + 100));
  rounds.wakeAt(epochMs(clock.now() + 200));
  clock.advance(150);
  assert.equal(begun.length, 0);
  clock.advance(100);
  assert.equal(begun.length, 1);
  await end(0);
  rounds.wakeAt(epochMs(clock.now() + 100));
  rounds.wakeAt(null);
  clock.advance(500);
  assert.equal(begun.length, 1);
});

test('Rounds: disposing waits for the round that is under way, and begins no other', async () => {
  const { clock, rounds, begun, end } = heldRounds();
  rounds.wake();
  rounds.wake();
  rounds.wakeAt(epochMs(clock.now() + 100));
  let isDisposed = false;
  const disposed = rounds[Symbol.asyncDispose]().then(() => {
    isDisposed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isDisposed, false);
  await end(0);
  await disposed;
  clock.advance(500);
  rounds.wake();
  assert.equal(begun.length, 1);
});
