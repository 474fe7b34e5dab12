/** Ends what holds an attempt's lock, found by the open handle and never by a number that was written down. */
import type { Clock } from '../system/clock.ts';
import type { ListedProcess, ProcessTable } from '../system/process-table.ts';
import { SUPERVISOR_NAME } from './launcher-script.ts';

/** How long what was sent SIGKILL may take to be gone; more means that it hangs in the kernel. */
const GONE_MS_MAX = 2_000;
const LOOK_MS = 20;

/** Asks the supervisor of an attempt to end its hook and to say so. @returns false where there is none. */
export async function askSupervisor(table: ProcessTable, lock: string): Promise<boolean> {
  // `sh -c TEXT NAME …`, and not what it was started by. A hook may call itself so too, and then gets a
  // signal of its own asking.
  const holders = await table.holdersOf(lock);
  const supervisors = holders.filter(({ argv }) => argv[1] === '-c' && argv[3] === SUPERVISOR_NAME);
  return supervisors.map(({ pid }) => table.signal(pid, 'SIGUSR2')).some((sent) => sent);
}

/**
 * Which holders may be ended. A hook can hand its lock to any process that takes handles from others,
 * and root could end them all: so root ends those of the run's owner and its own chain alone.
 *
 * @param ownerUid Null where it is not known any more: then all but root's own.
 */
export function endableBy(
  selfUid: number,
  ownerUid: number | null,
): (process: Pick<ListedProcess, 'uid' | 'argv'>) => boolean {
  if (selfUid !== 0) return () => true;
  return ({ uid, argv }) => {
    if (uid === ownerUid) return true;
    // Helper, launcher, supervisor, and what isolates it name it among their words.
    if (uid === selfUid) return argv.some((word) => word.startsWith(SUPERVISOR_NAME));
    return ownerUid === null;
  };
}

/**
 * Sends SIGKILL to all that hold the lock and may be ended, until nobody holds it.
 *
 * @returns false where somebody still does: a process that cannot be killed, or that is not ours to kill.
 */
export async function endHolders(
  table: ProcessTable,
  clock: Clock,
  { lock, mayEnd }: { readonly lock: string; readonly mayEnd: ReturnType<typeof endableBy> },
): Promise<boolean> {
  const deadline = clock.monotonicMs() + GONE_MS_MAX;
  while (await table.isLockHeld(lock)) {
    if (clock.monotonicMs() > deadline) return false;
    // Once more each time: what is being ended may be starting another.
    for (const holder of await table.holdersOf(lock)) if (mayEnd(holder)) table.signal(holder.pid, 'SIGKILL');
    await clock.sleep(LOOK_MS);
  }
  return true;
}
