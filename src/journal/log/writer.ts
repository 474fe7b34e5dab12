/**
 * Appends to the log with group commit: one write and flush in flight, everything that comes
 * meanwhile goes in the next one. Nothing is acknowledged before the flush of its batch has returned.
 *
 *     step                       a failure here
 *     1 write, flushed with it   no room: the segment is cut back, the batch is refused; else broken:
 *       (O_DSYNC)                after a failed flush nothing is known, and a second may lie
 *     2 acknowledge the batch    -
 *     3 past 64 MiB: open the next segment, flush the folder    as 1
 *
 * Batches go where the segment is prepared for them (prepared-space.ts). Only the last segment can be
 * torn, or end in prepared zeros: the next one is opened when all of this one is flushed.
 */
import { constants } from 'node:fs';
import { join } from 'node:path';
import type { AimxError } from '../../system/errors.ts';
import type { Faults } from '../../system/faults.ts';
import { closeFile, cutFile, isRemoved, openFile, writeAll } from './descriptor.ts';
import { broken, isNoRoom, noRoom } from './failures.ts';
import { PreparedSpace } from './prepared-space.ts';
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
  /** Room that preparing leaves on the disk; the tests' way to prepare on a small one. */
  readonly freeBytesMin?: number;
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
  #prepared: PreparedSpace;
  #segment: Segment;
  #endOffset: number;
  #nextId: number;
  #waiting: Waiter[] = [];
  #busy = false;
  #broken: AimxError | null = null;
  #idle: (() => void)[] = [];

  private constructor(options: LogWriterOptions, fd: number, prepared: PreparedSpace) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#fd = fd;
    this.#prepared = prepared;
    this.#segment = options.segment;
    this.#endOffset = options.endOffset;
    this.#nextId = options.nextId;
  }

  static async open(options: LogWriterOptions): Promise<LogWriter> {
    const { folder, segment, endOffset } = options;
    const fd = await openSegment(folder, segment);
    // Zeros that were prepared before a crash, and not always on the disk.
    await cutFile(fd, endOffset);
    await syncFolder(join(folder, 'log'));
    let failed: (error: unknown) => void = () => undefined;
    const prepared = await preparedSpace(options, segment, endOffset, (error) => failed(error));
    const writer = new LogWriter(options, fd, prepared);
    failed = (error) => writer.#breakWith(error, []);
    return writer;
  }

  get segment(): Segment {
    return this.#segment;
  }

  /** Taken on the disk and still free for records. */
  get preparedBytes(): number {
    return this.#prepared.bytes;
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
    try {
      if (this.#broken === null) await this.#prepared.cut();
      await this.#prepared.close();
      await closeFile(this.#fd);
    } catch (error) {
      // What was acknowledged is flushed; of a broken log a failed close says nothing new.
      if (this.#broken === null) throw error;
    }
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
    if (!(await this.#write(buffers, offset, batch))) return;
    const bytes = offset - this.#endOffset;
    this.#endOffset = offset;
    this.#prepared.writtenTo(offset);
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

  async #write(
    buffers: readonly Uint8Array[],
    endOffset: number,
    batch: readonly Waiter[],
  ): Promise<boolean> {
    try {
      const busy = this.#prepared.waitFor(endOffset);
      if (busy !== null) await busy;
      // Preparing may have failed meanwhile.
      if (this.#broken !== null) throw this.#broken;
      await writeAll(this.#fd, buffers, this.#endOffset);
      // Somebody has deleted the data folder under us: what is written to an unlinked file is lost.
      if (isRemoved(this.#fd)) throw new Error('the log file was deleted');
      this.#options.faults.reach('journal.flushed');
      return true;
    } catch (error) {
      await this.#refuse(error, batch);
      return false;
    }
  }

  async #refuse(error: unknown, batch: readonly Waiter[]): Promise<void> {
    if (!isNoRoom(error)) return this.#breakWith(error, batch);
    try {
      await this.#prepared.cut();
    } catch (failure) {
      return this.#breakWith(failure, batch);
    }
    this.#options.onNoRoom();
    for (const waiter of batch) waiter.reject(noRoom(error));
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
      const old = { fd: this.#fd, prepared: this.#prepared };
      this.#prepared = await preparedSpace(this.#options, next, 0, (error) => this.#breakWith(error, []));
      this.#fd = fd;
      this.#segment = next;
      this.#endOffset = 0;
      // Nothing is prepared behind the length at which a segment is closed: there is nothing to cut.
      await old.prepared.close();
      await closeFile(old.fd);
    } catch (error) {
      this.#breakWith(error, []);
    }
  }

  #breakWith(cause: unknown, batch: readonly Waiter[]): void {
    const error = this.#broken ?? broken(cause);
    for (const waiter of batch) waiter.reject(error);
    this.break(error);
  }
}

/** What an evidence record carries instead of a content. */
export function evidenceRecord(envelope: string): NewRecord {
  return { kind: 'evidence', envelope, chunks: [], contentBytes: 0, contentSha256: EMPTY_SHA256 };
}

function preparedSpace(
  { folder, segmentBytes, freeBytesMin }: LogWriterOptions,
  segment: Segment,
  writtenBytes: number,
  onFailed: (error: unknown) => void,
): Promise<PreparedSpace> {
  return PreparedSpace.open({
    folder,
    file: segment.file,
    endBytes: segmentBytes ?? SEGMENT_BYTES,
    writtenBytes,
    onFailed,
    ...(freeBytesMin === undefined ? {} : { freeBytesMin }),
  });
}

/**
 * Opens a segment, making it where it is absent; its name is durable once the folder is flushed.
 * A write is flushed when it returns (O_DSYNC, open(2)), and nothing but what it wrote.
 */
function openSegment(folder: string, segment: Segment): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_DSYNC;
  return openFile(join(folder, segment.file), flags);
}
