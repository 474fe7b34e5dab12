/**
 * How fast the log is taking messages just now, so that what happens after the `250` can make way.
 *
 * Two windows, the running one and the one before, weighted by how much of the one before lies within
 * the last {@link WINDOW_MS}: no list of times, and no step when a window ends. Pure.
 */

/** Long enough that one batch does not look like a flood, short enough to notice its end at once. */
export const WINDOW_MS = 100;

export class AcceptRate {
  #beganMs: number = Number.NEGATIVE_INFINITY;
  #count = 0;
  #countBefore = 0;

  /** @param atMs Monotonic, and never less than in a call before. */
  add(count: number, atMs: number): void {
    this.#roll(atMs);
    this.#count += count;
  }

  /** Over the last {@link WINDOW_MS}. @param atMs As in {@link add}. */
  perSecond(atMs: number): number {
    this.#roll(atMs);
    const shareBefore = 1 - (atMs - this.#beganMs) / WINDOW_MS;
    return ((this.#countBefore * shareBefore + this.#count) * 1000) / WINDOW_MS;
  }

  #roll(atMs: number): void {
    const passedMs = atMs - this.#beganMs;
    if (passedMs < WINDOW_MS) return;
    const isNext = passedMs < 2 * WINDOW_MS;
    this.#countBefore = isNext ? this.#count : 0;
    this.#beganMs = isNext ? this.#beganMs + WINDOW_MS : atMs;
    this.#count = 0;
  }
}
