/**
 * `npm run fuzz -- [--seconds 60] [--seed N] [--target session]`: mutates the corpus against the parsers
 * until the time is up or one of them breaks.
 */
import { parseArgs } from 'node:util';
import { readCorpus, saveFound } from './fuzz/corpus.ts';
import { createDice, mutate } from './fuzz/mutate.ts';
import { TARGETS } from './fuzz/targets.ts';

/** One input may take this long; longer means that work grows faster than input. */
const INPUT_MS_MAX = 2000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string' },
  },
});
const seed = Number(values.seed);
const names = values.target === undefined ? Object.keys(TARGETS) : [values.target];
const share = (Number(values.seconds) * 1000) / names.length;

/** @returns How many inputs were tried, and what broke. */
function fuzz(name: string): { readonly tried: number; readonly failure: unknown } {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`no target ${name}; there are ${Object.keys(TARGETS).join(', ')}`);
  const dice = createDice(seed);
  const corpus = readCorpus(name).map(({ bytes }) => bytes);
  const started = performance.now();
  for (let tried = 0; ; tried++) {
    if (performance.now() - started > share) return { tried, failure: null };
    const input = mutate(corpus, dice);
    const before = performance.now();
    try {
      target(input);
      const tookMs = performance.now() - before;
      if (tookMs > INPUT_MS_MAX) throw new Error(`took ${Math.round(tookMs)} ms for ${input.length} bytes`);
    } catch (failure) {
      console.error(`${name}: saved as ${saveFound(name, input)}`);
      return { tried, failure };
    }
  }
}

console.log(`seed ${seed}`);
for (const name of names) {
  const { tried, failure } = fuzz(name);
  console.log(
    `${name}: ${tried} inputs${failure === null ? '' : `; broken with --seed ${seed} --target ${name}`}`,
  );
  if (failure !== null) {
    console.error(failure);
    process.exitCode = 1;
  }
}
