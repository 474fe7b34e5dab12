/** Locks of files that other processes hold (flock(2)). */
import { constants } from 'node:fs';
import { closeDescriptor, openDescriptor } from './descriptor.ts';
import { isErrno } from './errors.ts';
import { tryLockExclusive } from './native.ts';

/**
 * Whether anybody holds the lock of that file. False where there is no such file.
 *
 * Asking takes the lock for an instant: who tries to take it without waiting may fail in between, and
 * must be asked again.
 */
export async function isLockHeld(path: string): Promise<boolean> {
  let fd: number;
  try {
    fd = await openDescriptor(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    return !tryLockExclusive(fd);
  } finally {
    await closeDescriptor(fd);
  }
}
