import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceptRate } from './accept-rate.ts';

/** @param added Pairs of time and count. */
function check(
  added: readonly (readonly [atMs: number, count: number])[],
  atMs: number,
  expected: number,
): void {
  const rate = new AcceptRate();
  for (const [at, count] of added) rate.add(count, at);
  assert.equal(Math.round(rate.perSecond(atMs)), expected);
}

test('AcceptRate is what came in the last tenth of a second', () => {
  check([], 5_000, 0);
  check([[5_000, 10]], 5_000, 100);
  check([[5_000, 10]], 5_099, 100);
});

test('AcceptRate falls without a step when nothing comes', () => {
  check([[5_000, 10]], 5_150, 50);
  check([[5_000, 10]], 5_199, 1);
  check([[5_000, 10]], 5_200, 0);
  check([[5_000, 10]], 90_000, 0);
});

test('AcceptRate of a steady stream is its rate, wherever it is asked', () => {
  const stream = Array.from({ length: 100 }, (_, index) => [5_000 + index * 10, 4] as const);
  for (let upTo = 20; upTo < stream.length; upTo += 1) {
    const rate = new AcceptRate();
    for (const [at, count] of stream.slice(0, upTo)) rate.add(count, at);
    const found = rate.perSecond(5_000 + (upTo - 1) * 10);
    assert.ok(Math.abs(found - 400) <= 40, `${found} after ${upTo}`);
  }
});
