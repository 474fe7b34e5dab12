/**
 * The journal's folder: its layout, its lock, its epoch, and which file systems it may lie on.
 *
 *     lock            held while a daemon runs; holds its pid
 *     epoch           random; `runs/epoch` is the same, or a restore has taken place
 *     rows.db         the rows
 *     log/            segments of accepted messages
 *     spool/          messages above 256 KiB, and pinned ones of segments that are gone
 *     staging/        files on their way into a mailbox
 *     stdin/          what hooks read
 *     runs/           one folder a run
 */
import { constants } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AimxError, isErrno } from '../../system/errors.ts';
import { tryLockExclusive } from '../../system/native.ts';
import { syncFolder } from './segments.ts';

const SUBFOLDERS = ['log', 'spool', 'staging', 'stdin', 'runs'] as const;

/** `f_type` of statfs(2) → the name people know. Flush and lock mean less there than the journal needs. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
]);
const MEMORY_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

/**
 * Makes the folder and what belongs in it, durable.
 *
 * @returns The memory file system that it lies on; null where what is flushed stays.
 */
export async function makeFolders(
  folder: string,
  options: { readonly allowMemory: boolean },
): Promise<string | null> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  const memory = await refuseFileSystem(folder, options);
  let changed = made !== undefined;
  for (const name of SUBFOLDERS) {
    const created = await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    changed ||= created !== undefined;
  }
  if (changed) {
    await syncFolder(folder);
    await syncFolder(dirname(folder));
  }
  return memory;
}

async function refuseFileSystem(
  folder: string,
  options: { readonly allowMemory: boolean },
): Promise<string | null> {
  // The kernel's field is signed on some machines.
  const type = (await statfs(folder)).type >>> 0;
  const network = NETWORK_FILE_SYSTEMS.get(type);
  const memory = MEMORY_FILE_SYSTEMS.get(type);
  const name = network ?? memory;
  if (name === undefined) return null;
  if (network === undefined && options.allowMemory) return name;
  throw new AimxError(
    'journal.unsupported-file-system',
    `Cannot keep the journal in "${folder}": it lies on ${name}`,
    {
      hint:
        network === undefined
          ? 'Choose a data folder on a disk, or set [journal] allow_memory = true for a trial whose mail may be lost'
          : 'Choose a data folder on a local disk: a network file system cannot promise what a 250 promises',
      detail: { fileSystem: name, folder },
    },
  );
}

/** Takes the journal for this process; the kernel gives it back when the process ends. */
export async function lockFolder(folder: string): Promise<FileHandle> {
  const path = join(folder, 'lock');
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (tryLockExclusive(handle.fd)) {
      await handle.truncate(0);
      await handle.write(`${process.pid}\n`, 0);
      return handle;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const pid = Number.parseInt(await readFile(path, 'utf8'), 10);
  await handle.close();
  throw new AimxError('journal.locked', `Cannot open "${folder}": another daemon holds it`, {
    hint: Number.isNaN(pid)
      ? 'Stop the other daemon first'
      : `Stop the daemon with pid ${pid} first, or choose another data folder`,
    detail: { folder, pid: Number.isNaN(pid) ? null : pid },
  });
}

export interface EpochFiles {
  readonly journal: string | null;
  readonly runs: string | null;
}

export async function readEpochs(folder: string): Promise<EpochFiles> {
  return {
    journal: await readLine(join(folder, 'epoch')),
    runs: await readLine(join(folder, 'runs', 'epoch')),
  };
}

/** The runs' copy comes first: a crash in between leaves a difference, which begins another epoch. */
export async function writeEpochs(folder: string, epoch: string): Promise<void> {
  await writeLine(join(folder, 'runs'), 'epoch', epoch);
  await writeLine(folder, 'epoch', epoch);
}

async function readLine(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function writeLine(folder: string, name: string, line: string): Promise<void> {
  const temp = join(folder, `${name}.new`);
  {
    await using handle = await open(temp, 'w', 0o600);
    await handle.writeFile(`${line}\n`);
    await handle.sync();
  }
  await rename(temp, join(folder, name));
  await syncFolder(folder);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Names in a subfolder. */
export function listFolder(folder: string, name: (typeof SUBFOLDERS)[number]): Promise<string[]> {
  return readdir(join(folder, name));
}

/** Removes a file of the journal; absent is no error. */
export async function removeFile(folder: string, file: string): Promise<void> {
  try {
    await unlink(join(folder, file));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Removes a file or a folder with all in it; absent is no error. */
export function removeTree(folder: string, file: string): Promise<void> {
  return rm(join(folder, file), { recursive: true, force: true });
}

/** When the file or folder was last changed, in epoch milliseconds; null where it is absent. */
export async function modifiedAt(folder: string, file: string): Promise<number | null> {
  try {
    return (await stat(join(folder, file))).mtimeMs;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
