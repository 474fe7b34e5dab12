/** Power loss, shown by the order of system calls: the hook starts after its mark is on the disk (F5). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Processes, systemProcesses } from '../../../src/system/processes.ts';
import { makeFolder, openBench } from './bench-runner.ts';

function canTrace(): boolean {
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test(
  'launcher: the mark is linked, then it and its folders are flushed, then the hook starts; its status is flushed last',
  canTrace() ? {} : { skip: 'strace cannot be used here' },
  async () => {
    await using folder = makeFolder();
    const log = join(folder.path, 'calls');
    const calls = 'trace=link,linkat,fsync,rename,renameat,renameat2,execve';
    const processes: Processes = {
      start: (command, args, options) =>
        args.includes('aimx-hooks')
          ? systemProcesses.start('strace', ['-f', '-y', '-e', calls, '-o', log, command, ...args], options)
          : systemProcesses.start(command, args, options),
    };
    await using bench = await openBench({
      folder: folder.path,
      hooks: [{ name: 'true', cmd: ['/bin/true'] }],
      overrides: { processes },
    });
    const row = await bench.ended('true');
    assert.equal(row.state, 'succeeded');
    const runs = bench.rows.journal.folders.runs;
    const run = join(runs, row.runId);
    const lines = readFileSync(log, 'utf8').split('\n');
    const after = (from: number, pattern: RegExp): number => {
      const at = lines.findIndex((line, index) => index > from && pattern.test(line));
      assert.notEqual(at, -1, `${pattern} is missing after line ${from}`);
      return at;
    };
    const linked = after(-1, /link(at)?\(.*"1\.started".* = 0/);
    const flushes = [`${run}/1.started`, run, runs].map((path) =>
      after(linked, new RegExp(`fsync\\(\\d+<${path}>`)),
    );
    const started = after(-1, /execve\("\/bin\/true"/);
    for (const flushed of flushes) assert.ok(flushed < started);
    const renamed = after(started, /rename.*"1\.status".* = 0/);
    after(renamed, new RegExp(`fsync\\(\\d+<${run}/1\\.status>`));
    after(renamed, new RegExp(`fsync\\(\\d+<${run}>`));
  },
);
