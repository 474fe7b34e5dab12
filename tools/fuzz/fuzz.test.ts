import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCorpus } from './corpus.ts';
import { createDice } from './dice.ts';
import { mutate } from './mutate.ts';
import { TARGETS } from './targets.ts';

/** A taste of `npm run fuzz` in every run of the tests; always the same inputs. */
const INPUTS = 300;

for (const [name, target] of Object.entries(TARGETS)) {
  test(`fuzz: ${name} holds for every saved case`, () => {
    const corpus = readCorpus(name);
    assert.ok(corpus.length > 0, 'no seeds');
    for (const { path, bytes } of corpus) assert.doesNotThrow(() => target(bytes), path);
  });
  test(`fuzz: ${name} holds for ${INPUTS} mutations`, () => {
    const dice = createDice(1);
    const corpus = readCorpus(name).map(({ bytes }) => bytes);
    for (let index = 0; index < INPUTS; index++) {
      const input = mutate(corpus, dice);
      assert.doesNotThrow(
        () => target(input),
        `input ${index}: ${JSON.stringify(input.toString('latin1').slice(0, 500))}`,
      );
    }
  });
}

test('mutate() gives the same inputs for the same seed', () => {
  const run = (seed: number): string => {
    const dice = createDice(seed);
    return Array.from({ length: 20 }, () =>
      mutate([Buffer.from('a@example.com')], dice).toString('hex'),
    ).join();
  };
  assert.equal(run(7), run(7));
  assert.notEqual(run(7), run(8));
});
