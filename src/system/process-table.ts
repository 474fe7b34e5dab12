/** The processes of the machine, as proc(5) shows them, and as a port. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { isErrno } from './errors.ts';
import { isLockHeld } from './locks.ts';

/** A process, as far as it matters here. */
export interface ListedProcess {
  readonly pid: number;
  /** Its real user id. */
  readonly uid: number;
  /** As it was started, or as it has made it since: its owner may write anything there. */
  readonly argv: readonly string[];
}

export interface ProcessTable {
  /** The process itself, its parent, and so on; null where it, or one of them, has ended meanwhile. */
  ancestorsOf(pid: number): Promise<readonly ListedProcess[] | null>;
  /** What it was started with; null where it has ended or may not be looked into. */
  environmentOf(pid: number): Promise<Readonly<Record<string, string>> | null>;
  /** Those that have that very file open, by device and inode; what we may not look into is left out. */
  holdersOf(path: string): Promise<readonly ListedProcess[]>;
  /** Whether anybody holds the file's lock; false where there is no file. */
  isLockHeld(path: string): Promise<boolean>;
  /** False where there is no such process, or it may not be sent signals by us. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 'SIGUSR2'): boolean;
}

async function holds(pid: string, path: string, identity: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder)) {
    // The text is a hint that saves a stat for each other file; device and inode decide.
    const target = await readlink(`${folder}/${fd}`).catch(() => '');
    if (target !== path) continue;
    const { dev, ino } = await stat(`${folder}/${fd}`, { bigint: true });
    if (`${dev}:${ino}` === identity) return true;
  }
  return false;
}

async function holdersOf(path: string): Promise<readonly ListedProcess[]> {
  const file = await stat(path, { bigint: true }).catch(() => null);
  if (file === null) return [];
  const identity = `${file.dev}:${file.ino}`;
  const holders: ListedProcess[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      if (!(await holds(pid, path, identity))) continue;
      const { parentPid: _, ...process } = await describe(Number(pid));
      holders.push(process);
    } catch (error) {
      // It has ended meanwhile, or it belongs to somebody into whom we may not look.
      if (!isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) throw error;
    }
  }
  return holders;
}

async function argvOf(pid: string | number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
}

async function describe(pid: number): Promise<ListedProcess & { readonly parentPid: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, parentPid] = /^PPid:\t(\d+)$/m.exec(status) ?? [];
  const [, uid] = /^Uid:\t(\d+)\t/m.exec(status) ?? [];
  return { pid, uid: Number(uid), argv: await argvOf(pid), parentPid: Number(parentPid) };
}

async function ancestorsOf(pid: number): Promise<readonly ListedProcess[] | null> {
  const ancestors: ListedProcess[] = [];
  try {
    for (let at = pid; at > 0; ) {
      const { parentPid, ...process } = await describe(at);
      ancestors.push(process);
      at = parentPid;
    }
    return ancestors;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

async function environmentOf(pid: number): Promise<Readonly<Record<string, string>> | null> {
  try {
    const lines = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    return Object.fromEntries(
      lines.flatMap((line) => {
        const at = line.indexOf('=');
        return at <= 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
      }),
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null;
    throw error;
  }
}

export const systemProcessTable: ProcessTable = {
  ancestorsOf,
  environmentOf,
  holdersOf,
  isLockHeld,
  signal(pid, signal) {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if (isErrno(error, 'ESRCH', 'EPERM')) return false;
      throw error;
    }
  },
};
