/** Whether a process is inside a run: started by a hook, however deep (contract §10). */
import type { ProcessTable } from '../system/process-table.ts';
import { SUPERVISOR_NAME } from './launcher-script.ts';

/**
 * Looks for a supervisor of ours above the process. In a pid namespace it is what orphans are given to,
 * so that no hook gets out from under it; without one, a process that has left its parents is not found.
 *
 * @param selfUid The user that supervisors run as. A hook that calls itself one shuts out only itself.
 * @returns true also for a process that has ended: who asks and is gone may have been anybody.
 */
export async function isInsideRun(
  table: Pick<ProcessTable, 'ancestorsOf'>,
  pid: number,
  selfUid: number,
): Promise<boolean> {
  const ancestors = await table.ancestorsOf(pid);
  if (ancestors === null) return true;
  return ancestors.some(
    ({ uid, argv }) => uid === selfUid && argv[1] === '-c' && argv[3] === SUPERVISOR_NAME,
  );
}
