/** How hooks end, each with a reason of its own (reliability.md F9). */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/system/clock.ts';
import { systemProcessTable } from '../../../src/system/process-table.ts';
import { holdersUnder, makeFolder, openBench, sh } from './bench-runner.ts';

const FAST = { timeoutSeconds: 1 };

test('hook: every way to end is told apart from every other', async (t) => {
  await using bench = await openBench({
    maxConcurrent: 4,
    hooks: [
      ...[0, 1, 75, 124, 126, 127, 137, 143, 192].map((code) => sh(`exit-${code}`, `exit ${code}`)),
      ...['KILL', 'TERM', 'SEGV', 'PIPE'].map((name) => sh(`signal-${name}`, `kill -s ${name} $$`)),
      { name: 'absent', cmd: ['/nonexistent/program'] },
      { name: 'folder', cmd: ['/tmp'] },
      { name: 'data', cmd: ['/etc/passwd'] },
    ],
  });
  const check = async (hook: string, state: string, expected: string | number | null): Promise<void> => {
    await t.test(hook, async () => {
      const row = await bench.ended(hook);
      assert.deepEqual(
        [row.state, row.exitCode ?? row.signal ?? row.reason?.split(':')[0]],
        [state, expected],
        String(row.reason),
      );
    });
  };
  await check('exit-0', 'succeeded', 0);
  for (const code of [1, 75, 124, 126, 127, 137, 143, 192]) await check(`exit-${code}`, 'failed', code);
  for (const name of ['KILL', 'TERM', 'SEGV', 'PIPE']) await check(`signal-${name}`, 'failed', `SIG${name}`);
  await check('absent', 'failed', 'not-found');
  assert.match(String((await bench.ended('absent')).reason), /^not-found: \/nonexistent\/program does not/);
  await check('folder', 'failed', 'not-executable');
  await check('data', 'failed', 'not-executable');
});

test('hook: a program whose interpreter is missing is "exec-failed", with the reason in its stderr', async () => {
  await using folder = makeFolder();
  const program = join(folder.path, 'program');
  writeFileSync(program, '#!/nonexistent/interpreter\n');
  chmodSync(program, 0o755);
  await using bench = await openBench({ hooks: [{ name: 'broken', cmd: [program] }] });
  const row = await bench.ended('broken');
  assert.match(String(row.reason), /^exec-failed: /);
  assert.match((await bench.output(row)).stderr, /program/);
});

test('hook: exit 75 is "again later" where it has retries, and failed without', async () => {
  await using bench = await openBench({ hooks: [{ ...sh('later', 'exit 75'), retries: 2 }] });
  const runId = bench.run('later');
  await bench.rows.until(runId, 'claimed');
  const row = await bench.rows.until(runId, 'due');
  assert.equal(row.attempt, 1);
  assert.ok((row.dueAt ?? 0) > systemClock.now() + 5_000);
  assert.match(String(row.reason), /^temporary: /);
});

test('hook: one that never ends is ended by SIGTERM at its time limit', async () => {
  await using bench = await openBench({ hooks: [{ ...sh('ever', 'sleep 1000'), ...FAST }] });
  const row = await bench.ended('ever');
  assert.deepEqual([row.state, row.signal], ['timed_out', 'SIGTERM']);
  assert.ok((row.endedAt ?? 0) - (row.startedAt ?? 0) < 3_000);
});

test('hook: one that takes SIGTERM may end by itself, and is timed out all the same', async () => {
  const script = 'trap "echo bye; exit 7" TERM; while :; do sleep 0.1; done';
  await using bench = await openBench({ hooks: [{ ...sh('polite', script), ...FAST }] });
  const row = await bench.ended('polite');
  assert.deepEqual([row.state, row.exitCode], ['timed_out', 7]);
  assert.equal((await bench.output(row)).stdout, 'bye\n');
});

test('hook: one that ignores SIGTERM is killed 5 s later, and so is what it started', async () => {
  const script = 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; sleep 1000" & sleep 1000; sleep 1000';
  await using bench = await openBench({ hooks: [{ ...sh('deaf', script), ...FAST }] });
  const row = await bench.ended('deaf');
  assert.deepEqual([row.state, row.signal], ['timed_out', 'SIGKILL']);
  const tookMs = (row.endedAt ?? 0) - (row.startedAt ?? 0);
  assert.ok(tookMs >= 5_900 && tookMs < 9_000, `${tookMs} ms`);
  assert.deepEqual(await holdersUnder(bench), []);
});

test('hook: children are gone when the run has ended, in a session of their own too', async () => {
  const script = 'sleep 1000 & setsid sleep 1000 & setsid sleep 1000 </dev/null >/dev/null 2>&1 & exit 0';
  await using bench = await openBench({ hooks: [sh('parent', script)] });
  const row = await bench.ended('parent');
  assert.equal(row.state, 'succeeded');
  assert.deepEqual(await holdersUnder(bench), []);
});

test('hook: of 50 MB on stdout and stderr the last 64 KiB are kept', async () => {
  const script = 'head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2; echo end; echo fin >&2';
  await using bench = await openBench({ hooks: [sh('loud', script)] });
  const row = await bench.ended('loud');
  const { stdout, stderr } = await bench.output(row);
  assert.deepEqual([row.state, stdout.length, stderr.length], ['succeeded', 65_536, 65_536]);
  assert.ok(stdout.endsWith('\0end\n') && stderr.endsWith('\0fin\n'));
});

