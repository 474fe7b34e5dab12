import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate } from './gate.ts';

const PATIENT = new AbortController().signal;

test('Gate lets in as many as it may, and those who wait in their order', async () => {
  const gate = createGate({ atOnce: 1, waitingMax: 2 });
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
  const gate = createGate({ atOnce: 1, waitingMax: 9 });
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
