/** One start or none with a reason, never two (reliability.md F2, F16). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type LauncherEvent, startHelper } from '../../../src/hooks/helper.ts';
import { formatLaunchFile } from '../../../src/hooks/launch-file.ts';
import type { RunId } from '../../../src/journal/journal.ts';
import { type Clock, epochMs, systemClock } from '../../../src/system/clock.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemProcessTable } from '../../../src/system/process-table.ts';
import { systemProcesses } from '../../../src/system/processes.ts';
import {
  type Bench,
  type BenchOptions,
  IS_ROOT,
  insertRun,
  makeFolder,
  openBench,
  sh,
} from './bench-runner.ts';
import { keptRows } from './kept-rows.ts';

const CHILD = fileURLToPath(new URL('runner-process.ts', import.meta.url));
/** Appends one line per start: the count that decides. */
const COUNT = 'echo "$AIMX_RUN_ID $AIMX_ATTEMPT" >>"$FOLDER/starts"';

function counting(name: string, script: string, folder: string): BenchOptions['hooks'][number] {
  return { ...sh(name, `${COUNT}; ${script}`), env: { FOLDER: folder } };
}

/** A runner in a process of its own, which stops at a named point when it is told to. */
async function startRunnerProcess(
  folder: string,
  options: { readonly hooks: BenchOptions['hooks']; readonly stopAt?: string },
): Promise<{ kill(): Promise<void>; reached: Promise<void> }> {
  const child = spawn(process.execPath, [CHILD, folder, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const reached = new Promise<void>((resolve) => {
    lines.on('line', (line) => line === 'reached' && resolve());
  });
  return {
    reached,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Goes on over the same folder and expects that run to end in `state`. */
async function expectEnd(
  folder: string,
  hooks: BenchOptions['hooks'],
  runId: RunId,
  state: string,
): Promise<void> {
  await using bench = await openBench({ folder, hooks });
  const row = await bench.rows.until(runId, 'succeeded', 'failed', 'timed_out', 'interrupted', 'cancelled');
  assert.equal(row.state, state, String(row.reason));
}

function starts(bench: Pick<Bench, 'lines'>): number {
  return bench.lines('starts').length;
}

test('launcher: of two that race for one attempt, one starts the hook, 50 times', async () => {
  await using folder = makeFolder();
  const runs = join(folder.path, 'runs');
  const stdin = join(folder.path, 'stdin');
  mkdirSync(stdin, { mode: 0o700 });
  mkdirSync(runs, { mode: 0o700 });
  writeFileSync(join(stdin, '1.md'), 'x\n');
  let heard: (event: LauncherEvent) => void = () => undefined;
  const options = {
    processes: systemProcesses,
    clock: systemClock,
    log: silentLog,
    runsPath: runs,
    stdinPath: stdin,
    isolation: '',
    onEvent: (event: LauncherEvent): void => heard(event),
    onLost: (): void => assert.fail('The helper died'),
  };
  using first = await startHelper(options);
  using second = await startHelper(options);
  const text = formatLaunchFile(
    {
      cmd: ['/bin/sh', '-c', `echo "$RUN" >>${folder.path}/starts`],
      env: { RUN: 'x' },
      cwd: '/',
    },
    2 ** 34,
  );
  for (let round = 0; round < 50; round += 1) {
    const runId = `run${round}` as RunId;
    mkdirSync(join(runs, runId));
    writeFileSync(join(runs, runId, '1.launch'), text);
    const events: LauncherEvent['kind'][] = [];
    const settled = new Promise<void>((resolve) => {
      heard = ({ kind }): void => {
        events.push(kind);
        if (events.length === 3) resolve();
      };
    });
    const order = { runId, attempt: 1, launchFile: '1.launch', timeoutSeconds: 9, stdinName: '1.md' };
    await Promise.all(
      [first, second].map((each) => each.launch({ ...order, ownerUid: null, privileges: '' })),
    );
    await settled;
    assert.deepEqual(events.toSorted(), ['done', 'refused', 'started']);
    // And none when both are gone: the mark is never taken twice.
    const refused = new Promise<LauncherEvent>((resolve) => {
      heard = resolve;
    });
    writeFileSync(join(runs, runId, '1.launch'), text);
    await first.launch({ ...order, ownerUid: null, privileges: '' });
    assert.deepEqual(await refused, { kind: 'refused', runId, attempt: 1, reason: 'taken' });
  }
  assert.equal(readFileSync(join(folder.path, 'starts'), 'utf8').length, 50 * 2);
});

test('runner: killed at any named point, the next one has each hook started once', async (t: TestContext) => {
  const points = [
    'hooks.claimed',
    'hooks.launch-written',
    'hooks.launched',
    'hooks.marked',
    'hooks.running',
    'hooks.before-end',
    'hooks.ended',
  ];
  for (const stopAt of points)
    await t.test(stopAt, async () => {
      await using folder = makeFolder();
      const hooks = [counting('count', 'sleep 0.3', folder.path)];
      const rows = keptRows(join(folder.path, 'journal'));
      const runId = insertRun(rows, 'count');
      const first = await startRunnerProcess(folder.path, { hooks, stopAt });
      await first.reached;
      await first.kill();
      await expectEnd(folder.path, hooks, runId, 'succeeded');
      await using bench = await openBench({ folder: folder.path, hooks });
      assert.equal(starts(bench), 1);
    });
});

test('runner: a hook lives on when the daemon is killed, and the next one sees its end', async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done; exit 6', folder.path)];
  const rows = keptRows(join(folder.path, 'journal'));
  const runId = insertRun(rows, 'long');
  const first = await startRunnerProcess(folder.path, { hooks, stopAt: 'hooks.running' });
  await first.reached;
  await first.kill();
  await using bench = await openBench({ folder: folder.path, hooks });
  assert.equal(bench.rows.row(runId).state, 'running');
  bench.touch('go');
  const row = await bench.rows.until(runId, 'failed');
  assert.deepEqual([row.exitCode, starts(bench)], [6, 1]);
});

test('runner: a run that ended while no daemon lived has ended when its hook did', async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done', folder.path)];
  const rows = keptRows(join(folder.path, 'journal'));
  const runId = insertRun(rows, 'long');
  const first = await startRunnerProcess(folder.path, { hooks, stopAt: 'hooks.running' });
  await first.reached;
  await first.kill();
  writeFileSync(join(folder.path, 'go'), '');
  const status = join(rows.journal.folders.runs, runId, '1.status');
  while (!existsSync(status)) await systemClock.sleep(10);
  const endedAt = statSync(status).mtimeMs;
  const hourLater: Clock = { ...systemClock, now: () => epochMs(systemClock.now() + 3_600_000) };
  await using bench = await openBench({ folder: folder.path, hooks, overrides: { clock: hourLater } });
  const row = await bench.rows.until(runId, 'succeeded');
  assert.ok(Math.abs((row.endedAt ?? 0) - endedAt) <= 1, `${row.endedAt} and not ${endedAt}`);
});

test('runner: stopped in order, its hooks live on and the next one adopts them', async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done', folder.path)];
  let runId: RunId;
  {
    await using bench = await openBench({ folder: folder.path, hooks });
    runId = bench.run('long');
    await bench.rows.until(runId, 'running');
  }
  await using bench = await openBench({ folder: folder.path, hooks });
  bench.touch('go');
  await bench.rows.until(runId, 'succeeded');
  assert.equal(starts(bench), 1);
});

test('helper: killed, what runs goes on and what is claimed starts once by the next', async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done', folder.path)];
  await using bench = await openBench({ folder: folder.path, hooks, maxConcurrent: 2 });
  const running = bench.run('long');
  await bench.rows.until(running, 'running');
  process.kill(bench.helperPid(), 'SIGKILL');
  const claimed = bench.run('long');
  await bench.rows.until(claimed, 'running');
  bench.touch('go');
  await Promise.all([running, claimed].map((runId) => bench.rows.until(runId, 'succeeded')));
  assert.deepEqual(bench.lines('starts').toSorted(), [`${claimed} 1`, `${running} 1`].toSorted());
});

