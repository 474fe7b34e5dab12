/** Chance from one seed, so that a run can be had again. */

export interface Dice {
  /** A whole number from 0 to `below` − 1. */
  roll(below: number): number;
}

/** A small generator (mulberry32): quality enough for choosing, and the same on every machine. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return {
    roll(below) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    },
  };
}
