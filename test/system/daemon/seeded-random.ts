/** Random numbers that a seed repeats (mulberry32). */

export interface SeededRandom {
  readonly seed: number;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
}

/** The seed is `SEED` of the environment, else one of the moment. */
export function seededRandom(): SeededRandom {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  let state = seed;
  return {
    seed,
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    },
  };
}
