/**
 * Where the content of one message goes while it comes in: hashed, small ones kept in memory, large
 * ones written to the journal's spool.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import type { AcceptedContent, Spool } from '../journal/journal.ts';
import type { ContentMemory, Spillable } from './content-memory.ts';
import { SPOOL_WAITING_BYTES_MAX } from './limits.ts';
import { SpoolWriter } from './spool-writer.ts';

/** A whole message, ready to be accepted. */
export interface ReceivedContent {
  readonly content: AcceptedContent;
  /** SHA-256, lower-case hex. */
  readonly exactFingerprint: string;
}

export interface ContentSinkOptions {
  readonly memory: ContentMemory;
  readonly inlineBytes: number;
  readonly openSpool: () => Promise<Spool>;
  /** Called when `isBehind` may have become false. */
  readonly onProgress: () => void;
}

/** Up to this, one call over the whole is cheaper than a hash object, and short enough to hold nobody up. */
const HASH_AT_ONCE_BYTES_MAX = 16 * 1024;
/**
 * Smaller pieces share a block: a client that sends byte by byte must not cost an object each.
 * Larger ones get memory of exactly their size.
 */
const BLOCK_BYTES = 4096;
const SMALL_CHUNK_BYTES_MAX = 1024;

export class ContentSink implements Spillable {
  readonly #options: ContentSinkOptions;
  #chunks: Uint8Array[] = [];
  /** Where small pieces gather; the last of `#chunks` is its used part while it is not null. */
  #block: Uint8Array | null = null;
  #blockUsedBytes = 0;
  #sizeBytes = 0;
  #hash: Hash | null = null;
  #writer: SpoolWriter | null = null;

  constructor(options: ContentSinkOptions) {
    this.#options = options;
    options.memory.enroll(this);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get inMemoryBytes(): number {
    return this.#writer === null ? this.#sizeBytes : this.#writer.waitingBytes;
  }

  /** The disk does not keep up with the client: read no further for now. */
  get isBehind(): boolean {
    return this.#writer !== null && this.#writer.waitingBytes > SPOOL_WAITING_BYTES_MAX;
  }

  /** Takes the next piece of content; copies it. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const sizeBefore = this.#sizeBytes;
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > HASH_AT_ONCE_BYTES_MAX) this.#hash ??= this.#hashKept();
    this.#hash?.update(bytes);
    if (this.#writer !== null) this.#writer.write(copy(bytes));
    else this.#keep(bytes);
    if (sizeBefore <= this.#options.inlineBytes && this.#sizeBytes > this.#options.inlineBytes) this.spill();
    this.#options.memory.take(bytes.length);
  }

  spill(): void {
    if (this.#writer !== null) return;
    this.#options.memory.withdraw(this);
    this.#hash ??= this.#hashKept();
    this.#writer = new SpoolWriter({
      open: this.#options.openSpool,
      onReleased: (sizeBytes) => {
        this.#options.memory.release(sizeBytes);
        this.#options.onProgress();
      },
    });
    for (const chunk of this.#chunks) this.#writer.write(chunk);
    this.#chunks = [];
    this.#block = null;
  }

  /**
   * Ends the message. The caller calls {@link release} once it has no use for what it got.
   *
   * @returns At once for one in memory, so that a small message costs no turn.
   * @throws (rejects) what the journal's spool threw.
   */
  finish(): ReceivedContent | Promise<ReceivedContent> {
    this.#options.memory.withdraw(this);
    const sizeBytes = this.#sizeBytes;
    const exactFingerprint = this.#digest();
    if (this.#writer === null)
      return { content: { kind: 'inline', chunks: this.#chunks, sizeBytes }, exactFingerprint };
    return this.#writer
      .finish()
      .then((spool) => ({ content: { kind: 'spooled', spool, sizeBytes }, exactFingerprint }));
  }

  /** Gives back the memory of a message that has been accepted. */
  release(): void {
    if (this.#writer === null) this.#options.memory.release(this.#sizeBytes);
    this.#chunks = [];
    this.#sizeBytes = 0;
  }

  /** Forgets the message; resolves when nothing of it is left on the disk. */
  async discard(): Promise<void> {
    this.#options.memory.withdraw(this);
    this.release();
    await this.#writer?.discard();
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length > SMALL_CHUNK_BYTES_MAX) {
      this.#block = null;
      this.#chunks.push(copy(bytes));
      return;
    }
    if (this.#block === null || this.#blockUsedBytes + bytes.length > BLOCK_BYTES) {
      this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
      this.#blockUsedBytes = 0;
      this.#chunks.push(this.#block);
    }
    this.#block.set(bytes, this.#blockUsedBytes);
    this.#blockUsedBytes += bytes.length;
    this.#chunks[this.#chunks.length - 1] = this.#block.subarray(0, this.#blockUsedBytes);
  }

  #hashKept(): Hash {
    const started = createHash('sha256');
    for (const chunk of this.#chunks) started.update(chunk);
    return started;
  }

  #digest(): string {
    if (this.#hash !== null) return this.#hash.digest('hex');
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return hash('sha256', only, 'hex');
    return hash('sha256', Buffer.concat(this.#chunks), 'hex');
  }
}

function copy(bytes: Uint8Array): Uint8Array {
  const own = Buffer.allocUnsafe(bytes.length);
  own.set(bytes);
  return own;
}
