/** Ending a run on request, in each of its states. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunRow } from '../../../src/journal/journal.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemProcessTable } from '../../../src/system/process-table.ts';
import { holdersUnder, IS_ROOT, makeFolder, openBench, sh } from './bench-runner.ts';

const AS_ROOT = IS_ROOT ? {} : { skip: 'not root: it can end nobody else' };

test('cancel() ends what is due or held, and says false for what is final', async () => {
  await using bench = await openBench({ hooks: [sh('quick', 'exit 0')] });
  const later = { dueAt: (systemClock.now() + 60_000) as RunRow['dueAt'] };
  const check = async (more: Partial<RunRow>, expected: boolean): Promise<void> => {
    const runId = bench.run('quick', more);
    assert.equal(await bench.runner.cancel(runId, 'test'), expected, String(more.state));
    if (expected) assert.equal(bench.rows.row(runId).state, 'cancelled');
  };
  await check(later, true);
  await check({ state: 'held' }, true);
  await check({ state: 'interrupted' }, true);
  await check({ state: 'succeeded' }, false);
  await check({ state: 'failed' }, false);
});

for (const withoutNamespaces of [false, true]) {
  const where = withoutNamespaces ? ', without namespaces' : '';

  test(`cancel() ends a run with all it started${where}`, async () => {
    const script = 'setsid sleep 1000 & sleep 1000 & echo up; sleep 1000';
    await using bench = await openBench({ withoutNamespaces, hooks: [sh('long', script)] });
    const runId = bench.run('long');
    await bench.rows.until(runId, 'running');
    assert.equal(await bench.runner.cancel(runId, 'test'), true);
    assert.equal(bench.rows.row(runId).state, 'cancelled');
    assert.deepEqual(await holdersUnder(bench), []);
  });

  test(`cancel() kills a run that ignores SIGTERM 5 s later${where}`, async () => {
    await using folder = makeFolder();
    const script = `trap "" TERM; touch ${folder.path}/up; sleep 1000; sleep 1000`;
    await using bench = await openBench({
      withoutNamespaces,
      folder: folder.path,
      hooks: [sh('deaf', script)],
    });
    const runId = bench.run('deaf');
    await bench.rows.until(runId, 'running');
    while (!bench.exists('up')) await systemClock.sleep(5);
    const askedAtMs = systemClock.monotonicMs();
    assert.equal(await bench.runner.cancel(runId, 'test'), true);
    assert.ok(systemClock.monotonicMs() - askedAtMs > 4_900);
    assert.deepEqual(await holdersUnder(bench), []);
  });
}

test('cancel() takes the mark of a claimed run, so that no launcher can start it any more', async () => {
  await using folder = makeFolder();
  await using bench = await openBench({
    folder: folder.path,
    hooks: [sh('never', `touch ${folder.path}/started`)],
    // The helper hears nothing: the run stays claimed.
    deafHelper: true,
  });
  const runId = bench.run('never');
  await bench.rows.until(runId, 'claimed');
  assert.equal(await bench.runner.cancel(runId, 'test'), true);
  assert.equal(bench.rows.row(runId).state, 'cancelled');
  assert.ok(bench.exists(join('journal', 'runs', runId, '1.started')));
  assert.ok(!bench.exists('started'));
});

test('hook: without namespaces, children in a session of their own are ended by the lock they hold', async () => {
  const script = 'setsid sleep 1000 & setsid sleep 1000 </dev/null >/dev/null 2>&1 & sleep 0.3; exit 0';
  await using bench = await openBench({ withoutNamespaces: true, hooks: [sh('parent', script)] });
  assert.equal((await bench.ended('parent')).state, 'succeeded');
  assert.deepEqual(await holdersUnder(bench), []);
});

test('runner: a stranger to whom a hook has handed its lock is not ended for it', AS_ROOT, async () => {
  const script = 'touch "$FOLDER/up"; setsid sleep 1000 & while [ ! -e "$FOLDER/go" ]; do sleep 0.02; done';
  await using folder = makeFolder();
  await using bench = await openBench({
    withoutNamespaces: true,
    owner: 'nobody',
    folder: folder.path,
    hooks: [{ ...sh('hands', script), env: { FOLDER: folder.path } }],
  });
  const runId = bench.run('hands');
  while (!bench.exists('up')) await systemClock.sleep(5);
  const lock = join(bench.rows.journal.folders.runs, runId, '1.lock');
  const stranger = spawn('/bin/sh', ['-c', 'exec sleep 1000 9<"$0"', lock], { stdio: 'ignore' });
  try {
    while (!(await systemProcessTable.holdersOf(lock)).some(({ pid }) => pid === stranger.pid))
      await systemClock.sleep(5);
    bench.touch('go');
    await bench.rows.until(runId, 'succeeded');
    const left = await systemProcessTable.holdersOf(lock);
    assert.deepEqual(
      left.map(({ pid }) => pid),
      [stranger.pid],
    );
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('runner: where supervisor and time limit are gone, it ends the run itself', async () => {
  await using folder = makeFolder();
  await using bench = await openBench({
    withoutNamespaces: true,
    folder: folder.path,
    hooks: [{ ...sh('long', `touch ${folder.path}/up; sleep 1000`), timeoutSeconds: 1 }],
  });
  const runId = bench.run('long');
  await bench.rows.until(runId, 'running');
  while (!bench.exists('up')) await systemClock.sleep(5);
  const supervisor = (await holdersUnder(bench)).find(({ argv }) => argv[3] === 'aimx-hook');
  process.kill(supervisor?.pid ?? assert.fail('No supervisor'), 'SIGKILL');
  const row = await bench.rows.until(runId, 'interrupted', 'timed_out', 'failed');
  assert.deepEqual([row.state, row.reason?.split(':')[0]], ['interrupted', 'launcher-lost']);
  assert.deepEqual(await holdersUnder(bench), []);
});
