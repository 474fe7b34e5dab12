/** The same endings under every shell that is /bin/sh somewhere: each knows them in its own way. */
import assert from 'node:assert/strict';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BenchOptions, holdersUnder, makeFolder, openBench, sh } from './bench-runner.ts';

const HOOKS: BenchOptions['hooks'] = [
  ...[0, 3, 126, 137, 192].map((code) => sh(`exit-${code}`, `exit ${code}`)),
  sh('clean', 'env | grep -E "^AIMX_(HELPER|SUPERVISOR)=" && exit 9; exit 0'),
  sh('killed', 'kill -s KILL $$'),
  { name: 'absent', cmd: ['/nonexistent/program'] },
  { ...sh('ever', 'sleep 1000 & sleep 1000'), timeoutSeconds: 1 },
];

for (const program of ['/usr/bin/dash', '/bin/bash', '/bin/busybox'])
  test(
    `supervisor: ${program} tells every end from every other`,
    existsSync(program) ? {} : { skip: `${program} is not here` },
    async (t) => {
      await using folder = makeFolder();
      const shell = join(folder.path, 'sh');
      symlinkSync(program, shell);
      for (const withoutNamespaces of [false, true]) {
        await using bench = await openBench({ shell, withoutNamespaces, hooks: HOOKS });
        const check = async (hook: string, state: string, expected: string | number): Promise<void> => {
          await t.test(`${hook}${withoutNamespaces ? ', without namespaces' : ''}`, async () => {
            const row = await bench.ended(hook);
            const how = row.exitCode ?? row.signal ?? row.reason?.split(':')[0];
            assert.deepEqual([row.state, how], [state, expected], String(row.reason));
          });
        };
        await check('exit-0', 'succeeded', 0);
        for (const code of [3, 126, 137, 192]) await check(`exit-${code}`, 'failed', code);
        await check('clean', 'succeeded', 0);
        await check('killed', 'failed', 'SIGKILL');
        await check('absent', 'failed', 'not-found');
        await check('ever', 'timed_out', 'SIGTERM');
        assert.deepEqual(await holdersUnder(bench), []);
      }
    },
  );
