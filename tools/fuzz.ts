/**
 * `npm run fuzz -- [--seconds 60] [--seed N] [--target session[,message…]]`: mutates the corpus against
 * the parsers until the time is up or one of them breaks. What breaks one is saved in `test/fuzz/` and is
 * a test from then on.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { saveFound } from './fuzz/corpus.ts';
import type { FuzzingOrder, FuzzingResult } from './fuzz/fuzzing-worker.ts';
import { INPUT_BYTES_MAX } from './fuzz/mutate.ts';
import { TARGETS } from './fuzz/targets.ts';

/** An input that is being looked at for so long will not end. */
const HANG_MS = 15_000;
/** Of one thread; an input has 64 KiB. */
const HEAP_MIB_MAX = 512;
const HEAD_BYTES = 8;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string' },
  },
});
const seed = Number(values.seed);
const names = values.target === undefined ? Object.keys(TARGETS) : values.target.split(',');
const share = (Number(values.seconds) * 1000) / names.length;

/** What the thread is looking at. */
function shownInput(shown: SharedArrayBuffer): Buffer {
  const [, length = 0] = new Int32Array(shown, 0, 2);
  return Buffer.from(new Uint8Array(shown, HEAD_BYTES, length));
}

async function fuzz(name: string): Promise<FuzzingResult> {
  const shown = new SharedArrayBuffer(HEAD_BYTES + INPUT_BYTES_MAX);
  const count = new Int32Array(shown, 0, 1);
  const order: FuzzingOrder = { target: name, seed, forMs: share, shown };
  const worker = new Worker(new URL('./fuzz/fuzzing-worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  });
  const { promise, resolve } = Promise.withResolvers<FuzzingResult>();
  const broken = (reason: string): void => resolve({ kind: 'broken', tried: count[0] ?? 0, reason });
  worker.on('message', resolve);
  worker.on('error', (error) => broken(String(error)));
  let last = -1;
  const watch = setInterval(() => {
    const now = Atomics.load(count, 0);
    if (now === last && now > 0) broken(`took more than ${HANG_MS} ms`);
    last = now;
  }, HANG_MS);
  const result = await promise;
  clearInterval(watch);
  await worker.terminate();
  if (result.kind === 'broken' && (count[0] ?? 0) > 0) {
    console.error(`${name}: saved as ${saveFound(name, shownInput(shown))}`);
  }
  return result;
}

console.log(`seed ${seed}`);
for (const name of names) {
  const result = await fuzz(name);
  console.log(
    `${name}: ${result.tried} inputs${result.kind === 'done' ? '' : `; broken with --seed ${seed} --target ${name}`}`,
  );
  if (result.kind === 'broken') {
    console.error(result.reason);
    process.exitCode = 1;
  }
}
