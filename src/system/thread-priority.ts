/** Lets threads that nobody waits for make way for the one that answers. */
import { getPriority, setPriority } from 'node:os';

const NICE_MAX = 19;

/**
 * Makes the calling thread, and it alone, nicer than its process: on Linux each thread has a niceness of
 * its own (setpriority(2), "C library/kernel differences"). Elsewhere it would be the whole process's, and
 * nothing is done.
 *
 * @param nice Added to what the thread has, 0 to 19.
 */
export function lowerThreadPriority(nice: number): void {
  if (process.platform === 'linux') setPriority(Math.min(NICE_MAX, getPriority() + nice));
}