test('processes of a run: what they were started with fits a line of a list', async () => {
  await using bench = await openBench({ withoutNamespaces: true, hooks: [sh('long', 'sleep 1000')] });
  const runId = bench.run('long');
  await bench.rows.until(runId, 'running');
  const isWhole = (found: readonly string[]): boolean =>
    found.length >= 2 && found.some((line) => line.includes(` aimx-hook ${runId} 1 20 `));
  let lines: readonly string[] = [];
  // A process that is being started has the arguments of another, or none, for a moment.
  for (let looks = 0; looks < 100 && !isWhole(lines); looks += 1) {
    lines = (await holdersUnder(bench)).map(({ argv }) => argv.join(' '));
    await sleep(20);
  }
  assert.ok(isWhole(lines), lines.join('\n'));
  for (const line of lines) assert.ok(line.length < 400 && !line.includes('\n'), line);
  await bench.runner.cancel(runId, 'root');
});

test('output: not known while the hook runs, kept at its end, empty where it printed nothing', async () => {
  await using folder = makeFolder();
  const wait = `while [ ! -e ${folder.path}/go ]; do sleep 0.02; done`;
  const hooks = [sh('loud', `echo early; ${wait}`), sh('silent', wait)];
  await using bench = await openBench({ folder: folder.path, hooks });
  const check = async (hook: string, expected: string): Promise<void> => {
    rmSync(join(folder.path, 'go'), { force: true });
    const runId = bench.run(hook);
    await bench.rows.until(runId, 'running');
    assert.deepEqual(await bench.runner.output(runId, 1), { kind: 'unfinished' });
    assert.deepEqual(await bench.runner.output(runId, 2), { kind: 'none' });
    bench.touch('go');
    assert.equal((await bench.output(await bench.rows.until(runId, 'succeeded'))).stdout, expected);
  };
  await check('loud', 'early\n');
  await check('silent', '');
});

test('output: lost where every process of the attempt was killed, as by the end of the machine', async () => {
  await using bench = await openBench({ hooks: [sh('cut', 'echo early; sleep 1000')] });
  const runId = bench.run('cut');
  await bench.rows.until(runId, 'running');
  const run = join(bench.rows.journal.folders.runs, runId);
  const findTails = async (): Promise<readonly number[]> => {
    const tails: number[] = [];
    for (const name of ['1.stdout', '1.stderr'])
      for (const { pid, argv } of await systemProcessTable.holdersOf(join(run, name)))
        if (argv[0] === 'tail') tails.push(pid);
    return tails;
  };
  // The mark is taken before the pipes are laid.
  let tails = await findTails();
  for (let round = 0; tails.length < 2 && round < 200; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    tails = await findTails();
  }
  assert.equal(tails.length, 2);
  for (const pid of [...tails, ...(await holdersUnder(bench)).map((holder) => holder.pid)])
    systemProcessTable.signal(pid, 'SIGKILL');
  await bench.rows.until(runId, 'interrupted');
  assert.deepEqual(await bench.runner.output(runId, 1), { kind: 'lost' });
});

test('hook: closed handles do not end its run early', async () => {
  const script = 'exec <&- >&- 2>&- 9<&-; sleep 0.5; exit 4';
  await using bench = await openBench({ hooks: [sh('closer', script)] });
  const row = await bench.ended('closer');
  assert.deepEqual([row.state, row.exitCode], ['failed', 4]);
});

test('hook: without a namespace it has the lock and no other handle of ours, and cannot write through it', async () => {
  const script = 'ls /proc/self/fd | tr "\\n" " "; echo x 2>/dev/null >&9 || echo refused';
  await using bench = await openBench({ withoutNamespaces: true, hooks: [sh('handles', script)] });
  const { stdout } = await bench.output(await bench.ended('handles'));
  // 3 is the handle by which ls reads the folder.
  assert.equal(stdout, '0 1 2 3 9 refused\n');
});

test('hook: one whose mailbox has an owner that does not exist fails with "no-account"', async () => {
  await using bench = await openBench({ owner: 'nobody-of-that-name', hooks: [sh('gone', 'exit 0')] });
  assert.match(String((await bench.ended('gone')).reason), /^no-account: /);
});

test('hook: one that was removed after delivery is cancelled', async () => {
  await using bench = await openBench({ hooks: [sh('present', 'exit 0')] });
  const row = await bench.ended('removed');
  assert.deepEqual([row.state, row.reason?.split(':')[0]], ['cancelled', 'hook-removed']);
});

test('supervisor: one whose folder is gone ends with its hook and waits for nothing', async () => {
  await using folder = makeFolder();
  const script = `while [ ! -e ${folder.path}/go ]; do sleep 0.02; done`;
  await using bench = await openBench({ folder: folder.path, hooks: [sh('orphan', script)] });
  const runId = bench.run('orphan');
  await bench.rows.until(runId, 'running');
  const run = join(bench.rows.journal.folders.runs, runId);
  const pids = (await holdersUnder(bench)).map(({ pid }) => pid);
  rmSync(run, { recursive: true });
  bench.touch('go');
  // One that has ended, and that the helper has not looked at yet, has no memory any more.
  const lives = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8').includes('VmSize');
    } catch {
      return false;
    }
  };
  while (pids.some(lives)) await systemClock.sleep(20);
});
