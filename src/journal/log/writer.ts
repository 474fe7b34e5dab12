/**
 * Appends to the log with group commit: one write and flush in flight, everything that comes
 * meanwhile goes in the next one. Nothing is acknowledged before the flush of its batch has returned.
 *
 *     step                       a failure here
 *     1 writev                   no room: the segment is cut back, the batch is refused; else broken
 *     2 fdatasync                broken: after a failed flush nothing is known, and a second may lie
 *     3 acknowledge the batch    -
 *     4 past 64 MiB: open the next segment, flush the folder    as 1 and 2
 *
 * Only the last segment can be torn: the next one is opened when all of this one is flushed.
 */
import { close, constants, fdatasync, ftruncate, open, writev } from 'node:fs';
import { join } from 'node:path';
import { AimxError, isErrno } from '../../system/errors.ts';
import type { Faults } from '../../system/faults.ts';
import { EMPTY_SHA256, encodeRecord, type RecordKind } from './record.ts';
import { SEGMENT_BYTES, type Segment, segmentNamed, syncFolder } from './segments.ts';

/** One batch at most: what a slow disk takes in a few milliseconds. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;
const BATCH_RECORDS_MAX = 1024;

/** A record that is on stable storage. */
export interface DurableRecord {
  readonly kind: RecordKind;
  readonly journalId: number;
  /** Relative to the journal's folder, with `/`. */
  readonly file: string;
  /** Where the content begins in the segment. */
  readonly contentOffset: number;
  readonly envelope: string;
  readonly contentSha256: string;
  /** Where the record ends in the segment. */
  readonly endOffset: number;
}

export interface NewRecord {
  readonly kind: RecordKind;
  readonly envelope: string;
  readonly chunks: readonly Uint8Array[];
  readonly contentBytes: number;
  readonly contentSha256: string;
}

export interface LogWriterOptions {
  readonly folder: string;
  readonly segment: Segment;
  /** Length of the segment's valid part. */
  readonly endOffset: number;
  readonly nextId: number;
  readonly faults: Faults;
  /** Called once per flushed batch, before its writers are told. */
  readonly onDurable: (records: readonly DurableRecord[], bytes: number) => void;
  readonly onNoRoom: () => void;
  readonly onBroken: (error: AimxError) => void;
  readonly segmentBytes?: number;
}

interface Waiter {
  readonly record: NewRecord;
  readonly resolve: (durable: DurableRecord) => void;
  readonly reject: (error: Error) => void;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #segmentBytes: number;
  #fd: number;
  #segment: Segment;
  #endOffset: number;
  #nextId: number;
  #waiting: Waiter[] = [];
  #busy = false;
  #broken: AimxError | null = null;
  #idle: (() => void)[] = [];

