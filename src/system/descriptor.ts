/**
 * Calls on open files by number, as promises.
 *
 * `FileHandle` would do the same at twice the cost for each call, and a message needs a dozen.
 */
import {
  type BigIntStats,
  close,
  constants,
  fchmod,
  fchown,
  fstat,
  fsync,
  lstat,
  mkdir,
  open,
  read,
  readdir,
  rmdir,
  unlink,
  writev,
} from 'node:fs';
import { promisify } from 'node:util';
import type { FileStat } from './files.ts';

export const closeDescriptor: (fd: number) => Promise<void> = promisify(close);
export const openDescriptor: (path: string, flags: number, mode?: number) => Promise<number> =
  promisify(open);
export const syncDescriptor: (fd: number) => Promise<void> = promisify(fsync);
export const changeMode: (fd: number, mode: number) => Promise<void> = promisify(fchmod);
export const changeOwner: (fd: number, uid: number, gid: number) => Promise<void> = promisify(fchown);
export const listEntries: (path: string) => Promise<string[]> = promisify(readdir) as (
  path: string,
) => Promise<string[]>;
export const makeEntry: (path: string, options: { mode: number }) => Promise<void> = promisify(mkdir) as (
  path: string,
  options: { mode: number },
) => Promise<void>;
export const removeEntry: (path: string) => Promise<void> = promisify(unlink);
export const removeEmptyFolder: (path: string) => Promise<void> = promisify(rmdir);

/** A folder, never a link to one. O_NONBLOCK costs a folder nothing and keeps a FIFO from blocking. */
export const FOLDER_FLAGS: number =
  constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** For reading what may turn out to be a FIFO or a terminal. */
export const READ_FLAGS: number =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
export const CREATE_FLAGS: number =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const PERMISSION_BITS = 0o7777;

function kindOf(stats: BigIntStats): FileStat['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

function fileStat(stats: BigIntStats): FileStat {
  return {
    kind: kindOf(stats),
    sizeBytes: Number(stats.size),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mode: Number(stats.mode) & PERMISSION_BITS,
    links: Number(stats.nlink),
    device: stats.dev,
    inode: stats.ino,
    modifiedAtMs: Number(stats.mtimeMs),
  };
}

function settle(
  resolve: (stat: FileStat) => void,
  reject: (error: unknown) => void,
): (error: NodeJS.ErrnoException | null, stats: BigIntStats) => void {
  return (error, stats) => (error === null ? resolve(fileStat(stats)) : reject(error));
}

export function statDescriptor(fd: number): Promise<FileStat> {
  return new Promise((resolve, reject) => fstat(fd, { bigint: true }, settle(resolve, reject)));
}

/** Looks at a name without following it. */
export function statPath(path: string): Promise<FileStat> {
  return new Promise((resolve, reject) => lstat(path, { bigint: true }, settle(resolve, reject)));
}

/** Reads from the present place until `bytes` is full or the file ends; answers how many came. */
export async function readFully(fd: number, bytes: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < bytes.byteLength) {
    const count = await new Promise<number>((resolve, reject) =>
      read(fd, bytes, filled, bytes.byteLength - filled, null, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      ),
    );
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** The most buffers that one writev(2) takes (IOV_MAX). */
const BUFFERS_MAX = 1024;

/** Writes all of `chunks` in order; a short write goes on where it stopped. */
export async function writeFully(fd: number, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.byteLength > 0);
  while (rest.length > 0) {
    const batch = rest.slice(0, BUFFERS_MAX);
    let written = await new Promise<number>((resolve, reject) =>
      writev(fd, batch, (error, bytesWritten) => (error === null ? resolve(bytesWritten) : reject(error))),
    );
    let whole = 0;
    for (const chunk of batch) {
      if (written < chunk.byteLength) break;
      written -= chunk.byteLength;
      whole += 1;
    }
    const partial = batch[whole];
    rest = rest.slice(whole + (partial === undefined || written === 0 ? 0 : 1));
    if (partial !== undefined && written > 0) rest.unshift(partial.subarray(written));
  }
}
