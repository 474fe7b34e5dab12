/** How a command ends when it cannot do what was asked: one line what, one line what to do. */
import { AimxError, type ErrorCode, isErrno } from '../../system/errors.ts';
import { safeLine } from './safe-text.ts';

/** Exit codes of contract §8. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage, or no daemon. */
  usage: 2,
  /** An answer that cannot be read. */
  unreadable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_BY_CODE: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  'daemon.unreachable': EXIT.usage,
  'request.invalid': EXIT.usage,
  'daemon.unreadable': EXIT.unreadable,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof AimxError ? (EXIT_BY_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof AimxError)
    return { code: error.code, message: error.message, hint: error.hint ?? null };
  if (isErrno(error, 'EACCES', 'EPERM'))
    return {
      code: 'request.forbidden',
      message: `You may not do this: ${(error as Error).message}`,
      hint: 'run the command as the owner or with sudo',
    };
  return {
    code: 'internal.failed',
    message: error instanceof Error ? error.message : String(error),
    hint: 'this is a mistake of aimx; please report it with the command that you gave',
  };
}

/** `aimx: There is no …` and, below it, what to do. A message of several problems has a line for each. */
export function formatFailure({ message, hint }: Failure): string {
  const what = `aimx: ${message.split('\n').map(safeLine).join('\n      ')}\n`;
  return hint === null ? what : `${what}      ${safeLine(hint)}\n`;
}
