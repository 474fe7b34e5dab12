import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRunId } from '../journal/journal.ts';
import type { ListedProcess } from '../system/process-table.ts';
import { type CallerRun, callerRun } from './inside-run.ts';

const DAEMON_UID = 990;
const RUN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

/** A process, and what it was started with; null where that may not be read. */
type Shown = Partial<ListedProcess> & { readonly environment?: Readonly<Record<string, string>> | null };

/** @param chain The process itself, its parent, and so on; null: it has ended. */
async function find(chain: readonly Shown[] | null): Promise<CallerRun> {
  const table = {
    ancestorsOf: async () =>
      chain?.map(({ uid = 1000, argv = ['sh'] }, index) => ({ pid: 100 - index, uid, argv })) ?? null,
    environmentOf: async (pid: number) => chain?.[100 - pid]?.environment ?? null,
  };
  return await callerRun(table, 100, DAEMON_UID);
}

function supervisor(runId: string, attempt = '1', uid = DAEMON_UID): Shown {
  return { uid, argv: ['/bin/sh', '-c', 'eval …', 'aimx-hook', runId, attempt, '60', '/x', '-'] };
}

const inside = (runId: string, attempt: number): CallerRun => ({
  kind: 'inside',
  runId: toRunId(runId),
  attempt,
});
const UNKNOWN: CallerRun = { kind: 'inside', runId: null, attempt: null };
const OUTSIDE: CallerRun = { kind: 'outside' };

test('callerRun() finds the run by the supervisor above it, however deep', async () => {
  const check = async (chain: readonly Shown[] | null, expected: CallerRun): Promise<void> =>
    assert.deepEqual(await find(chain), expected);
  await check([{}, {}, {}], OUTSIDE);
  await check(null, { kind: 'ended' });
  await check([supervisor(RUN, '2')], inside(RUN, 2));
  await check([{}, {}, supervisor(RUN, '12'), {}], inside(RUN, 12));
  // Of another user: anybody may call himself so.
  await check([{}, supervisor(RUN, '1', 1000)], OUTSIDE);
  // One that is no run's is a run nobody knows, and no way out.
  await check([{}, supervisor('../../etc')], UNKNOWN);
  await check([{}, supervisor(RUN, '0')], UNKNOWN);
  await check([{}, supervisor(RUN, '1e3')], UNKNOWN);
  await check([{}, { uid: DAEMON_UID, argv: ['sh', '-c', '', 'aimx-hook'] }], UNKNOWN);
});

test('callerRun() takes the outermost supervisor: a hook of the daemon user cannot put another one between', async () => {
  assert.deepEqual(await find([{}, supervisor(OTHER), {}, supervisor(RUN)]), inside(RUN, 1));
});

test('callerRun() knows who has left his parents by the environment, his own or that of one above', async () => {
  const of = (runId: string, attempt = '3'): Shown => ({
    environment: { AIMX_RUN_ID: runId, AIMX_ATTEMPT: attempt },
  });
  const check = async (chain: readonly Shown[], expected: CallerRun): Promise<void> =>
    assert.deepEqual(await find(chain), expected);
  await check([of(RUN)], inside(RUN, 3));
  await check([{ environment: {} }, of(RUN)], inside(RUN, 3));
  await check([of(OTHER), of(RUN)], inside(RUN, 3));
  await check([of('me')], UNKNOWN);
  await check([of(RUN, 'x')], UNKNOWN);
  await check([{ environment: { AIMX_RUN_ID: RUN } }], UNKNOWN);
  await check([{ environment: null }, { environment: {} }], OUTSIDE);
  // What it says of itself does not count below a supervisor.
  await check([of(OTHER), supervisor(RUN)], inside(RUN, 1));
});

test('callerRun() looks again where a parent has ended meanwhile', async () => {
  const looked = [null, null, [{ pid: 100, uid: DAEMON_UID, argv: supervisor(RUN).argv ?? [] }]];
  const table = { ancestorsOf: async () => looked.shift() ?? null, environmentOf: async () => null };
  assert.deepEqual(await callerRun(table, 100, DAEMON_UID), inside(RUN, 1));
});
