/** How much is measured: everything here bounds the run in time and in count. */

export interface Plan {
  readonly name: 'full' | 'quick';
  /** Rounds of what is compared; in each, every peer is measured once, one after the other. */
  readonly rounds: number;
  /** Of one load. */
  readonly loadSeconds: number;
  /** Messages one at a time, from the `250` to the file and to the hook. */
  readonly idleSamples: number;
  /** Messages whose hooks are started as fast as it goes. */
  readonly hookMessages: number;
  /** Messages after which memory is looked at again. */
  readonly memoryMessages: number;
  readonly starts: number;
  /** Signed messages of 2 KiB through the whole pipeline; fewer of larger ones. */
  readonly pipelineMessages: number;
  /** Messages that are sent, to each kind of destination. */
  readonly outgoingMessages: number;
}

export const SESSIONS: readonly number[] = [1, 10, 50];
export const MESSAGE_BYTES = 2048;

export const FULL: Plan = {
  name: 'full',
  rounds: 5,
  loadSeconds: 4,
  idleSamples: 60,
  hookMessages: 400,
  memoryMessages: 10_000,
  starts: 7,
  pipelineMessages: 600,
  outgoingMessages: 600,
};

/** Tells whether something broke, not how fast it is: some rows are too short to be steady. */
export const QUICK: Plan = {
  name: 'quick',
  rounds: 3,
  loadSeconds: 0.6,
  idleSamples: 15,
  hookMessages: 80,
  memoryMessages: 1_000,
  starts: 3,
  pipelineMessages: 80,
  outgoingMessages: 80,
};
