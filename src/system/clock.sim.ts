/** A clock that stands still until a test moves it. */
import { type Clock, type EpochMs, epochMs, type Timer } from './clock.ts';

export interface SimulatedClock extends Clock {
  /** Moves both clocks forward and fires, in order, what falls due. */
  advance(ms: number): void;
  /** Moves wall time alone, as an operator's `date -s` does. May be negative. */
  jump(ms: number): void;
}

/** @param start Wall time at the beginning; defaults to 2026-11-24T20:00:00Z. */
export function simulatedClock(start: EpochMs = epochMs(Date.UTC(2026, 10, 24, 20))): SimulatedClock {
  let wall: number = start;
  let monotonic = 0;
  const timers = new Set<{ readonly due: number; readonly fire: () => void }>();
  const after = (delayMs: number, callback: () => void): Timer => {
    const timer = { due: monotonic + Math.max(0, delayMs), fire: callback };
    timers.add(timer);
    return { [Symbol.dispose]: () => void timers.delete(timer) };
  };
  return {
    now: () => epochMs(wall),
    monotonicMs: () => monotonic,
    after,
    sleep: (delayMs, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = after(delayMs, resolve);
        signal?.addEventListener('abort', () => {
          timer[Symbol.dispose]();
          reject(signal.reason);
        });
      }),
    advance(ms) {
      const end = monotonic + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.due - b.due)[0];
        if (next === undefined || next.due > end) break;
        wall += next.due - monotonic;
        monotonic = next.due;
        timers.delete(next);
        next.fire();
      }
      wall += end - monotonic;
      monotonic = end;
    },
    jump(ms) {
      wall += ms;
    },
  };
}
