import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Places } from './places.ts';

function places(options: { limit?: () => number; asideMax?: number } = {}) {
  const freed: number[] = [];
  const all: Places = new Places({
    limit: options.limit ?? (() => 2),
    asideMax: options.asideMax ?? 2,
    onFree: () => freed.push(all.free),
  });
  return { all, freed };
}

test('Places: one that steps aside lets another in, and comes back at once while there is room', async () => {
  const { all, freed } = places();
  const slow = all.take();
  all.take();
  assert.equal(all.free, 0);
  slow.stepAside();
  assert.deepEqual([all.free, freed], [1, [1]]);
  await slow.comeBack();
  assert.equal(all.free, 0);
});

test('Places: one that comes back waits for room, and goes before new ones', async () => {
  const { all, freed } = places();
  const slow = all.take();
  const quick = all.take();
  slow.stepAside();
  const next = all.take();
  let isBack = false;
  const back = slow.comeBack().then(() => {
    isBack = true;
  });
  await Promise.resolve();
  assert.deepEqual([isBack, all.free], [false, -1]);
  freed.length = 0;
  quick[Symbol.dispose]();
  await back;
  assert.deepEqual([all.free, freed], [0, []], 'its place was not offered to a new one');
  next[Symbol.dispose]();
  slow[Symbol.dispose]();
  assert.equal(all.free, 2);
});

test('Places: no more stand aside than may', () => {
  const { all } = places({ asideMax: 1 });
  const [first, second] = [all.take(), all.take()];
  first.stepAside();
  second.stepAside();
  assert.equal(all.free, 1);
  first[Symbol.dispose]();
  second.stepAside();
  assert.equal(all.free, 2, 'the one that left for good made room aside');
});

test('Places: a limit that sinks is kept by those that come back', async () => {
  let limit = 2;
  const { all } = places({ limit: () => limit });
  const slow = all.take();
  slow.stepAside();
  const other = all.take();
  limit = 1;
  let isBack = false;
  const back = slow.comeBack().then(() => {
    isBack = true;
  });
  await Promise.resolve();
  assert.equal(isBack, false);
  other[Symbol.dispose]();
  await back;
  assert.equal(all.free, 0);
});
