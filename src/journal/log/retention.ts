/**
 * Deletes raw messages by age, one segment at a time and never on the way of a `250`.
 */
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../system/log.ts';
import type { Random } from '../../system/random.ts';
import type { Rows } from '../sqlite/client.ts';
import { listFolder, modifiedAt, removeFile, removeTree } from './folder.ts';
import { listSegments, type Segment, syncFolder } from './segments.ts';

export interface RetentionParts {
  readonly folder: string;
  readonly rows: Rows;
  readonly random: Random;
  readonly log: Log;
  /** The segment that is being written. */
  readonly currentFile: string;
}

/** Spool files removed per call: one slice. */
const SPOOL_FILES_MAX = 100;
/** A segment with more unfinished messages than this is left whole until they are done. */
const COPIED_MAX = 1000;

export async function retainSegments(
  parts: RetentionParts,
  options: { readonly keepRawMs: number; readonly at: number },
): Promise<void> {
  const before = options.at - options.keepRawMs;
  const segments = await listSegments(parts.folder);
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (segment.file === parts.currentFile || next === undefined) break;
    const retained = await retainSegment(parts, segment, next.firstId - 1, before);
    if (!retained) break;
  }
  await dropSpool(parts, before);
  await dropFolder(parts, 'stdin', before);
  await dropFolder(parts, 'runs', before);
}

/** @returns false where the segment stays: those behind it are younger. */
async function retainSegment(
  parts: RetentionParts,
  segment: Segment,
  lastId: number,
  before: number,
): Promise<boolean> {
  const { rows, folder } = parts;
  const state = await rows.inner('segment-state', { fromId: segment.firstId, toId: lastId });
  if (!state.isApplied || (state.newestAt !== null && state.newestAt >= before)) return false;
  if (state.unfinished.length > COPIED_MAX) return false;
  const moved = [];
  for (const message of state.unfinished) {
    const file = `spool/${parts.random.hex(12)}.eml`;
    await copyOut(folder, segment, message, file);
    moved.push({ journalId: message.journalId, file });
  }
  if (moved.length > 0) await syncFolder(join(folder, 'spool'));
  await rows.inner('raw-moved', { file: segment.file, moved });
  await removeFile(folder, segment.file);
  parts.log.info('journal.segment-removed', { segment: segment.file, copied_out: moved.length });
  return true;
}

async function copyOut(
  folder: string,
  segment: Segment,
  message: { readonly offset: number; readonly sizeBytes: number },
  file: string,
): Promise<void> {
  const bytes = Buffer.allocUnsafe(message.sizeBytes);
  {
    await using from = await open(join(folder, segment.file), 'r');
    await from.read(bytes, 0, bytes.length, message.offset);
  }
  const temp = join(folder, `${file}.new`);
  {
    await using to = await open(temp, 'wx', 0o600);
    await to.writeFile(bytes);
    await to.sync();
  }
  await rename(temp, join(folder, file));
}

async function dropSpool(parts: RetentionParts, before: number): Promise<void> {
  const { files } = await parts.rows.inner('spool-expired', { before, limit: SPOOL_FILES_MAX });
  for (const file of files) {
    await parts.rows.inner('raw-moved', { file, moved: [] });
    await removeFile(parts.folder, file);
  }
}

/** What hooks read, and what their runs left, goes by age; of runs that are not final nothing goes. */
async function dropFolder(parts: RetentionParts, name: 'stdin' | 'runs', before: number): Promise<void> {
  const old: string[] = [];
  for (const entry of await listFolder(parts.folder, name)) {
    if (entry === 'epoch' || entry === 'epoch.new') continue;
    const changedAt = await modifiedAt(parts.folder, `${name}/${entry}`);
    if (changedAt !== null && changedAt < before) old.push(entry);
  }
  if (old.length === 0) return;
  const needed = await neededOf(parts, name, old);
  for (const entry of old) if (!needed.has(entry)) await removeTree(parts.folder, `${name}/${entry}`);
}

async function neededOf(
  parts: RetentionParts,
  name: 'stdin' | 'runs',
  entries: readonly string[],
): Promise<ReadonlySet<string>> {
  if (name === 'runs') return new Set((await parts.rows.inner('needed-files', { runs: entries })).runs);
  const ids = entries.map((entry) => Number.parseInt(entry, 10));
  const stdin = ids.filter((id) => Number.isSafeInteger(id));
  const needed = new Set((await parts.rows.inner('needed-files', { stdin })).stdin);
  return new Set(entries.filter((_entry, index) => needed.has(ids[index] ?? Number.NaN)));
}
