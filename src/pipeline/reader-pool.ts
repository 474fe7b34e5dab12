/**
 * The pool of reader processes: each has one request at a time; one that dies or takes too long is
 * replaced when the next request needs it.
 *
 * One process is started at once and kept, so that the first message does not wait for it; another is
 * started while requests wait, and ended when it has had nothing to do. One that has read a large
 * message is then replaced, since it keeps the memory.
 */
import type { RawSource } from '../journal/journal.ts';
import type { MessageSummary } from '../message/message.ts';
import { RAW_ATTACHMENT_NAME, RAW_ATTACHMENT_TYPE, unreadableMessage } from '../message/unreadable.ts';
import type { Clock, Timer } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import type { Processes } from '../system/processes.ts';
import { damagedSource } from './damaged-source.ts';
import type { ProcessLimits } from './node-process.ts';
import type { Reader, ReaderAnswer, ReaderOptions, ReaderRequest, ReadOutcome } from './reader.ts';
import { type ReaderJob, ReaderProcess } from './reader-process.ts';

export interface ReaderLimits extends ProcessLimits {
  readonly summarizeMs: number;
  readonly readMs: number;
  readonly processesMax: number;
  /** How long a process that is not needed, or has grown, waits for work. */
  readonly idleMs: number;
}

export const READER_LIMITS: ReaderLimits = {
  // 512 MiB of it V8 sets aside for code and does not use; messages of 25 MiB of the worst kind need
  // less than half of what is left.
  dataBytes: 1152 * 1024 * 1024,
  heapMiB: 320,
  // Header fields and two hashes of 25 MiB take 0.2 s.
  summarizeMs: 10_000,
  // 25 MiB of the worst kind take some seconds on a slow machine.
  readMs: 30_000,
  processesMax: 2,
  idleMs: 30_000,
};

export interface ReaderPoolOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  /** Those of {@link READER_LIMITS} that are to be others. */
  readonly limits?: Partial<ReaderLimits>;
}

/** Starts the pool. Disposing it ends its processes. */
export function createReaderPool(options: ReaderPoolOptions): Reader {
  return new ReaderPool(options);
}

class ReaderPool implements Reader {
  readonly #options: ReaderPoolOptions;
  readonly #limits: ReaderLimits;
  readonly #waiting: ReaderJob[] = [];
  readonly #processes = new Set<ReaderProcess>();
  #idleTimer: Timer | null = null;
  #closed = false;

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
    this.#limits = { ...READER_LIMITS, ...options.limits };
    this.#start();
  }

  async summarize(source: RawSource, options: ReaderOptions = {}): Promise<MessageSummary> {
    const answer = await this.#ask({ kind: 'summarize', source }, this.#limits.summarizeMs, options);
    if (answer.kind === 'summary') return answer.summary;
    throw failure(answer, source);
  }

  async read(source: RawSource, folder: string, options: ReaderOptions = {}): Promise<ReadOutcome> {
    const answer = await this.#ask({ kind: 'read', source, folder }, this.#limits.readMs, options);
    if (answer.kind === 'outcome') return answer.outcome;
    throw failure(answer, source);
  }

  async readUnread(
    source: RawSource,
    summary: MessageSummary,
    folder: string,
    options: ReaderOptions = {},
  ): Promise<ReadOutcome> {
    const request = { kind: 'attach-raw', source, folder, filename: RAW_ATTACHMENT_NAME } as const;
    const answer = await this.#ask(request, this.#limits.readMs, options);
    if (answer.kind !== 'raw-attached') throw failure(answer, source);
    const attachment = {
      filename: RAW_ATTACHMENT_NAME,
      contentType: RAW_ATTACHMENT_TYPE,
      sizeBytes: answer.sizeBytes,
    };
    return { ...unreadableMessage(summary.header), attachments: [attachment] };
  }

  #ask(request: ReaderRequest, timeoutMs: number, { signal }: ReaderOptions): Promise<ReaderAnswer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed) return reject(ended());
      const leaveQueue = (): void => {
        const index = this.#waiting.indexOf(job);
        // A request that a process has begun is given up by that process.
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        job.reject(signal?.reason);
      };
      const settled = (): void => signal?.removeEventListener('abort', leaveQueue);
      const job: ReaderJob = {
        request,
        timeoutMs,
        signal,
        resolve(answer) {
          settled();
          resolve(answer);
        },
        reject(error) {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', leaveQueue, { once: true });
      this.#waiting.push(job);
      this.#dispatch();
    });
  }

  /** Hands waiting requests to idle processes, and starts one more where all are busy. */
  #dispatch(): void {
    for (const process of this.#processes) if (process.isIdle) this.#handNext(process);
    if (this.#waiting.length > 0 && this.#processes.size < this.#limits.processesMax) {
      this.#handNext(this.#start());
    }
    this.#watchIdle();
  }

  #handNext(process: ReaderProcess): void {
    const job = this.#waiting.shift();
    if (job !== undefined) process.take(job);
  }

  #start(): ReaderProcess {
    const { processes, clock, log } = this.#options;
    const process: ReaderProcess = new ReaderProcess({
      processes,
      clock,
      limits: this.#limits,
      onIdle: () => this.#dispatch(),
      onGone: (exit) => {
        this.#processes.delete(process);
        if (this.#closed) return;
        log.debug('reader.gone', { exit_code: exit?.code ?? null, signal: exit?.signal ?? null });
        // A new one is started for a request alone: one that cannot live must not be started for ever.
        if (this.#waiting.length > 0) this.#dispatch();
      },
    });
    this.#processes.add(process);
    return process;
  }

  /** Idle processes beyond the first, and those that have grown. */
  #dispensable(): readonly ReaderProcess[] {
    const idle = [...this.#processes].filter((process) => process.isIdle);
    return idle.filter((process, index) => index > 0 || process.hasGrown);
  }

  /** Once there has been nothing to do for a while, ends what is not needed and keeps one that is small. */
  #watchIdle(): void {
    this.#idleTimer?.[Symbol.dispose]();
    this.#idleTimer = null;
    if (this.#dispensable().length === 0) return;
    this.#idleTimer = this.#options.clock.after(this.#limits.idleMs, () => void this.#shrink());
  }

  async #shrink(): Promise<void> {
    await Promise.all(this.#dispensable().map((process) => process.end()));
    if (!this.#closed && this.#processes.size === 0) this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#idleTimer?.[Symbol.dispose]();
    for (const job of this.#waiting.splice(0)) job.reject(ended());
    await Promise.all([...this.#processes].map((process) => process.end()));
  }
}

function ended(): AimxError {
  return new AimxError('reader.died', 'The reader processes have been ended');
}

/** What an answer that is none of the wanted ones means. */
function failure(answer: ReaderAnswer, source: RawSource): Error {
  if (answer.kind === 'damaged') return damagedSource(source, answer.found);
  if (answer.kind === 'failed') return Object.assign(new Error(answer.message), { code: answer.code });
  return new AimxError('reader.died', `The reader process gave an answer of another kind: ${answer.kind}`);
}
