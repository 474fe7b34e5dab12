/** Which run a process is inside of: started by a hook, however deep (contract §10). */
import { type RunId, toRunId } from '../journal/journal.ts';
import type { ListedProcess, ProcessTable } from '../system/process-table.ts';
import { SUPERVISOR_NAME } from './launcher-script.ts';

export type CallerRun =
  | { readonly kind: 'outside' }
  /** Who asks and is gone may have been anybody; nobody waits for the answer. */
  | { readonly kind: 'ended' }
  /** Without a run: it is inside of one, and nobody can tell which. */
  | { readonly kind: 'inside'; readonly runId: RunId | null; readonly attempt: number | null };

/** A parent may end while it is looked at; its child has another one then. */
const LOOKS_MAX = 3;

const OUTSIDE: CallerRun = { kind: 'outside' };
const UNKNOWN: CallerRun = { kind: 'inside', runId: null, attempt: null };

/** Longer numbers are no attempt of ours. */
const ATTEMPT = /^[1-9][0-9]{0,8}$/;

/**
 * Looks for a supervisor of ours above the process, and then for the environment that hooks are started
 * with. In a pid namespace the supervisor is what orphans are given to, so that no hook gets out from under
 * it; without one, a process that has left its parents is known by `AIMX_RUN_ID`, its own or that of a
 * process above it, unless it has emptied them all.
 *
 * The outermost one counts: what a hook starts below its supervisor, it may call what it likes.
 *
 * @param selfUid The user that supervisors run as. A process that calls itself one, or that has another run
 *   in its environment, claims a run: who asks looks whether it is the caller's, and shuts out only him.
 */
export async function callerRun(
  table: Pick<ProcessTable, 'ancestorsOf' | 'environmentOf'>,
  pid: number,
  selfUid: number,
): Promise<CallerRun> {
  const ancestors = await ancestorsOf(table, pid);
  if (ancestors === null) return { kind: 'ended' };
  const supervisor = ancestors.findLast(
    ({ uid, argv }) => uid === selfUid && argv[1] === '-c' && argv[3] === SUPERVISOR_NAME,
  );
  if (supervisor !== undefined) return runOf(supervisor.argv[4], supervisor.argv[5]);
  for (const ancestor of ancestors.toReversed()) {
    const environment = await table.environmentOf(ancestor.pid);
    const runId = environment?.['AIMX_RUN_ID'];
    if (runId !== undefined) return runOf(runId, environment?.['AIMX_ATTEMPT']);
  }
  return OUTSIDE;
}

async function ancestorsOf(
  table: Pick<ProcessTable, 'ancestorsOf'>,
  pid: number,
): Promise<readonly ListedProcess[] | null> {
  for (let looks = 1; ; looks += 1) {
    const ancestors = await table.ancestorsOf(pid);
    if (ancestors !== null || looks === LOOKS_MAX) return ancestors;
  }
}

function runOf(runId: string | undefined, attempt: string | undefined): CallerRun {
  if (runId === undefined || !/^[0-9a-f]{32}$/.test(runId)) return UNKNOWN;
  if (attempt === undefined || !ATTEMPT.test(attempt)) return UNKNOWN;
  return { kind: 'inside', runId: toRunId(runId), attempt: Number(attempt) };
}
