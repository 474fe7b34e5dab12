/**
 * The rows as the main thread sees them: requests go out in order, answers come back after their commit.
 */
import { Worker } from 'node:worker_threads';
import { AimxError, ERROR_CODES, type ErrorCode } from '../../system/errors.ts';
import type { RowsChanged } from '../journal.ts';
import type { Queries } from '../queries.ts';
import type { Transitions } from '../transitions.ts';
import type {
  FromWorker,
  InnerRequests,
  RemoteError,
  Reply,
  Request,
  RowsOpened,
  WorkerSettings,
} from './protocol.ts';

/** Commits between two looks at the write-ahead log's size: some 10 MiB at the most. */
const COMMITS_PER_CHECKPOINT = 200;

export interface RowsOptions {
  readonly folder: string;
  readonly onChanged: (changed: readonly RowsChanged[]) => void;
  readonly onBroken: (error: AimxError) => void;
}

interface Waiter {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

export class Rows {
  readonly opened: RowsOpened;
  readonly #worker: Worker;
  readonly #checkpoints: Worker;
  readonly #options: RowsOptions;
  readonly #waiters: Map<number, Waiter> = new Map();
  #number = 0;
  #commits = 0;
  #checkpointing = false;
  #state: 'open' | 'stopping' | 'broken' = 'open';

  private constructor(options: RowsOptions, worker: Worker, opened: RowsOpened) {
    this.#options = options;
    this.#worker = worker;
    this.opened = opened;
    worker.on('message', (message: FromWorker) => this.#hear(message));
    worker.on('error', (error) => this.#break(brokenRows(String(error))));
    worker.on('exit', () => this.#break(brokenRows('their thread has ended')));
    this.#checkpoints = startWorker('checkpoint-worker', { folder: options.folder });
    this.#checkpoints.on('message', () => {
      this.#checkpointing = false;
    });
    this.#checkpoints.on('error', (error) => this.#break(brokenRows(String(error))));
    this.#checkpoints.unref();
  }

  /** @throws AimxError `journal.damaged`, `journal.newer`. */
  static async open(options: RowsOptions): Promise<Rows> {
    const worker = startWorker('rows-worker', { folder: options.folder });
    const first = await new Promise<FromWorker>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    worker.removeAllListeners('error');
    if (first.kind === 'opened') return new Rows(options, worker, first.opened);
    await worker.terminate();
    throw first.kind === 'refused' ? localError(first.error) : brokenRows(`unexpected "${first.kind}"`);
  }

  advance<Kind extends keyof Transitions>(
    kind: Kind,
    input: Transitions[Kind]['in'],
    ids: readonly string[],
  ): Promise<Transitions[Kind]['out']> {
    return this.#ask('advance', kind, input, ids);
  }

  query<Kind extends keyof Queries>(kind: Kind, input: Queries[Kind]['in']): Promise<Queries[Kind]['out']> {
    return this.#ask('query', kind, input, []);
  }

  inner<Kind extends keyof InnerRequests>(
    kind: Kind,
    input: InnerRequests[Kind]['in'],
  ): Promise<InnerRequests[Kind]['out']> {
    return this.#ask('inner', kind, input, []);
  }

  /** Finishes what was asked, writes everything into the database file and closes it. */
  async stop(): Promise<void> {
    if (this.#state === 'open') {
      const stopped = this.inner('stop', {});
      this.#state = 'stopping';
      await stopped.catch(() => undefined);
    }
    await Promise.all([this.#worker.terminate(), this.#checkpoints.terminate()]);
  }

  #ask<Result>(
    part: Request['part'],
    kind: Request['kind'],
    input: unknown,
    ids: readonly string[],
  ): Promise<Result> {
    if (this.#state !== 'open') return Promise.reject(brokenRows('the journal is closed'));
    this.#number += 1;
    const request: Request = { number: this.#number, part, kind, input, ids };
    return new Promise<Result>((resolve, reject) => {
      this.#waiters.set(request.number, { resolve: resolve as Waiter['resolve'], reject });
      this.#worker.postMessage(request);
    });
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'replies':
        for (const reply of message.replies) this.#settle(reply);
        if (message.changed.length > 0) this.#options.onChanged(message.changed);
        this.#countCommit();
        return;
      case 'broken':
      case 'refused':
        this.#break(localError(message.error));
        return;
      case 'opened':
        return;
    }
  }

  #settle(reply: Reply): void {
    const waiter = this.#waiters.get(reply.number);
    this.#waiters.delete(reply.number);
    if ('error' in reply) waiter?.reject(localError(reply.error));
    else waiter?.resolve(reply.value as never);
  }

  #countCommit(): void {
    this.#commits += 1;
    if (this.#checkpointing || this.#commits < COMMITS_PER_CHECKPOINT) return;
    this.#commits = 0;
    this.#checkpointing = true;
    this.#checkpoints.postMessage('checkpoint');
  }

  #break(error: AimxError | Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'broken';
    const broken = error instanceof AimxError ? error : brokenRows(error.message);
    for (const waiter of this.#waiters.values()) waiter.reject(broken);
    this.#waiters.clear();
    this.#options.onBroken(broken);
  }
}

function startWorker(name: string, settings: WorkerSettings): Worker {
  // Run as TypeScript from a clone, as JavaScript from the built package.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./${name}.${extension}`, import.meta.url), { workerData: settings });
}

function brokenRows(reason: string): AimxError {
  return new AimxError('journal.broken', `Cannot use the rows: ${reason}`, {
    hint: 'Check the disk (dmesg, smartctl); the daemon ends and goes on from what is on the disk',
  });
}

function localError(remote: RemoteError): Error {
  if (remote.code === null || !(remote.code in ERROR_CODES)) {
    const error = new Error(remote.message);
    if (remote.stack !== undefined) error.stack = remote.stack;
    return error;
  }
  return new AimxError(remote.code as ErrorCode, remote.message, {
    ...(remote.hint === undefined ? {} : { hint: remote.hint }),
    ...(remote.detail === undefined ? {} : { detail: remote.detail }),
  });
}
