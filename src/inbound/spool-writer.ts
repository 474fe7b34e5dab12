/**
 * Writes a large message to the journal's spool behind the session's back: chunks are queued without
 * a promise each, and what has gathered while the disk was busy goes out in one write.
 */
import type { Spool } from '../journal/journal.ts';

export interface SpoolWriterOptions {
  readonly open: () => Promise<Spool>;
  /** Bytes that have left memory: written, or given up. */
  readonly onReleased: (sizeBytes: number) => void;
}

export class SpoolWriter {
  readonly #options: SpoolWriterOptions;
  #queue: Uint8Array[] = [];
  #waitingBytes = 0;
  #isRunning = false;
  #isDiscarded = false;
  #spool: Spool | null = null;
  #failure: { readonly error: unknown } | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(options: SpoolWriterOptions) {
    this.#options = options;
  }

  /** Bytes that are in memory, the write under way included. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Queues a chunk, which is the writer's from now on. Errors come out of {@link finish}. */
  write(chunk: Uint8Array): void {
    this.#waitingBytes += chunk.length;
    if (this.#failure !== null || this.#isDiscarded) {
      this.#release(chunk.length);
      return;
    }
    this.#queue.push(chunk);
    if (!this.#isRunning) void this.#run();
  }

  /** Resolves when everything is written. @throws what opening or writing threw. */
  async finish(): Promise<Spool> {
    await this.#idle();
    if (this.#failure !== null) {
      await this.#drop();
      throw this.#failure.error;
    }
    if (this.#spool === null) this.#spool = await this.#options.open();
    return this.#spool;
  }

  /** Forgets the message and removes its file. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    for (const chunk of this.#queue.splice(0)) this.#release(chunk.length);
    await this.#idle();
    await this.#drop();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      this.#spool ??= await this.#options.open();
      while (this.#queue.length > 0) {
        const chunks = this.#queue.splice(0);
        const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
        try {
          await this.#spool.write(bytes);
        } finally {
          this.#release(bytes.length);
        }
      }
    } catch (error) {
      this.#failure = { error };
      for (const chunk of this.#queue.splice(0)) this.#release(chunk.length);
    }
    this.#isRunning = false;
    for (const callback of this.#whenIdle.splice(0)) callback();
  }

  #release(sizeBytes: number): void {
    this.#waitingBytes -= sizeBytes;
    this.#options.onReleased(sizeBytes);
  }

  #idle(): Promise<void> {
    return this.#isRunning ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  async #drop(): Promise<void> {
    const spool = this.#spool;
    this.#spool = null;
    await spool?.[Symbol.asyncDispose]();
  }
}
