/**
 * Why a mailbox's folder cannot be written to at present (reliability F7).
 *
 * A problem is a value: the delivery waits with it, other mailboxes go on, and what to do is shown.
 */
import { AimxError, isErrno } from '../system/errors.ts';

/** Stable codes; they are the `code` of a delivery's `Waiting`. */
export type ProblemKind =
  | 'mailbox-unsafe'
  | 'owner-missing'
  | 'mailbox-read-only'
  | 'mailbox-missing'
  | 'no-permission'
  | 'no-room'
  | 'other-file-system'
  | 'mailbox-timeout'
  | 'mailbox-io';

export interface MailboxProblem {
  readonly kind: ProblemKind;
  /** One sentence: what was found. No full stop. */
  readonly reason: string;
  /** One sentence: what to do. No full stop. */
  readonly hint: string;
}

export interface ProblemOutcome {
  readonly kind: 'problem';
  readonly problem: MailboxProblem;
}

export function problem(kind: ProblemKind, reason: string, hint: string): ProblemOutcome {
  return { kind: 'problem', problem: { kind, reason, hint } };
}

const BY_ERRNO: readonly (readonly [readonly string[], ProblemKind, string, string])[] = [
  [['EROFS'], 'mailbox-read-only', 'the file system is read-only', 'Mount it for writing'],
  [['ENOSPC', 'EDQUOT'], 'no-room', 'there is no room on the disk', 'Make room; delivery goes on by itself'],
  [
    ['EACCES', 'EPERM'],
    'no-permission',
    'the daemon may not write there',
    'Give the folder back to its owner with mode 0700, and run the daemon as root or as that owner',
  ],
  [
    ['EXDEV'],
    'other-file-system',
    'it lies on another file system than the journal',
    'Keep the journal and the mailboxes of a data folder on one file system',
  ],
  [
    ['ENOENT', 'ENOTDIR'],
    'mailbox-missing',
    'the folder is gone',
    'Restore it, or restart the daemon to make it anew',
  ],
  [
    ['EIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN', 'ENODEV', 'ENXIO', 'EUCLEAN', 'EMLINK'],
    'mailbox-io',
    'the file system reports an error',
    'Check the disk and the mount',
  ],
];

/**
 * Names the problem behind a failed file operation.
 *
 * @param where The path to show.
 * @throws `error` itself where it is none of a file system's: that is a mistake of ours.
 */
export function problemOf(error: unknown, where: string): ProblemOutcome {
  if (error instanceof AimxError && error.code === 'files.unsafe')
    return problem('mailbox-unsafe', error.message, error.hint ?? `Put right what lies at "${where}"`);
  if (error instanceof AimxError && error.code === 'files.timeout')
    return problem('mailbox-timeout', error.message, error.hint ?? 'Check the disk and the mount');
  for (const [names, kind, reason, hint] of BY_ERRNO)
    if (isErrno(error, ...names)) return problem(kind, `Cannot write to "${where}": ${reason}`, hint);
  // Whatever else a file system may answer: one mailbox waits with it, and no other.
  if (error instanceof Error && 'errno' in error && 'code' in error)
    return problem(
      'mailbox-io',
      `Cannot write to "${where}": ${String(error.code)}`,
      'Check the disk and the mount',
    );
  throw error;
}
