/**
 * Named points at which a fault test may stop the process.
 *
 * Production wires {@link noFaults}; the tests' own composition root passes one that stops. It is a
 * port and never an environment variable, so that what is shipped has no switch to find.
 */
export interface Faults {
  /**
   * Called at a point named `<folder>.<what has just happened>`, such as `journal.flushed`.
   * A fault implementation may end the process here and never return.
   */
  reach(point: string): void;
}

export const noFaults: Faults = { reach: () => undefined };
