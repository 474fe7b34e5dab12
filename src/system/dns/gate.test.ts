import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../clock.sim.ts';
import { createGate } from './gate.ts';

const PATIENT = new AbortController().signal;

test('Gate lets in as many as it may, and those who wait in their order', async () => {
  const gate = createGate({ clock: simulatedClock(), keptMs: 1_000, atOnce: 1, waitingMax: 2 });
  const order: string[] = [];
  const enter = async (name: string): Promise<Disposable | null> => {
    const place = await gate.enter(PATIENT);
    order.push(`${name} ${place === null ? 'out' : 'in'}`);
    return place;
  };
  const first = await enter('a');
  const second = enter('b');
  const third = enter('c');
  await enter('d');
  assert.deepEqual(order, ['a in', 'd out']);
  first?.[Symbol.dispose]();
  // A place that is left twice is left once.
  first?.[Symbol.dispose]();
  const place = await second;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, ['a in', 'd out', 'b in']);
  place?.[Symbol.dispose]();
  assert.notEqual(await third, null);
});

test('Gate turns away who gives up, and everybody once it is closed', async () => {
  const gate = createGate({ clock: simulatedClock(), keptMs: 1_000, atOnce: 1, waitingMax: 9 });
  const inside = await gate.enter(PATIENT);
  const giving = new AbortController();
  const givenUp = gate.enter(giving.signal);
  giving.abort();
  assert.equal(await givenUp, null);
  const waiting = gate.enter(PATIENT);
  gate.close();
  assert.equal(await waiting, null);
  inside?.[Symbol.dispose]();
  assert.equal(await gate.enter(PATIENT), null);
  assert.equal(await gate.enter(AbortSignal.abort()), null);
});

test('Gate takes a place back that was kept long enough, once somebody waits for it', async () => {
  const clock = simulatedClock();
  const gate = createGate({ clock, keptMs: 1_000, atOnce: 2, waitingMax: 9 });
  const first = await gate.enter(PATIENT);
  clock.advance(600);
  const second = await gate.enter(PATIENT);
  clock.advance(300);
  let isIn = false;
  const third = gate.enter(PATIENT).finally(() => {
    isIn = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isIn, false, 'it has been kept for 900 ms');
  clock.advance(100);
  assert.notEqual(await third, null);
  assert.deepEqual([first?.taken.aborted, second?.taken.aborted], [true, false]);
  first?.[Symbol.dispose]();
  clock.advance(10_000);
  assert.equal(second?.taken.aborted, false, 'nobody waits');
  assert.notEqual(await gate.enter(PATIENT), null);
  assert.equal(second?.taken.aborted, true);
});
