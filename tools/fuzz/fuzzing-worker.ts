/**
 * Runs one target over mutated inputs in a thread, so that one that hangs or takes all memory can be
 * ended: the input lies where the main thread sees it before the target does.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.ts';
import { createDice } from './dice.ts';
import { mutate } from './mutate.ts';
import { TARGETS } from './targets.ts';

export interface FuzzingOrder {
  readonly target: string;
  readonly seed: number;
  readonly forMs: number;
  /** Two numbers (the count of the input, its length), then its octets. */
  readonly shown: SharedArrayBuffer;
}

export type FuzzingResult =
  | { readonly kind: 'done'; readonly tried: number }
  | { readonly kind: 'broken'; readonly tried: number; readonly reason: string };

/** One input may take this long; longer means that work grows faster than input. */
const INPUT_MS_MAX = 1_000;
/** What one input of 64 KiB may add to the process's highest memory. */
const INPUT_GROWTH_KIB_MAX = 256 * 1_024;

function run({ target: name, seed, forMs, shown }: FuzzingOrder): FuzzingResult {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`no target ${name}; there are ${Object.keys(TARGETS).join(', ')}`);
  const dice = createDice(seed);
  const corpus = readCorpus(name).map(({ bytes }) => bytes);
  const head = new Int32Array(shown, 0, 2);
  const octets = new Uint8Array(shown, head.byteLength);
  const started = performance.now();
  for (let tried = 0; ; tried += 1) {
    if (performance.now() - started > forMs) return { kind: 'done', tried };
    const input = mutate(corpus, dice);
    octets.set(input);
    Atomics.store(head, 1, input.length);
    Atomics.store(head, 0, tried + 1);
    const broken = (reason: string): FuzzingResult => ({ kind: 'broken', tried, reason });
    const memory = process.resourceUsage().maxRSS;
    const before = performance.now();
    try {
      target(input);
    } catch (failure) {
      return broken(failure instanceof Error ? (failure.stack ?? failure.message) : String(failure));
    }
    const tookMs = performance.now() - before;
    if (tookMs > INPUT_MS_MAX) return broken(`took ${Math.round(tookMs)} ms for ${input.length} octets`);
    const grownKib = process.resourceUsage().maxRSS - memory;
    if (grownKib > INPUT_GROWTH_KIB_MAX) return broken(`took ${grownKib} KiB for ${input.length} octets`);
  }
}

parentPort?.postMessage(run(workerData as FuzzingOrder));
