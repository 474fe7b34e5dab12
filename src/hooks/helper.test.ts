import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedClock } from '../system/clock.sim.ts';
import { silentLog } from '../system/log.ts';
import type { ChildProcess, ProcessExit, Processes } from '../system/processes.ts';
import { startHelper } from './helper.ts';

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('startHelper() starts another one until one lives, and only then has launches ordered again', async () => {
  const clock = simulatedClock();
  const exits: ((exit: ProcessExit) => void)[] = [];
  let starts = 0;
  const processes: Processes = {
    async start() {
      starts += 1;
      if (starts === 2) throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' });
      const ended = new Promise<ProcessExit>((resolve) => exits.push(resolve));
      return {
        pid: starts,
        ended,
        onLine: () => undefined,
        abandon: () => undefined,
      } as unknown as ChildProcess;
    },
  };
  let lost = 0;
  using helper = await startHelper({
    processes,
    clock,
    log: silentLog,
    runsPath: '/',
    stdinPath: '/',
    isolation: '',
    onEvent: () => undefined,
    onLost: () => {
      lost += 1;
    },
  });
  exits[0]?.({ code: null, signal: 'SIGKILL' });
  await settle();
  assert.equal(helper.pid, null);
  clock.advance(1_000);
  await settle();
  assert.deepEqual([starts, helper.pid, lost], [2, null, 0]);
  clock.advance(1_000);
  await settle();
  assert.deepEqual([starts, helper.pid, lost], [3, 3, 1]);
});
