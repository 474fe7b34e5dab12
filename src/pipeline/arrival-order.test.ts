import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailboxId } from '../journal/journal.ts';
import { simulatedClock } from '../system/clock.sim.ts';
import { ArrivalOrder } from './arrival-order.ts';

const mailbox = (name: string): MailboxId => name as MailboxId;

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('ArrivalOrder lets the second message of a mailbox decide after the first', async () => {
  const order = new ArrivalOrder(simulatedClock());
  const first = order.take([mailbox('a')]);
  const second = order.take([mailbox('a')]);
  const decided: string[] = [];
  const waits = second.come().then(() => void decided.push('second'));
  await settle();
  assert.equal(decided.length, 0);
  await first.come();
  decided.push('first');
  first[Symbol.dispose]();
  await waits;
  assert.deepEqual(decided, ['first', 'second']);
});

test('ArrivalOrder does not let mailboxes wait for each other', async () => {
  const order = new ArrivalOrder(simulatedClock());
  order.take([mailbox('a')]);
  await order.take([mailbox('b')]).come();
});

test('ArrivalOrder makes a message of two mailboxes wait for both', async () => {
  const order = new ArrivalOrder(simulatedClock());
  const a = order.take([mailbox('a')]);
  const b = order.take([mailbox('b')]);
  let came = false;
  const waits = order
    .take([mailbox('a'), mailbox('b')])
    .come()
    .then(() => {
      came = true;
    });
  a[Symbol.dispose]();
  await settle();
  assert.equal(came, false);
  b[Symbol.dispose]();
  await waits;
});

test('ArrivalOrder stops waiting for one that takes too long', async () => {
  const clock = simulatedClock();
  const order = new ArrivalOrder(clock);
  order.take([mailbox('a')]);
  const waits = order.take([mailbox('a')]).come();
  clock.advance(3_000);
  await waits;
});
