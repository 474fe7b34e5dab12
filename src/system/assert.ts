/**
 * Checks of what must be true whatever comes from outside.
 *
 * A broken invariant ends the process: going on would write rows that are wrong, and the journal
 * knows how to go on from the last right ones.
 */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

/** Throws {@link BrokenInvariant} unless `condition`. Kept in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BrokenInvariant(message);
}

/** The end of a `switch` over a closed union: the compiler refuses a forgotten case, this one a forged value. */
export function assertNever(value: never): never {
  throw new BrokenInvariant(`No such case: ${JSON.stringify(value)}`);
}
