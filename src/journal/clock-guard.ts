/**
 * Whether the wall clock may be believed when it says that something is old.
 *
 * Deletion by age never trusts one reading: a jump of more than a day against the last stored time or
 * against the monotonic clock stops it, and it goes on after 24 h of running without another.
 */

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Readings {
  /** Wall time, epoch milliseconds. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export class ClockGuard {
  #last: Readings;
  /** Monotonic time until which nothing is deleted. */
  #stoppedUntilMs: number | null = null;

  /** @param storedMs Wall time that was stored last; null where there is none. */
  constructor(now: Readings, storedMs: number | null) {
    this.#last = now;
    if (storedMs !== null && Math.abs(now.wallMs - storedMs) > DAY_MS)
      this.#stoppedUntilMs = now.monotonicMs + DAY_MS;
  }

  /** Takes a reading in. `jumped` only where this reading shows it. */
  read(now: Readings): { readonly trusted: boolean; readonly jumpedMs: number | null } {
    const ranMs = now.monotonicMs - this.#last.monotonicMs;
    const jumpMs = now.wallMs - this.#last.wallMs - ranMs;
    this.#last = now;
    const jumped = Math.abs(jumpMs) > DAY_MS;
    if (jumped) this.#stoppedUntilMs = now.monotonicMs + DAY_MS;
    if (this.#stoppedUntilMs !== null && now.monotonicMs >= this.#stoppedUntilMs) this.#stoppedUntilMs = null;
    return { trusted: this.#stoppedUntilMs === null, jumpedMs: jumped ? jumpMs : null };
  }
}
