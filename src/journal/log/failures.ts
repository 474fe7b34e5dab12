/** What a failed write means: no room, after which all goes on, or a log of which nothing is known. */
import { AimxError, isErrno } from '../../system/errors.ts';

/** True for failures after which nothing was kept and the disk is as it was. */
export function isNoRoom(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

export function noRoom(cause: unknown): AimxError {
  return new AimxError('journal.no-room', 'Cannot keep the message: no room on the journal’s disk', {
    hint: 'Free some room on the file system of the data folder; the sender tries again by itself',
    cause,
  });
}

export function broken(cause: unknown): AimxError {
  return new AimxError('journal.broken', `Cannot write to the journal: ${String(cause)}`, {
    hint: 'Check the disk (dmesg, smartctl); the daemon ends and goes on from what is on the disk',
    cause,
  });
}
