/** What Linux says about processes: the tree below one, its memory, the time its main thread has used. */
import { readdirSync, readFileSync } from 'node:fs';

/** A process and all below it; those that have ended meanwhile are left out. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : null;
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): readonly number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(root);
}

function parentOf(pid: number): number | null {
  // The name stands in brackets and may hold anything; what follows it is `state ppid …` (proc(5)).
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  return fields?.[1] === undefined ? null : Number(fields[1]);
}

export interface ProcessMemory {
  readonly command: string;
  readonly privateMb: number;
  /** Pages that other processes map too, of ours or not: mostly the program and its libraries. */
  readonly sharedMb: number;
}

export interface Memory {
  /**
   * What all of them occupy: their private pages, and the shared ones once, as the largest share of any.
   * Not the sum of PSS, which falls when somebody else on the machine happens to run Node too.
   */
  readonly occupiedMb: number;
  /** The sum of RSS: shared pages count in every process. */
  readonly rssMb: number;
  readonly processes: readonly ProcessMemory[];
}

/** The memory of a process and all below it, in 10^6 bytes. */
export function memoryOf(root: number): Memory {
  const processes = processTree(root).flatMap((pid) => {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    return rollup === null ? [] : [{ command: commandOf(pid), ...readRollup(rollup) }];
  });
  const sum = (of: (one: ProcessMemory) => number): number =>
    processes.reduce((total, one) => total + of(one), 0);
  return {
    occupiedMb: sum(({ privateMb }) => privateMb) + Math.max(0, ...processes.map(({ sharedMb }) => sharedMb)),
    rssMb: sum(({ privateMb, sharedMb }) => privateMb + sharedMb),
    processes,
  };
}

function readRollup(rollup: string): Omit<ProcessMemory, 'command'> {
  const megabytes = (field: string): number =>
    (Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024) / 1e6;
  return {
    privateMb: megabytes('Private_Clean') + megabytes('Private_Dirty'),
    sharedMb: megabytes('Shared_Clean') + megabytes('Shared_Dirty'),
  };
}

function commandOf(pid: number): string {
  const parts = (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((part) => !part.startsWith('--'));
  return parts.map(lastPart).join(' ').trim();
}

function lastPart(path: string): string {
  return path.length > 60 ? '…' : (path.split('/').at(-1) ?? path);
}

/** Nanoseconds for which the main thread has been on a processor. */
export function mainThreadNs(pid: number): number {
  return Number(read(`/proc/${pid}/task/${pid}/schedstat`)?.split(' ')[0] ?? Number.NaN);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // It has ended between the listing and the look.
  }
}
