/**
 * {@link Files} on Linux: `openat` and its family through `/proc/self/fd/<n>/<name>`.
 *
 * O_NOFOLLOW looks at the last component of a path only. So each folder is a handle of its own, and
 * every name below it is one component behind `/proc/self/fd/<n>`, which the kernel resolves to the
 * open folder itself: a folder that is renamed away or replaced by a link in between changes nothing
 * (open(2), proc(5)).
 */
import { constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  CREATE_FLAGS,
  changeMode,
  changeOwner,
  closeDescriptor,
  FOLDER_FLAGS,
  listEntries,
  makeEntry,
  openDescriptor,
  READ_FLAGS,
  readFully,
  removeEmptyFolder,
  removeEntry,
  statDescriptor,
  statPath,
  syncDescriptor,
  writeFully,
} from './descriptor.ts';
import { AimxError, isErrno } from './errors.ts';
import type { FileHead, FileStat, Files, Folder, MoveOutcome, Owner, WriteOptions } from './files.ts';
import { type RenameMode, renameApart } from './native.ts';

/** Levels of folders that {@link Folder.removeTree} goes down; a message's bundle has one. */
const TREE_DEPTH_MAX = 32;
/** How often a folder is emptied before it is given up: its owner may keep filling it. */
const EMPTYING_ROUNDS_MAX = 8;

type Reading = { readonly maxBytes: number; readonly owner?: Pick<Owner, 'uid'> };

function refuse(what: string, path: string, cause?: unknown): AimxError {
  return new AimxError('files.unsafe', `Cannot use "${path}": ${what}`, {
    hint: 'Move it away or put right what it is; nothing that it leads to was touched',
    cause,
    detail: { path },
  });
}

/** Runs an open that follows no link, and names what stood in the way. */
async function openNoFollow(path: string, shown: string, flags: number): Promise<number> {
  try {
    return await openDescriptor(path, flags);
  } catch (error) {
    if (isErrno(error, 'ELOOP')) throw refuse('it is a symbolic link', shown, error);
    if (isErrno(error, 'ENOTDIR')) throw refuse('it is no folder', shown, error);
    // A socket, or a device without a driver.
    if (isErrno(error, 'ENXIO', 'ENODEV')) throw refuse('it is no regular file', shown, error);
    throw error;
  }
}

class LinuxFolder implements Folder {
  readonly path: string;
  readonly #fd: number;
  readonly #device: bigint;
  #open = true;

  constructor(fd: number, path: string, device: bigint) {
    this.#fd = fd;
    this.path = path;
    this.#device = device;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await closeDescriptor(this.#fd);
  }

  /** The folder's number; a closed one must not be used again, for the kernel gives it to others. */
  get #descriptor(): number {
    if (!this.#open) throw refuse('its handle is closed', this.path);
    return this.#fd;
  }

