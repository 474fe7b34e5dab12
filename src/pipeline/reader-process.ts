/**
 * One reader process as its parent sees it: started under limits, given one request at a time, killed
 * when it takes too long.
 */
import type { Clock, Timer } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { ChildProcess, ProcessExit, Processes } from '../system/processes.ts';
import { type ProcessLimits, startNodeProcess } from './node-process.ts';
import type { ReaderAnswer, ReaderRequest } from './reader.ts';

/** A request with who waits for it. */
export interface ReaderJob {
  readonly request: ReaderRequest;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: ReaderAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export interface ReaderProcessOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly limits: ProcessLimits;
  /** It waits for the next request. */
  readonly onIdle: () => void;
  /** It has ended, by itself or killed, and its request has been answered. */
  readonly onGone: (exit: ProcessExit | null) => void;
}

/** A process that has read a larger message keeps its memory, as V8 and the allocator see fit. */
const SMALL_BYTES_MAX = 1024 * 1024;

export class ReaderProcess {
  readonly #options: ReaderProcessOptions;
  #child: ChildProcess | null = null;
  #job: ReaderJob | null = null;
  #timer: Timer | null = null;
  #hasGrown = false;
  /** Why it is being killed; null where it is not. */
  #cause: unknown = null;
  /** Resolves when nothing is left of it. */
  readonly ended: Promise<void>;

  constructor(options: ReaderProcessOptions) {
    this.#options = options;
    this.ended = this.#live();
  }

  get isIdle(): boolean {
    return this.#job === null && this.#cause === null;
  }

  /** It holds more memory than a new one would. */
  get hasGrown(): boolean {
    return this.#hasGrown;
  }

  /** Starts the process and stays with it until it has ended. */
  async #live(): Promise<void> {
    let exit: ProcessExit | null = null;
    let failure: unknown = null;
    try {
      const { processes, limits } = this.#options;
      const child = await startNodeProcess(processes, 'reader', limits);
      this.#child = child;
      child.onMessage((message) => this.#answered(message as ReaderAnswer));
      if (this.#cause !== null) child.kill('SIGKILL');
      else if (this.#job !== null) child.send(this.#job.request);
      exit = await child.exited;
    } catch (error) {
      failure = error; // It could not be started; whoever waits is told below.
    }
    this.#finish(exit, failure);
  }

  #finish(exit: ProcessExit | null, failure: unknown): void {
    const job = this.#release();
    const cause = this.#cause ?? died(exit, failure);
    this.#cause = cause;
    job?.reject(cause);
    this.#options.onGone(exit);
  }

  /** Only an idle process takes a request. */
  take(job: ReaderJob): void {
    this.#job = job;
    this.#hasGrown ||= job.request.source.sizeBytes > SMALL_BYTES_MAX;
    this.#timer = this.#options.clock.after(job.timeoutMs, () =>
      this.#kill(
        new AimxError(
          'reader.timeout',
          `Reading a message took longer than ${job.timeoutMs / 1000} seconds`,
          {
            detail: { timeoutMs: job.timeoutMs, request: job.request.kind },
          },
        ),
      ),
    );
    job.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#child?.send(job.request);
  }

  readonly #onAbort = (): void => this.#kill(this.#job?.signal?.reason);

  #answered(answer: ReaderAnswer): void {
    const job = this.#release();
    job?.resolve(answer);
    if (this.#cause === null) this.#options.onIdle();
  }

  #release(): ReaderJob | null {
    const job = this.#job;
    this.#job = null;
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    job?.signal?.removeEventListener('abort', this.#onAbort);
    return job;
  }

  /** Who waits is answered when the process is gone: until then it may write into the folder it was given. */
  #kill(cause: unknown): void {
    this.#cause ??= cause;
    this.#child?.kill('SIGKILL');
  }

  /** Ends it; what it was at is rejected with `reader.died`. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#kill(new AimxError('reader.died', 'The reader process was ended'));
    await this.ended;
  }
}

function died(exit: ProcessExit | null, failure: unknown): AimxError {
  if (exit === null) {
    return new AimxError('reader.died', 'The reader process could not be started', {
      cause: failure,
      hint: 'Check that the machine has free memory and processes',
    });
  }
  return new AimxError('reader.died', 'The reader process ended before it answered', {
    detail: { exitCode: exit.code, signal: exit.signal },
  });
}
