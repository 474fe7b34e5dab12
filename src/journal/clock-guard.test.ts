import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockGuard } from './clock-guard.ts';

const HOUR_MS = 60 * 60 * 1000;
const NOW_MS = Date.UTC(2026, 10, 24);

/** Readings as hours of wall and monotonic time since the start; whether each is trusted. */
function check(
  storedHours: number | null,
  readings: readonly (readonly [wall: number, monotonic: number, trusted: boolean])[],
): void {
  const at = (wall: number, monotonic: number) => ({
    wallMs: NOW_MS + wall * HOUR_MS,
    monotonicMs: monotonic * HOUR_MS,
  });
  const guard = new ClockGuard(at(0, 0), storedHours === null ? null : NOW_MS + storedHours * HOUR_MS);
  for (const [wall, monotonic, trusted] of readings)
    assert.equal(guard.read(at(wall, monotonic)).trusted, trusted);
}

test('ClockGuard trusts a clock that runs', () => {
  check(null, [
    [1, 1, true],
    [100, 100, true],
  ]);
  check(-23, [[1, 1, true]]);
  check(23, [[1, 1, true]]);
});

test('ClockGuard stops for 24 h of running after a jump, either way', () => {
  check(null, [
    [26, 1, false],
    [49, 24, false],
    [50.1, 25.1, true],
  ]);
  check(null, [
    [-26, 1, false],
    [-2, 25.1, true],
  ]);
});

test('ClockGuard stops after a jump against the stored time, either way', () => {
  check(-25, [
    [1, 1, false],
    [24, 24, true],
  ]);
  check(25, [
    [1, 1, false],
    [24, 24, true],
  ]);
});

test('ClockGuard begins its day anew with another jump', () => {
  check(null, [
    [26, 1, false],
    [70, 20, false],
    [76, 26, false],
    [94.5, 44.5, true],
  ]);
});
