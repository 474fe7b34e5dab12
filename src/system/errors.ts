/**
 * The one table of errors that cross a folder's border as exceptions.
 *
 * Expected outcomes (bad syntax, a duplicate, a refused recipient, `temperror`) are values, not
 * errors. What is thrown is I/O that failed or a request that cannot be carried out. Each code is
 * stable: callers, scripts and agents match on it, never on prose.
 */

/** Code → what the process or the user should conclude from it. */
export const ERROR_CODES = {
  'config.invalid': 'config.toml cannot be used as it is',
  'config.missing': 'there is no config.toml where it was looked for',
  'journal.locked': 'another daemon holds this data folder',
  'journal.damaged': 'the journal does not read back as it was written',
  'journal.newer': 'the journal was written by a newer version of aimx',
  'journal.unsupported-file-system': 'the journal would not survive on this file system',
  'journal.no-room': 'there is no room on the disk for another message',
  'journal.broken': 'a write or flush failed; what is on the disk is unknown until the next start',
  'files.unsafe': 'a path is not what it must be (link, wrong owner, wrong device, not a regular file)',
  'files.too-large': 'a file is larger than its limit',
  'files.timeout': 'a file operation did not end within its time limit',
  'network.unavailable': 'an address cannot be listened on',
  'reader.died': 'the process that reads MIME ended before it answered',
  'reader.timeout': 'the process that reads MIME did not answer in time',
  'authenticator.died': 'the process that asks who wrote a message ended before it answered',
  'hooks.unusable': 'this machine lacks a program without which a hook cannot be started exactly once',
  'daemon.unreachable': 'no daemon answers on its socket',
  'daemon.running': 'another daemon answers on the socket',
  'daemon.unreadable': 'the daemon gave an answer that cannot be read',
  'internal.failed': 'aimx met something that it did not expect; the log says more',
  'request.invalid': 'the request does not fit the operation',
  'request.not-found': 'what the request names does not exist, or the caller may not see it',
  'request.forbidden': 'the caller may not do this',
  'request.ambiguous': 'the request names more than one thing',
  'request.conflict': 'the request does not fit the present state',
  'request.too-large': 'the request is larger than its limit',
  'send.refused': 'the mailbox may not send this, or not to this recipient',
  'send.limited': 'the mailbox has sent as much as it may for now',
  'request.timeout': 'the answer did not come within the time limit',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AimxErrorOptions {
  /** What the user should do next: one sentence, imperative, no full stop. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Machine-readable facts, stable per code (candidates, a path, a line). Never secrets or mail bodies. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An error with a stable code, a sentence for people and what to do next. */
export class AimxError extends Error {
  override readonly name = 'AimxError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly detail: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: AimxErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** True where `error` is a file system's error with that `errno` name, such as `ENOENT`. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && names.includes(String(error.code));
}
