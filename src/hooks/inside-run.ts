/** Which run a process is inside of: started by a hook, however deep (contract §10). */
import { type RunId, toRunId } from '../journal/journal.ts';
import type { ProcessTable } from '../system/process-table.ts';
import { SUPERVISOR_NAME } from './launcher-script.ts';

/** `inside` without a run: it is inside of one, and nobody can tell which. */
export type CallerRun =
  | { readonly kind: 'outside' }
  | { readonly kind: 'inside'; readonly runId: RunId | null; readonly attempt: number | null };

const UNKNOWN: CallerRun = { kind: 'inside', runId: null, attempt: null };

/**
 * Looks for a supervisor of ours above the process. In a pid namespace it is what orphans are given to,
 * so that no hook gets out from under it; without one, a process that has left its parents is known by
 * the environment that it was started with, unless it has emptied it.
 *
 * @param selfUid The user that supervisors run as. A hook that calls itself one, or writes another run into
 *   its environment, shuts out only itself: who asks looks whether the run is the caller's.
 * @returns `inside` also for a process that has ended: who asks and is gone may have been anybody.
 */
export async function callerRun(
  table: Pick<ProcessTable, 'ancestorsOf' | 'environmentOf'>,
  pid: number,
  selfUid: number,
): Promise<CallerRun> {
  const ancestors = await table.ancestorsOf(pid);
  if (ancestors === null) return UNKNOWN;
  const supervisor = ancestors.find(
    ({ uid, argv }) => uid === selfUid && argv[1] === '-c' && argv[3] === SUPERVISOR_NAME,
  );
  if (supervisor !== undefined) return runOf(supervisor.argv[4], supervisor.argv[5]);
  const environment = await table.environmentOf(pid);
  const runId = environment?.['AIMX_RUN_ID'];
  return runId === undefined ? { kind: 'outside' } : runOf(runId, environment?.['AIMX_ATTEMPT']);
}

function runOf(runId: string | undefined, attempt: string | undefined): CallerRun {
  if (runId === undefined || !/^[0-9a-f]{32}$/.test(runId)) return UNKNOWN;
  const count = Number(attempt);
  return { kind: 'inside', runId: toRunId(runId), attempt: Number.isSafeInteger(count) ? count : null };
}