  private constructor(options: LogWriterOptions, fd: number) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#fd = fd;
    this.#segment = options.segment;
    this.#endOffset = options.endOffset;
    this.#nextId = options.nextId;
  }

  static async open(options: LogWriterOptions): Promise<LogWriter> {
    const fd = await openSegment(options.folder, options.segment);
    await syncFolder(join(options.folder, 'log'));
    return new LogWriter(options, fd);
  }

  get segment(): Segment {
    return this.#segment;
  }

  /** Resolves when the record is on stable storage. */
  append(record: NewRecord): Promise<DurableRecord> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#start();
    });
  }

  /** Refuses everything from now on. */
  break(error: AimxError): void {
    if (this.#broken !== null) return;
    this.#broken = error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    this.#options.onBroken(error);
  }

  /** Waits for what is on its way and closes the segment. */
  async end(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
    // What was acknowledged is flushed; of a broken log a failed close says nothing new.
    await call<void>((done) => close(this.#fd, done)).catch((error: unknown) => {
      if (this.#broken === null) throw error;
    });
  }

  #start(): void {
    if (this.#busy) return;
    this.#busy = true;
    // Everything that the same turn of the event loop brings goes into the same batch.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && this.#broken === null) await this.#commitBatch();
    this.#busy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commitBatch(): Promise<void> {
    const batch = this.#takeBatch();
    const buffers: Uint8Array[] = [];
    const records: DurableRecord[] = [];
    let offset = this.#endOffset;
    let journalId = this.#nextId;
    for (const { record } of batch) {
      const head = encodeRecord({ ...record, journalId, durableUpTo: this.#endOffset });
      buffers.push(head, ...record.chunks);
      const contentOffset = offset + head.length;
      offset = contentOffset + record.contentBytes;
      records.push({
        kind: record.kind,
        journalId,
        file: this.#segment.file,
        contentOffset,
        envelope: record.envelope,
        contentSha256: record.contentSha256,
        endOffset: offset,
      });
      journalId += 1;
    }
    if (!(await this.#write(buffers, batch)) || !(await this.#flush(batch))) return;
    const bytes = offset - this.#endOffset;
    this.#endOffset = offset;
    this.#nextId = journalId;
    this.#options.onDurable(records, bytes);
    this.#options.faults.reach('journal.committed');
    batch.forEach((waiter, index) => {
      waiter.resolve(records[index] as DurableRecord);
    });
    if (this.#endOffset >= this.#segmentBytes) await this.#nextSegment();
  }

  #takeBatch(): readonly Waiter[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#waiting) {
      if (count > 0 && (bytes + record.contentBytes > BATCH_BYTES_MAX || count === BATCH_RECORDS_MAX)) break;
      bytes += record.contentBytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(buffers: readonly Uint8Array[], batch: readonly Waiter[]): Promise<boolean> {
    try {
      let rest = buffers;
      let position = this.#endOffset;
      while (rest.length > 0) {
        const written = await call<number>((done) => writev(this.#fd, rest, position, done));
        position += written;
        rest = without(rest, written);
      }
      this.#options.faults.reach('journal.written');
      return true;
    } catch (error) {
      await this.#refuse(error, batch);
      return false;
    }
  }

  async #refuse(error: unknown, batch: readonly Waiter[]): Promise<void> {
    if (!isNoRoom(error)) return this.#breakWith(error, batch);
    try {
      await call<void>((done) => ftruncate(this.#fd, this.#endOffset, done));
    } catch (failure) {
      return this.#breakWith(failure, batch);
    }
    this.#options.onNoRoom();
    for (const waiter of batch) waiter.reject(noRoom(error));
  }

  async #flush(batch: readonly Waiter[]): Promise<boolean> {
    try {
      await call<void>((done) => fdatasync(this.#fd, done));
      this.#options.faults.reach('journal.flushed');
      return true;
    } catch (error) {
      this.#breakWith(error, batch);
      return false;
    }
  }

  async #nextSegment(): Promise<void> {
    const next = segmentNamed(this.#nextId);
    let fd: number;
    try {
      fd = await openSegment(this.#options.folder, next);
    } catch (error) {
      // Without room the old segment grows on; the next batch tries again.
      if (!isNoRoom(error)) this.#breakWith(error, []);
      return;
    }
    try {
      // A name that may be there or not is no full disk: going on in the old segment could leave a gap.
      await syncFolder(join(this.#options.folder, 'log'));
      const old = this.#fd;
      this.#fd = fd;
      this.#segment = next;
      this.#endOffset = 0;
      await call<void>((done) => close(old, done));
    } catch (error) {
      this.#breakWith(error, []);
    }
  }

  #breakWith(cause: unknown, batch: readonly Waiter[]): void {
    const error = broken(cause);
    for (const waiter of batch) waiter.reject(error);
    this.break(error);
  }
}

/** What an evidence record carries instead of a content. */
export function evidenceRecord(envelope: string): NewRecord {
  return { kind: 'evidence', envelope, chunks: [], contentBytes: 0, contentSha256: EMPTY_SHA256 };
}

/** True for failures after which nothing was kept and the disk is as it was. */
export function isNoRoom(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

export function noRoom(cause: unknown): AimxError {
  return new AimxError('journal.no-room', 'Cannot keep the message: no room on the journal’s disk', {
    hint: 'Free some room on the file system of the data folder; the sender tries again by itself',
    cause,
  });
}

export function broken(cause: unknown): AimxError {
  return new AimxError('journal.broken', `Cannot write to the journal: ${String(cause)}`, {
    hint: 'Check the disk (dmesg, smartctl); the daemon ends and goes on from what is on the disk',
    cause,
  });
}

/** Opens a segment, making it where it is absent; its name is durable once the folder is flushed. */
async function openSegment(folder: string, segment: Segment): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  // A descriptor and no FileHandle: its calls cost the main thread a third.
  return await call<number>((done) => open(join(folder, segment.file), flags, 0o600, done));
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