  #at(name: string): string {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new AimxError(
        'files.unsafe',
        `Cannot use a name with more than one component: ${JSON.stringify(name)}`,
      );
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  #shown(name: string): string {
    return `${this.path}/${name}`;
  }

  async stat(): Promise<FileStat> {
    return await statDescriptor(this.#descriptor);
  }

  async statEntry(name: string): Promise<FileStat | null> {
    try {
      return await statPath(this.#at(name));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  async list(): Promise<readonly string[]> {
    return await listEntries(`/proc/self/fd/${this.#descriptor}`);
  }

  async openFolder(name: string): Promise<Folder> {
    return await openedFolder(this.#at(name), this.#shown(name), FOLDER_FLAGS);
  }

  async makeFolder(
    name: string,
    options: { readonly mode: number; readonly owner?: Owner },
  ): Promise<Folder> {
    await makeEntry(this.#at(name), { mode: options.mode & 0o700 });
    const folder = await this.openFolder(name);
    try {
      await folder.setAttributes(options);
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
    return folder;
  }

  async writeFile(
    name: string,
    bytes: Uint8Array | readonly Uint8Array[],
    options: WriteOptions,
  ): Promise<void> {
    const at = this.#at(name);
    const fd = await openDescriptor(at, CREATE_FLAGS, options.mode & 0o600);
    try {
      await writeFully(fd, bytes instanceof Uint8Array ? [bytes] : bytes);
      await seal(fd, options);
    } catch (error) {
      // Half a file must not be left under its name; what is reported is why it is half.
      await removeEntry(at).catch(() => undefined);
      throw error;
    } finally {
      await closeDescriptor(fd);
    }
  }

  async readFile(name: string, options: Reading): Promise<Uint8Array> {
    return await this.#reading(name, READ_FLAGS, options.owner, async (fd, stat) => {
      const tooLarge = (): AimxError =>
        new AimxError(
          'files.too-large',
          `Cannot read "${this.#shown(name)}": it is larger than ${options.maxBytes} bytes`,
          {
            detail: { path: this.#shown(name), maxBytes: options.maxBytes },
          },
        );
      if (stat.sizeBytes > options.maxBytes) throw tooLarge();
      // One byte more, which shows a file that has grown in between.
      const bytes = new Uint8Array(stat.sizeBytes + 1);
      const count = await readFully(fd, bytes);
      if (count > options.maxBytes) throw tooLarge();
      return bytes.subarray(0, count);
    });
  }

  async readHead(name: string, options: Reading): Promise<FileHead> {
    return await this.#reading(name, READ_FLAGS, options.owner, async (fd, stat) => {
      const bytes = new Uint8Array(Math.min(options.maxBytes, stat.sizeBytes));
      const count = await readFully(fd, bytes);
      return { bytes: bytes.subarray(0, count), stat };
    });
  }

  async sealFile(
    name: string,
    options: WriteOptions & { readonly from?: Pick<Owner, 'uid'> },
  ): Promise<void> {
    await this.#reading(name, READ_FLAGS, options.from, (fd) => seal(fd, options));
  }

  /** Opens a file, checks on the handle that it is what it must be, and closes it behind `use`. */
  async #reading<Result>(
    name: string,
    flags: number,
    owner: Pick<Owner, 'uid'> | undefined,
    use: (fd: number, stat: FileStat) => Promise<Result>,
  ): Promise<Result> {
    const shown = this.#shown(name);
    const fd = await openNoFollow(this.#at(name), shown, flags);
    try {
      const stat = await statDescriptor(fd);
      if (stat.kind !== 'file') throw refuse('it is no regular file', shown);
      if (stat.links !== 1) throw refuse(`it has ${stat.links} names (hard links)`, shown);
      if (stat.device !== this.#device) throw refuse('it lies on another file system than its folder', shown);
      if (owner !== undefined && stat.uid !== owner.uid)
        throw refuse(`it belongs to user ${stat.uid} and not to user ${owner.uid}`, shown);
      return await use(fd, stat);
    } finally {
      await closeDescriptor(fd);
    }
  }

  async moveTo(name: string, target: Folder, targetName: string): Promise<MoveOutcome> {
    return await this.#rename(name, target, targetName, 'no-replace');
  }

  async exchangeWith(
    name: string,
    target: Folder,
    targetName: string,
  ): Promise<Exclude<MoveOutcome, 'taken'>> {
    const outcome = await this.#rename(name, target, targetName, 'exchange');
    if (outcome === 'taken') throw refuse('the names cannot be exchanged', this.#shown(name));
    return outcome;
  }

  async #rename(name: string, target: Folder, targetName: string, mode: RenameMode): Promise<MoveOutcome> {
    if (!(target instanceof LinuxFolder)) throw refuse('it is a folder of another kind', target.path);
    // Both names are checked as every name is; renameat2 takes them with their folders' handles.
    this.#at(name);
    target.#at(targetName);
    try {
      await renameApart({ fd: this.#descriptor, name }, { fd: target.#descriptor, name: targetName }, mode);
      return 'moved';
    } catch (error) {
      if (isErrno(error, 'EEXIST', 'ENOTEMPTY')) return 'taken';
      if (isErrno(error, 'EXDEV')) return 'other-file-system';
      if (!isErrno(error, 'ENOENT')) throw error;
      // ENOENT is said of either side. Taking a removed target for an absent source would record a
      // delivery that never was.
      if ((await this.statEntry(name)) === null) return 'missing';
      if ((await target.stat()).links === 0) return 'target-gone';
      if (mode === 'exchange') return 'missing';
      throw error;
    }
  }

  async removeFile(name: string): Promise<void> {
    await absentIsFine(removeEntry(this.#at(name)));
  }

  async removeTree(name: string): Promise<void> {
    await this.#removeTree(name, TREE_DEPTH_MAX);
  }

  async #removeTree(name: string, depth: number): Promise<void> {
    const stat = await this.statEntry(name);
    if (stat === null) return;
    if (stat.kind !== 'folder') return await this.removeFile(name);
    if (depth === 0) throw refuse(`it lies deeper than ${TREE_DEPTH_MAX} folders`, this.#shown(name));
    for (let round = 1; ; round += 1) {
      await this.#emptyFolder(name, depth - 1);
      try {
        return await absentIsFine(removeEmptyFolder(this.#at(name)));
      } catch (error) {
        if (!isErrno(error, 'ENOTEMPTY', 'EEXIST') || round === EMPTYING_ROUNDS_MAX) throw error;
      }
    }
  }

  async #emptyFolder(name: string, depth: number): Promise<void> {
    const fd = await openNoFollow(this.#at(name), this.#shown(name), FOLDER_FLAGS);
    await using folder = new LinuxFolder(fd, this.#shown(name), this.#device);
    for (const entry of await folder.list()) await folder.#removeTree(entry, depth);
  }

  async setAttributes(options: { readonly mode?: number; readonly owner?: Owner }): Promise<void> {
    const fd = this.#descriptor;
    if (options.owner !== undefined) await changeOwner(fd, options.owner.uid, options.owner.gid);
    if (options.mode !== undefined) await changeMode(fd, options.mode);
  }

  async sync(): Promise<void> {
    await syncDescriptor(this.#descriptor);
  }
}

/** Owner before mode, since a change of owner clears bits of the mode (chown(2)). */
async function seal(fd: number, options: WriteOptions): Promise<void> {
  if (options.owner !== undefined) await changeOwner(fd, options.owner.uid, options.owner.gid);
  await changeMode(fd, options.mode);
  if (options.durable) await syncDescriptor(fd);
}

async function absentIsFine(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

async function openedFolder(path: string, shown: string, flags: number): Promise<Folder> {
  const fd = await openNoFollow(path, shown, flags);
  try {
    const { device } = await statDescriptor(fd);
    return new LinuxFolder(fd, shown, device);
  } catch (error) {
    await closeDescriptor(fd);
    throw error;
  }
}

const ROOT_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;

/** Makes what is absent of a path and flushes each folder that got a new entry. */
async function makePath(path: string, mode: number): Promise<void> {
  try {
    await makeEntry(path, { mode });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await makePath(dirname(path), mode);
    return await makePath(path, mode);
  }
  const parent = await openDescriptor(dirname(path), ROOT_FLAGS);
  try {
    await syncDescriptor(parent);
  } finally {
    await closeDescriptor(parent);
  }
}

/** The machine's file systems. */
export const linuxFiles: Files = {
  openRoot: (path) => openedFolder(resolve(path), resolve(path), ROOT_FLAGS),
  async ensureRoot(path, { mode }) {
    await makePath(resolve(path), mode);
    return await openedFolder(resolve(path), resolve(path), ROOT_FLAGS);
  },
};
