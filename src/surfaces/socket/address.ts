/**
 * The address of a Unix socket whose path may be longer than the kernel takes.
 *
 * `sockaddr_un` holds 108 bytes with the final NUL (unix(7)). A longer path is reached through the
 * handle of its folder: `/proc/self/fd/<n>/<name>` is short and leads to the same place.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Bytes of a path that fit into `sun_path`. */
const PATH_BYTES_MAX = 107;

/** A path to bind or connect to; valid until disposed. */
export interface SocketAddress extends Disposable {
  readonly path: string;
}

/** @throws the system's error where the folder of a long path cannot be opened. */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, [Symbol.dispose]: () => undefined };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${fd}/${basename(path)}`,
    [Symbol.dispose]: () => closeSync(fd),
  };
}
