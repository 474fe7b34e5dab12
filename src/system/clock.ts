/**
 * Time, as a port: wall time for what people and rows see, monotonic time for time-outs.
 *
 * Nothing outside `system/` reads a clock or starts a timer of its own, so that a simulated clock
 * can move everything.
 */

/** Milliseconds since 1970-01-01T00:00:00Z, as the wall clock says. It may jump. */
export type EpochMs = number & { readonly __brand: 'EpochMs' };

/** A timer that has not fired yet; disposing it stops it. */
export interface Timer extends Disposable {}

export interface Clock {
  /** Wall time. Stored in rows, shown to people, never used for time-outs. */
  now(): EpochMs;
  /** Milliseconds of a clock that never goes back; only differences mean something. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs` (at least 0) unless disposed before. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`, or rejects with the signal's reason. */
  sleep(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Brands a number as wall time; the one place where it is done. */
export function epochMs(value: number): EpochMs {
  return value as EpochMs;
}

/** RFC 3339 in UTC with milliseconds and `Z`, the form of every stored and shown time. */
export function formatInstant(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    // A longer delay would overflow setTimeout's 32 bits and fire at once.
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), 0x7fffffff));
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  sleep(delayMs, { signal } = {}) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        Math.min(Math.max(0, delayMs), 0x7fffffff),
      );
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};
