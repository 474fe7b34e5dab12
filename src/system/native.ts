/**
 * The few calls of the C library that Node does not offer, through koffi.
 *
 * Loaded on first use: it costs some 30 ms, which commands that need none of them should not pay.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';

interface Native {
  flock(fd: number, operation: number): number;
  renameat2: RenameCall & { readonly async: AsynchronousRenameCall };
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint32Array): number;
  syscall(number: number, first: number, last: number, flags: number): number;
  errno(): number;
}

type RenameCall = (oldDir: number, oldName: string, newDir: number, newName: string, flags: number) => number;
type AsynchronousRenameCall = (
  ...call: [...Parameters<RenameCall>, done: (error: unknown, result: number) => void]
) => void;

let loaded: Native | undefined;

function native(): Native {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    loaded = {
      flock: library.func('int flock(int fd, int operation)'),
      renameat2: library.func(
        'int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, unsigned int flags)',
      ),
      getsockopt: library.func(
        'int getsockopt(int fd, int level, int option, _Out_ uint8_t *value, _Inout_ uint32_t *length)',
      ),
      syscall: library.func('long syscall(long number, uint32_t first, uint32_t last, uint32_t flags)'),
      errno: () => koffi.errno(),
    };
  }
  return loaded;
}

const EINTR = 4;
const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  // Reversed: of two names for one number the first is the usual one (EAGAIN, not EWOULDBLOCK).
  Object.entries(constants.errno)
    .reverse()
    .map(([name, errno]) => [errno, name]),
);

function errnoError(call: string, errno: number): NodeJS.ErrnoException {
  const name = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
  return Object.assign(new Error(`${call}: ${name}`), { code: name, errno: -errno, syscall: call });
}

/**
 * Takes the exclusive lock of an open file, without waiting. The kernel frees it when the last
 * handle of this opening is gone, whoever holds it (flock(2)).
 *
 * @returns false where somebody else holds it.
 * @throws the system's error for anything else.
 */
export function tryLockExclusive(fd: number): boolean {
  const LOCK_EX = 2;
  const LOCK_NB = 4;
  for (;;) {
    if (native().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
    const errno = native().errno();
    if (errno === EINTR) continue;
    if (ERRNO_NAMES.get(errno) === 'EAGAIN') return false;
    throw errnoError('flock', errno);
  }
}

/** How a rename treats a name that is taken: renameat2(2). */
export type RenameMode = 'no-replace' | 'exchange';

/**
 * Renames within two open folders; no path component is followed.
 *
 * @throws the system's error with `code` such as `EEXIST`, `ENOENT`, `EXDEV`.
 */
export function renameAt(
  from: { readonly fd: number; readonly name: string },
  to: { readonly fd: number; readonly name: string },
  mode: RenameMode,
): void {
  const flags = mode === 'no-replace' ? 1 : 2;
  for (;;) {
    if (native().renameat2(from.fd, from.name, to.fd, to.name, flags) === 0) return;
    const errno = native().errno();
    if (errno !== EINTR) throw errnoError('renameat2', errno);
  }
}

/**
 * As {@link renameAt}, in a thread of the pool, so that a dead mount holds up nothing but its caller.
 *
 * `errno` belongs to the thread that made the call and cannot be asked for from here: a call that
 * failed is made once more at once, which either names the error or does what was asked.
 */
export async function renameApart(
  from: { readonly fd: number; readonly name: string },
  to: { readonly fd: number; readonly name: string },
  mode: RenameMode,
): Promise<void> {
  const flags = mode === 'no-replace' ? 1 : 2;
  const result = await new Promise<number>((resolve, reject) =>
    native().renameat2.async(from.fd, from.name, to.fd, to.name, flags, (error, value) =>
      error === null || error === undefined ? resolve(value) : reject(error),
    ),
  );
  if (result !== 0) renameAt(from, to, mode);
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED, unix(7)).
 *
 * @returns null where the handle is no Unix socket.
 */
export function peerCredentials(fd: number): PeerCredentials | null {
  const SOL_SOCKET = 1;
  const SO_PEERCRED = 17;
  const value = new Uint8Array(12);
  const length = new Uint32Array([12]);
  if (native().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return null;
  const view = new DataView(value.buffer);
  const credentials = {
    pid: view.getInt32(0, true),
    uid: view.getInt32(4, true),
    gid: view.getInt32(8, true),
  };
  return credentials.uid === -1 ? null : credentials;
}

/**
 * Keeps what we have open from the programs that we start: handles that were passed to us without
 * close-on-exec (by a supervisor, a shell, a test runner) would reach every hook.
 *
 * Without effect on kernels before 5.11.
 */
export function closeAllOnExec(): void {
  // The number is the same on every architecture of Linux since 5.9 (close_range(2)).
  const CLOSE_RANGE = 436;
  const CLOSE_RANGE_CLOEXEC = 4;
  const FIRST_AFTER_STDERR = 3;
  native().syscall(CLOSE_RANGE, FIRST_AFTER_STDERR, 0xffff_ffff, CLOSE_RANGE_CLOEXEC);
}
