import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMailboxId } from '../journal/journal.ts';
import { simulatedClock } from '../system/clock.sim.ts';
import { silentLog } from '../system/log.ts';
import { createTakeOver } from './take-over.ts';
import type { World } from './world.ts';

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('TakeOver.wake() looks again where the journal could not say what has not been read in', async () => {
  const clock = simulatedClock();
  const done: string[] = [];
  let fails = 1;
  using takeOver = createTakeOver({
    clock,
    log: silentLog,
    config: () => ({ dedup: { windowMs: 1 } }),
    directory: { placeOf: () => ({ mailbox: 'alice', owner: null }) },
    mailboxes: { takeOver: async function* () {} },
    journal: {
      query: async () => {
        if (fails-- > 0) throw new Error('no room');
        return [toMailboxId('a')];
      },
      advance: async (kind: string) => void done.push(kind),
    },
  } as unknown as World);
  takeOver.wake();
  await settle();
  assert.deepEqual(done, []);
  clock.advance(10_000);
  await settle();
  assert.deepEqual(done, ['legacy-scanned']);
});
