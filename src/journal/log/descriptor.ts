/**
 * Calls on a plain file descriptor as promises: a `FileHandle`'s cost the main thread a third more.
 */
import { close, fdatasync, fstatSync, ftruncate, open, writev } from 'node:fs';

/** @throws the file system's error, as all below. */
export function openFile(path: string, flags: number): Promise<number> {
  return call((done) => open(path, flags, 0o600, done));
}

export function closeFile(fd: number): Promise<void> {
  return call((done) => close(fd, done));
}

export function cutFile(fd: number, sizeBytes: number): Promise<void> {
  return call((done) => ftruncate(fd, sizeBytes, done));
}

export function flushFile(fd: number): Promise<void> {
  return call((done) => fdatasync(fd, done));
}

/** True where no name leads to the open file any more. Asks the kernel's memory, not the disk. */
export function isRemoved(fd: number): boolean {
  return fstatSync(fd).nlink === 0;
}

/** Writes all of `buffers` at `position`; a failure may leave some of it written. */
export async function writeAll(fd: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let rest = buffers;
  for (let at = position; rest.length > 0; ) {
    const written = await call<number>((done) => writev(fd, rest, at, done));
    at += written;
    rest = without(rest, written);
  }
}

function call<Result>(
  start: (done: (error: Error | null, result?: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    start((error, result) =>
      error === null || error === undefined ? resolve(result as Result) : reject(error),
    );
  });
}

/** What of `buffers` is left when their first `bytes` octets are gone: a write may be short (writev(2)). */
function without(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(index + 1)];
    skip -= buffer.length;
  }
  return [];
}
