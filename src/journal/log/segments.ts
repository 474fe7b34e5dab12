/**
 * Segments: the files of the log, each named by the journal id of its first record.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A segment is closed when it has grown past this: small enough to be deleted whole, large enough to be rare. */
export const SEGMENT_BYTES: number = 64 * 1024 * 1024;

const SEGMENT_NAME = /^(\d{16})\.log$/;

export interface Segment {
  readonly firstId: number;
  /** Relative to the journal's folder, with `/`. */
  readonly file: string;
}

export function segmentNamed(firstId: number): Segment {
  return { firstId, file: `log/${String(firstId).padStart(16, '0')}.log` };
}

/** All segments, oldest first. */
export async function listSegments(folder: string): Promise<readonly Segment[]> {
  const found: Segment[] = [];
  for (const name of await readdir(join(folder, 'log'))) {
    const match = SEGMENT_NAME.exec(name);
    if (match?.[1] !== undefined) found.push(segmentNamed(Number(match[1])));
  }
  return found.sort((a, b) => a.firstId - b.firstId);
}

/** Flushes a folder's entries: a new or removed name in it survives power loss once this resolves. */
export async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
