/** Limits, order, and a disk without room (design §3.5 "Bounded", reliability.md F6, F16). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeliveryId, RunId } from '../../../src/journal/journal.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { IS_ROOT, makeFolder, openBench, sh } from './bench-runner.ts';

test('runner: no more hooks at once than the limit, and all of a long queue once', async () => {
  await using folder = makeFolder();
  const script = `echo "$AIMX_ID" >>${folder.path}/starts; sleep 0.05`;
  await using bench = await openBench({ folder: folder.path, maxConcurrent: 3, hooks: [sh('work', script)] });
  let most = 0;
  using _ = bench.rows.journal.onChange('runs', () => {
    const open = bench.rows.rows().filter(({ state }) => state === 'claimed' || state === 'running');
    most = Math.max(most, open.length);
  });
  const runs = Array.from({ length: 30 }, (_each, index) => bench.run('work', { id: String(index) }));
  await Promise.all(runs.map((runId) => bench.rows.until(runId, 'succeeded')));
  assert.equal(most, 3);
  const started = bench.lines('starts').map(Number);
  assert.deepEqual(
    started.toSorted((a, b) => a - b),
    runs.map((_run, index) => index),
  );
});

test("runner: with one at once, messages start in the mailbox's order", async () => {
  await using folder = makeFolder();
  const hooks = [sh('work', `echo "$AIMX_ID" >>${folder.path}/starts`)];
  await using bench = await openBench({ folder: folder.path, maxPerMailbox: 1, hooks });
  const runs = Array.from({ length: 8 }, (_each, index) => bench.run('work', { id: String(index) }));
  await Promise.all(runs.map((runId) => bench.rows.until(runId, 'succeeded')));
  assert.deepEqual(
    bench.lines('starts').map(Number),
    runs.map((_run, index) => index),
  );
});

test('runner: the hooks of one message start one after the other, a failed one does not stop the next', async () => {
  await using folder = makeFolder();
  const step = (name: string): ReturnType<typeof sh> =>
    sh(
      name,
      `echo "${name} begins" >>${folder.path}/starts; sleep 0.1; echo "${name} ends" >>${folder.path}/starts; exit 1`,
    );
  await using bench = await openBench({ folder: folder.path, hooks: [step('a'), step('b')] });
  const deliveryId = 77 as DeliveryId;
  const runs = ['a', 'b'].map((hook, ordinal) => bench.run(hook, { deliveryId, ordinal }));
  await Promise.all(runs.map((runId) => bench.rows.until(runId, 'failed')));
  assert.deepEqual(bench.lines('starts'), ['a begins', 'a ends', 'b begins', 'b ends']);
});

/** A small file system for the runs' folder, and how to fill it. */
function smallDisk(folder: string): Disposable & { fill(): void; free(): void } {
  const runs = join(folder, 'journal', 'runs');
  mkdirSync(runs, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'aimx-test', runs]);
  const filler = join(runs, 'filler');
  return {
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(4 * 64 * 1024));
      } catch {
        // Full now, which is what was wanted.
      }
    },
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', runs]),
  };
}

for (const point of ['hooks.claimed', 'hooks.launch-written', 'hooks.running'])
  test(
    `runner: without room on the disk from "${point}" on, the run waits and starts once when there is room`,
    IS_ROOT ? {} : { skip: 'not root: no file system can be mounted' },
    async () => {
      await using folder = makeFolder();
      using disk = smallDisk(folder.path);
      let reached: () => void = () => undefined;
      const full = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const reach = (name: string): void => {
        if (name !== point) return;
        disk.fill();
        reached();
      };
      const script = `echo x >>${folder.path}/starts; sleep 0.5`;
      const overrides = { faults: { reach } };
      await using bench = await openBench({ folder: folder.path, hooks: [sh('once', script)], overrides });
      const runId: RunId = bench.run('once');
      await full;
      await systemClock.sleep(1_500);
      // Where the mark was taken before: it runs, or it could not note that it starts and is due again.
      const states = point === 'hooks.running' ? ['running', 'due'] : ['claimed'];
      assert.ok(states.includes(bench.rows.row(runId).state), bench.rows.row(runId).state);
      if (point !== 'hooks.running') assert.deepEqual(bench.lines('starts'), []);
      // Filled once: the relaunch reaches the same point again.
      disk.fill = () => undefined;
      disk.free();
      const row = await bench.rows.until(runId, 'succeeded', 'failed', 'interrupted');
      assert.deepEqual([row.state, bench.lines('starts').length], ['succeeded', 1]);
    },
  );
