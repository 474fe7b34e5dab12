/**
 * Reads the log back at the start: finds its end, tells a torn tail from damage, and yields what the
 * rows have not taken over.
 *
 *     behind the last record that reads back      what it is
 *     nothing, or zeros to the end of the file    the end; the zeros were prepared for records
 *     something, and a later record says that     damage: it was acknowledged
 *       the log was flushed past here
 *     something else                              a torn batch: moved aside, and cut off on stable storage
 *                                                 before anything is written, so that nothing of it can
 *                                                 follow a shorter batch in its place
 */
import { hash } from 'node:crypto';
import { type FileHandle, open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AimxError, isErrno } from '../../system/errors.ts';
import type { Log } from '../../system/log.ts';
import { findMagic, HEAD_BYTES, isIntact, parseHead, type RecordHead } from './record.ts';
import { listSegments, type Segment, segmentNamed, syncFolder } from './segments.ts';
import type { DurableRecord } from './writer.ts';

/** Which part of the log the rows hold: everything before this. */
export interface LogPosition {
  /** Relative to the journal's folder, with `/`; null before the first record. */
  readonly file: string | null;
  readonly offset: number;
  readonly journalId: number;
}

export interface RecoveredLog {
  readonly segment: Segment;
  readonly endOffset: number;
  readonly nextId: number;
  /** Records behind the rows' position, in order. */
  readonly tail: readonly DurableRecord[];
}

/**
 * @throws AimxError `journal.damaged` where a record that was acknowledged does not read back.
 */
export async function recoverLog(folder: string, applied: LogPosition, log: Log): Promise<RecoveredLog> {
  const segments = await listSegments(folder);
  const last = segments.at(-1);
  if (last === undefined) {
    if (applied.file !== null) throw damaged(applied.file, 0, 'the segment is missing');
    return { segment: segmentNamed(1), endOffset: 0, nextId: 1, tail: [] };
  }
  // Retention may have removed the segment of the last applied record when the next one was still empty.
  const from = segments.findIndex(
    (segment) => segment.file === applied.file || segment.firstId === applied.journalId + 1,
  );
  if (applied.file !== null && from < 0) throw damaged(applied.file, 0, 'the segment is missing');
  const tail: DurableRecord[] = [];
  let nextId = 0;
  let endOffset = 0;
  for (const segment of segments.slice(Math.max(0, from))) {
    if (nextId !== 0 && segment.firstId !== nextId)
      throw damaged(segment.file, 0, `it begins with record ${segment.firstId}, not ${nextId}`);
    const floor = segment.file === applied.file ? applied.offset : 0;
    const end = await scanSegment(
      folder,
      segment,
      { isLast: segment === last, floor, appliedId: applied.journalId, log },
      (record) => tail.push(record),
    );
    endOffset = end.offset;
    nextId = end.nextId;
  }
  return { segment: last, endOffset, nextId, tail };
}

interface ScanOptions {
  readonly isLast: boolean;
  /** Everything below was acknowledged, by the rows' word. */
  readonly floor: number;
  /** Records up to here are in the rows; they are checked and not yielded. */
  readonly appliedId: number;
  readonly log: Log;
}

async function scanSegment(
  folder: string,
  segment: Segment,
  options: ScanOptions,
  found: (record: DurableRecord) => void,
): Promise<{ readonly offset: number; readonly nextId: number }> {
  await using handle = await open(join(folder, segment.file), 'r+');
  const size = (await handle.stat()).size;
  const reader = new RecordReader(handle, size);
  let offset = 0;
  let nextId = segment.firstId;
  while (offset < size) {
    const read: ReadRecord = reader.recordInWindow(offset) ?? (await reader.recordAt(offset));
    if (read.kind === 'invalid' || read.head.journalId !== nextId) {
      const reason = read.kind === 'invalid' ? read.reason : `record ${read.head.journalId} is out of order`;
      if (offset < options.floor || !options.isLast) throw damaged(segment.file, offset, reason);
      const dataEnd = await reader.dataEnd(offset);
      if (dataEnd === offset) break;
      if (await reader.wasAcknowledged(offset)) throw damaged(segment.file, offset, reason);
      await moveTornTailAside(folder, handle, segment, { offset, dataEnd }, options.log);
      break;
    }
    const contentOffset = offset + HEAD_BYTES + read.head.envelopeBytes;
    const endOffset = contentOffset + read.head.contentBytes;
    const { head } = read;
    if (head.journalId > options.appliedId) {
      const envelope = read.envelope.toString('utf8');
      if (head.kind === 'message' && head.contentBytes === 0)
        await checkSpool(folder, segment, offset, envelope);
      found({
        kind: head.kind,
        journalId: nextId,
        file: segment.file,
        contentOffset,
        envelope,
        contentSha256: head.contentSha256,
        endOffset,
      });
    }
    offset = endOffset;
    nextId += 1;
  }
  if (offset < options.floor)
    throw damaged(segment.file, offset, `it ends here, but ${options.floor} octets were acknowledged`);
  return { offset, nextId };
}

type ReadRecord =
  | { readonly kind: 'valid'; readonly head: RecordHead; readonly envelope: Buffer }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Read ahead by this much: a segment is some 64 reads. */
