/**
 * One run's folder, and what its attempts leave in it: the thin I/O around `attempt-standing.ts`.
 * It belongs to us alone; only the launch file is its hook's owner's.
 */
import type { RunId } from '../journal/journal.ts';
import { isErrno } from '../system/errors.ts';
import type { Folder, Owner } from '../system/files.ts';
import type { ProcessTable } from '../system/process-table.ts';
import { type AttemptEvidence, parseMark, standingOf } from './attempt-standing.ts';
import type { AttemptOutput, AttemptStanding } from './hooks.ts';
import { OUTPUT_BYTES_MAX } from './launcher-script.ts';

/** A status is one line of some 40 bytes, a mark of some 80. */
const LINE_FILE_BYTES_MAX = 512;

/** Null where the file is absent. */
export async function readIfThere(
  folder: Folder,
  name: string,
  maxBytes: number,
): Promise<Uint8Array | null> {
  try {
    return await folder.readFile(name, { maxBytes });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function readLine(folder: Folder, name: string): Promise<string | null> {
  const bytes = await readIfThere(folder, name, LINE_FILE_BYTES_MAX);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

/** Opens a run's folder, making it where it is absent. It is made durable with the first mark in it. */
export async function openRunFolder(runs: Folder, runId: RunId): Promise<Folder> {
  try {
    return await runs.makeFolder(runId, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return await runs.openFolder(runId);
    throw error;
  }
}

export function lockPath(folder: Folder, attempt: number): string {
  return `${folder.path}/${attempt}.lock`;
}

/** It is written once, under another name, so that text and time belong together. */
async function readStatus(folder: Folder, attempt: number): Promise<AttemptEvidence['status']> {
  const name = `${attempt}.status`;
  const text = await readLine(folder, name);
  const stat = text === null ? null : await folder.statEntry(name);
  return text === null || stat === null ? null : { text, writtenAtMs: stat.modifiedAtMs };
}

export async function readStanding(
  folder: Folder,
  attempt: number,
  table: ProcessTable,
): Promise<AttemptStanding> {
  const mark = await folder.statEntry(`${attempt}.started`);
  if (mark === null) return standingOf({ mark: null, isLockHeld: false, status: null });
  const isLockHeld = await table.isLockHeld(lockPath(folder, attempt));
  const status = await readStatus(folder, attempt);
  return standingOf({ mark: { takenAtMs: mark.modifiedAtMs }, isLockHeld, status });
}

/** What the launcher wrote into its mark; null where the daemon took it, or there is none. */
export async function readMark(folder: Folder, attempt: number): Promise<ReturnType<typeof parseMark>> {
  // The mark is a link to the launcher's temp file, and a file with two names is not read.
  for (const name of await folder.list())
    if (name.startsWith(`${attempt}.launcher-`)) await folder.removeFile(name);
  const text = await readLine(folder, `${attempt}.started`);
  return text === null ? null : parseMark(text);
}

/**
 * Takes the mark of an attempt for the daemon, so that no launcher can start it any more. Durable
 * when it resolves.
 *
 * @param unique Part of a temp name that nobody else uses.
 * @returns `taken` where a launcher was first: then the attempt has started.
 */
export async function takeMark(
  places: { readonly runs: Folder; readonly folder: Folder },
  attempt: number,
  unique: string,
): Promise<'ours' | 'taken'> {
  const { runs, folder } = places;
  const temp = `${attempt}.daemon-${unique}`;
  await folder.writeFile(temp, Buffer.from('daemon end\n'), { mode: 0o600, durable: true });
  const outcome = await folder.moveTo(temp, folder, `${attempt}.started`);
  if (outcome !== 'moved') {
    await folder.removeFile(temp);
    return 'taken';
  }
  await folder.sync();
  await runs.sync();
  return 'ours';
}

/**
 * Writes the launch file under a name of its own: a launcher that was told of another one, by a
 * daemon that is gone, never reads half of this.
 *
 * @returns The file's name. Not flushed: without a mark it is written anew.
 */
export async function writeLaunchFile(
  folder: Folder,
  attempt: number,
  file: { readonly text: string; readonly owner: Owner | null; readonly unique: string },
): Promise<string> {
  const name = `${attempt}-${file.unique}.launch`;
  const owner = file.owner === null ? {} : { owner: file.owner };
  await folder.writeFile(name, Buffer.from(file.text), { mode: 0o600, durable: false, ...owner });
  return name;
}

/** Captured output of an attempt, or why there is none. */
export async function readOutput(
  runs: Folder,
  table: ProcessTable,
  { runId, attempt }: { readonly runId: RunId; readonly attempt: number },
): Promise<AttemptOutput> {
  let folder: Folder;
  try {
    folder = await runs.openFolder(runId);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { kind: 'none' };
    throw error;
  }
  await using opened = folder;
  const standing = await readStanding(opened, attempt, table);
  if (standing.kind === 'not-started') return { kind: 'none' };
  // Read after the lock was asked: what has ended by then is read whole.
  const stdout = await readIfThere(opened, `${attempt}.stdout`, OUTPUT_BYTES_MAX);
  const stderr = await readIfThere(opened, `${attempt}.stderr`, OUTPUT_BYTES_MAX);
  const isSomething = (stdout?.length ?? 0) + (stderr?.length ?? 0) > 0;
  if (!isSomething) {
    if (standing.kind === 'running' || (standing.kind === 'ended' && standing.isLockHeld))
      return { kind: 'unfinished' };
    // The launcher removes the stage when the output is written. Where it was killed it cannot, and
    // then the status tells that the rest of the chain came to its end.
    if (standing.kind === 'status-lost' && (await opened.statEntry(`${attempt}.stage`)) !== null)
      return { kind: 'lost' };
    if (stdout === null && stderr === null) return { kind: 'none' };
  }
  return { kind: 'kept', stdout: stdout ?? new Uint8Array(), stderr: stderr ?? new Uint8Array() };
}
