/**
 * Spool files: messages too large to be kept in memory while they come in.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool } from '../acceptance.ts';
import { syncFolder } from './segments.ts';

export interface SpoolOptions {
  readonly folder: string;
  /** Without a path. */
  readonly name: string;
  /** Turns a failed write or flush into what the caller is told; may declare the journal broken. */
  readonly failed: (error: unknown, step: 'write' | 'flush') => Error;
}

export class SpoolFile implements Spool {
  /** Relative to the journal's folder, with `/`. */
  readonly file: string;
  readonly #options: SpoolOptions;
  readonly #handle: FileHandle;
  #sizeBytes = 0;
  #state: 'open' | 'sealed' | 'accepted' | 'gone' = 'open';
  #last: Promise<void> = Promise.resolve();

  private constructor(options: SpoolOptions, handle: FileHandle) {
    this.#options = options;
    this.#handle = handle;
    this.file = `spool/${options.name}`;
  }

  static async create(options: SpoolOptions): Promise<SpoolFile> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    try {
      return new SpoolFile(options, await open(join(options.folder, 'spool', options.name), flags, 0o600));
    } catch (error) {
      throw options.failed(error, 'write');
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    const written = this.#last.then(() => this.#writeWhole(chunk));
    this.#last = written;
    // A caller that does not wait for each chunk learns of the failure from the next one or from accept.
    written.catch(() => undefined);
    return written;
  }

  async #writeWhole(chunk: Uint8Array): Promise<void> {
    try {
      for (let from = 0; from < chunk.length; ) {
        const { bytesWritten } = await this.#handle.write(chunk, from, chunk.length - from, this.#sizeBytes);
        from += bytesWritten;
        this.#sizeBytes += bytesWritten;
      }
    } catch (error) {
      throw this.#options.failed(error, 'write');
    }
  }

  /** Flushes the file and its name; only then may a record name it. */
  async seal(): Promise<void> {
    await this.#last;
    if (this.#state !== 'open') return;
    try {
      await this.#handle.sync();
      await syncFolder(join(this.#options.folder, 'spool'));
    } catch (error) {
      throw this.#options.failed(error, 'flush');
    }
    await this.#handle.close();
    this.#state = 'sealed';
  }

  /** A durable record names the file: disposing leaves it. */
  markAccepted(): void {
    this.#state = 'accepted';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const state = this.#state;
    if (state === 'accepted' || state === 'gone') return;
    this.#state = 'gone';
    await this.#last.catch(() => undefined);
    if (state === 'open') await this.#handle.close();
    // Absent is what is wanted; anything else is swept at the next start.
    await unlink(join(this.#options.folder, this.file)).catch(() => undefined);
  }
}