const WINDOW_BYTES = 1024 * 1024;

/** @param bytes From the head to the record's end, or to the file's where that comes first. */
function checkRecord(head: RecordHead, bytes: Buffer): ReadRecord {
  const envelopeEnd = HEAD_BYTES + head.envelopeBytes;
  if (!isIntact(head, bytes)) return { kind: 'invalid', reason: 'head or envelope is not as written' };
  const content = bytes.subarray(envelopeEnd, envelopeEnd + head.contentBytes);
  if (content.length < head.contentBytes) return { kind: 'invalid', reason: 'the content is cut off' };
  if (head.contentBytes > 0 && hash('sha256', content) !== head.contentSha256)
    return { kind: 'invalid', reason: 'the content is not as written' };
  return { kind: 'valid', head, envelope: bytes.subarray(HEAD_BYTES, envelopeEnd) };
}

class RecordReader {
  readonly #handle: FileHandle;
  readonly #size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** The record at `offset`, without waiting where it lies in the window; undefined where it does not. */
  recordInWindow(offset: number): ReadRecord | undefined {
    const from = offset - this.#windowAt;
    if (from < 0 || from + HEAD_BYTES > this.#window.length) return undefined;
    const head = parseHead(this.#window.subarray(from, from + HEAD_BYTES));
    if (head === null) return { kind: 'invalid', reason: 'there is no record' };
    const length = HEAD_BYTES + head.envelopeBytes + head.contentBytes;
    if (from + length > this.#window.length) return undefined;
    return checkRecord(head, this.#window.subarray(from, from + length));
  }

  async recordAt(offset: number): Promise<ReadRecord> {
    const head = parseHead(await this.#read(offset, HEAD_BYTES));
    if (head === null) return { kind: 'invalid', reason: 'there is no record' };
    return checkRecord(head, await this.#read(offset, HEAD_BYTES + head.envelopeBytes + head.contentBytes));
  }

  /** True where a later record says that the octet at `offset` had been flushed when it was written. */
  async wasAcknowledged(offset: number): Promise<boolean> {
    let at = offset + 1;
    while (at < this.#size) {
      const bytes = await this.#read(at, Math.min(WINDOW_BYTES, this.#size - at));
      const found = findMagic(bytes, 0);
      if (found < 0) {
        // The magic may lie across two windows.
        at += Math.max(1, bytes.length - 7);
        continue;
      }
      const candidate = at + found;
      const head = parseHead(await this.#read(candidate, HEAD_BYTES));
      if (head !== null && head.durableUpTo > offset) {
        const front = await this.#read(candidate, HEAD_BYTES + head.envelopeBytes);
        if (isIntact(head, front)) return true;
      }
      at = candidate + 1;
    }
    return false;
  }

  /** Where the last octet from `offset` on that is not zero ends; `offset` where there is none. */
  async dataEnd(offset: number): Promise<number> {
    let end = offset;
    for (let at = offset; at < this.#size; ) {
      const bytes = await this.#read(at, Math.min(WINDOW_BYTES, this.#size - at));
      if (bytes.length === 0) break;
      const last = bytes.findLastIndex((octet) => octet !== 0);
      if (last >= 0) end = at + last + 1;
      at += bytes.length;
    }
    return end;
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#windowAt;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), Math.max(0, this.#size - offset));
    const bytes = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(bytes, filled, wanted - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#window = bytes.subarray(0, filled);
    this.#windowAt = offset;
    return this.#window.subarray(0, length);
  }
}

/** The file was flushed before its record: absent or cut, it was lost afterwards. */
async function checkSpool(folder: string, segment: Segment, offset: number, envelope: string): Promise<void> {
  const { spool, sizeBytes } = JSON.parse(envelope) as { spool: string | null; sizeBytes: number };
  if (spool === null) return;
  const size = await sizeOf(join(folder, spool));
  if (size === sizeBytes) return;
  const found = size === null ? 'is missing' : `has ${size} octets, not ${sizeBytes}`;
  throw damaged(segment.file, offset, `its file "${spool}" ${found}`);
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function moveTornTailAside(
  folder: string,
  handle: FileHandle,
  segment: Segment,
  { offset, dataEnd }: { readonly offset: number; readonly dataEnd: number },
  log: Log,
): Promise<void> {
  const bytes = Buffer.allocUnsafe(dataEnd - offset);
  await handle.read(bytes, 0, bytes.length, offset);
  const aside = `${segment.file}.torn-${offset}`;
  await writeFile(join(folder, aside), bytes, { mode: 0o600, flush: true });
  await handle.truncate(offset);
  await handle.sync();
  await syncFolder(join(folder, 'log'));
  log.warn('journal.torn-tail', { segment: segment.file, offset, bytes: bytes.length, moved_to: aside });
}

function damaged(file: string, offset: number, reason: string): AimxError {
  return new AimxError('journal.damaged', `Cannot use the journal: "${file}" at octet ${offset}: ${reason}`, {
    hint: 'Put a backup of the data folder back and start once with aimx serve --restored; nothing was changed',
    detail: { file, offset, reason },
  });
}