/** Processes of an attempt by what they are, found by its lock. */
async function holders(bench: Bench, runId: RunId): Promise<{ launcher: number; supervisor: number }> {
  const lock = join(bench.rows.journal.folders.runs, runId, '1.lock');
  const all = await systemProcessTable.holdersOf(lock);
  const pidOf = (name: string): number =>
    all.find(({ argv }) => argv[3] === name)?.pid ?? assert.fail(`No ${name}`);
  return { launcher: pidOf('aimx-hooks'), supervisor: pidOf('aimx-hook') };
}

test('launcher: killed after its mark, the supervisor ends the run as if nothing had been', async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'while [ ! -e "$FOLDER/go" ]; do sleep 0.05; done; exit 5', folder.path)];
  await using bench = await openBench({ folder: folder.path, hooks });
  const runId = bench.run('long');
  await bench.rows.until(runId, 'running');
  await bench.untilLines('starts', 1);
  process.kill((await holders(bench, runId)).launcher, 'SIGKILL');
  bench.touch('go');
  const row = await bench.rows.until(runId, 'failed', 'interrupted');
  assert.deepEqual([row.exitCode, starts(bench)], [5, 1]);
});

const WITH_NAMESPACE = IS_ROOT ? {} : { skip: 'not root: no pid namespace' };

test('supervisor: killed, its hook goes with it and the run is interrupted', WITH_NAMESPACE, async () => {
  await using folder = makeFolder();
  const hooks = [counting('long', 'sleep 1000', folder.path)];
  await using bench = await openBench({ folder: folder.path, hooks });
  const runId = bench.run('long');
  await bench.rows.until(runId, 'running');
  await bench.untilLines('starts', 1);
  process.kill((await holders(bench, runId)).supervisor, 'SIGKILL');
  const row = await bench.rows.until(runId, 'interrupted');
  assert.match(String(row.reason), /^status-lost: /);
  assert.equal(starts(bench), 1);
});

test(
  'runner: on_interrupt = "retry" starts it again, only when nothing of the old attempt lives',
  WITH_NAMESPACE,
  async () => {
    await using folder = makeFolder();
    const hooks = [{ ...counting('long', 'sleep 1000', folder.path), onInterrupt: 'retry' as const }];
    await using bench = await openBench({ folder: folder.path, hooks });
    const runId = bench.run('long');
    await bench.rows.until(runId, 'running');
    await bench.untilLines('starts', 1);
    process.kill((await holders(bench, runId)).supervisor, 'SIGKILL');
    const row = await bench.rows.until(runId, 'due', 'interrupted');
    assert.equal(row.state, 'due');
    assert.deepEqual(
      await systemProcessTable.holdersOf(join(bench.rows.journal.folders.runs, runId, '1.lock')),
      [],
    );
  },
);
