/**
 * Keeps room prepared in the open segment ahead of what is written: zeros that were written and flushed,
 * so that a record overwrites blocks which the file has already.
 *
 * A write that makes the file longer, or that turns reserved blocks into written ones (fallocate), is
 * only durable with a commit of the file system's own journal, and that waits for every other flush on
 * the disk: those of deliveries, for instance. Overwriting waits for nobody.
 *
 *     0            written                 ready                      ready + slice
 *     | records    | zeros, flushed        | zeros, being written     |
 *
 * Records never go where a slice is being written: {@link PreparedSpace.waitFor} keeps them apart.
 * It is all for speed. Whatever fails for lack of room is cut off again, and the segment grows by its
 * records, as it does where the disk has little left. On file systems that copy on write it gains nothing.
 */
import { constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { closeFile, cutFile, flushFile, openFile, writeAll } from './descriptor.ts';
import { isNoRoom } from './failures.ts';

/** The first slice: a journal that takes little mail takes little room. */
const SLICE_BYTES_MIN = 1024 * 1024;
/** A slice is as long as what is written already, up to here: one commit for some two thousand messages. */
const SLICE_BYTES_MAX = 4 * 1024 * 1024;
/** With less left on the disk, what is left is for those who need it now. */
const FREE_BYTES_MIN = 256 * 1024 * 1024;
/** One write: short enough for a record to come between. */
const WRITE_BYTES = 256 * 1024;

export interface PreparedSpaceOptions {
  readonly folder: string;
  /** Of the segment, relative to the folder. */
  readonly file: string;
  /** Nothing is prepared behind it: the segment is closed there. */
  readonly endBytes: number;
  /** Where the records end. */
  readonly writtenBytes: number;
  /** A failure that is no lack of room. */
  readonly onFailed: (error: unknown) => void;
  readonly freeBytesMin?: number;
}

export class PreparedSpace {
  readonly #options: PreparedSpaceOptions;
  /** Its own: an error of a flush is told once to each descriptor, and the records' must not miss theirs. */
  readonly #fd: number;
  #written: number;
  #ready: number;
  #slice: Promise<void> | null = null;
  /** Nothing more is asked for until the records have come past here. */
  #resumeAt = 0;

  private constructor(options: PreparedSpaceOptions, fd: number) {
    this.#options = options;
    this.#fd = fd;
    this.#written = options.writtenBytes;
    this.#ready = options.writtenBytes;
  }

  /** Begins with the first slice, in the background. */
  static async open(options: PreparedSpaceOptions): Promise<PreparedSpace> {
    const path = join(options.folder, options.file);
    const space = new PreparedSpace(options, await openFile(path, constants.O_WRONLY | constants.O_NOFOLLOW));
    space.#prepare();
    return space;
  }

  /** What is prepared and not written: room that is taken on the disk, and still free for records. */
  get bytes(): number {
    return this.#ready - this.#written;
  }

  /** Returns at once where records may be written up to `end`; else when they may. */
  waitFor(end: number): Promise<void> | null {
    return end > this.#ready ? this.#slice : null;
  }

  /** The records end here now. */
  writtenTo(end: number): void {
    this.#written = end;
    this.#ready = Math.max(this.#ready, end);
    this.#prepare();
  }

  /** Cuts the segment where the records end. Nobody may write to it meanwhile. */
  async cut(): Promise<void> {
    while (this.#slice !== null) await this.#slice;
    await cutFile(this.#fd, this.#written);
    this.#ready = this.#written;
    this.#resumeAt = this.#written + 1;
  }

  /** Lets go of the segment; only a cut one is without zeros at its end. */
  async close(): Promise<void> {
    while (this.#slice !== null) await this.#slice;
    await closeFile(this.#fd);
  }

  #prepare(): void {
    if (this.#slice !== null || this.#written < this.#resumeAt) return;
    const wanted = Math.max(SLICE_BYTES_MIN, Math.min(this.#written, SLICE_BYTES_MAX));
    const bytes = Math.min(wanted, this.#options.endBytes - this.#ready);
    if (bytes <= 0 || this.bytes > wanted / 2) return;
    this.#slice = this.#write(this.#ready, bytes)
      .catch((error: unknown) => this.#options.onFailed(error))
      .finally(() => {
        this.#slice = null;
      });
  }

  async #write(from: number, bytes: number): Promise<void> {
    if (!(await this.#hasRoom(bytes))) {
      this.#resumeAt = from + 1;
      return;
    }
    const zeros = Buffer.alloc(Math.min(WRITE_BYTES, bytes));
    try {
      for (let at = 0; at < bytes; at += zeros.length)
        await writeAll(this.#fd, [zeros.subarray(0, Math.min(zeros.length, bytes - at))], from + at);
      await flushFile(this.#fd);
      this.#ready = from + bytes;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#resumeAt = from + 1;
      await cutFile(this.#fd, from);
    }
  }

  async #hasRoom(bytes: number): Promise<boolean> {
    const { folder, freeBytesMin } = this.#options;
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize - bytes >= (freeBytesMin ?? FREE_BYTES_MIN);
    } catch {
      // A disk that is gone shows at the next record.
      return false;
    }
  }
}
