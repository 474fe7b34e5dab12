/** Ends what holds an attempt's lock, found by the open handle and never by a number that was written down. */
import type { Clock } from '../system/clock.ts';
import type { ProcessTable } from '../system/process-table.ts';
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
 * Sends SIGKILL to all that hold the lock until nobody does.
 *
 * @returns false where somebody still does: a process that cannot be killed, or that is not ours to kill.
 */
export async function endHolders(table: ProcessTable, clock: Clock, lock: string): Promise<boolean> {
  const deadline = clock.monotonicMs() + GONE_MS_MAX;
  while (await table.isLockHeld(lock)) {
    if (clock.monotonicMs() > deadline) return false;
    // Once more each time: what is being ended may be starting another.
    for (const { pid } of await table.holdersOf(lock)) table.signal(pid, 'SIGKILL');
    await clock.sleep(LOOK_MS);
  }
  return true;
}
