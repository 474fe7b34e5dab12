/**
 * Entry of the thread that owns the rows. It takes all requests that wait, runs them in one
 * transaction with a savepoint each, commits once, and then answers all: group commit for rows.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../system/assert.ts';
import { AimxError } from '../../system/errors.ts';
import { lowerThreadPriority } from '../../system/thread-priority.ts';
import type { RowsChanged } from '../journal.ts';
import type { Queries } from '../queries.ts';
import type { Transitions } from '../transitions.ts';
import type { Context } from './context.ts';
import { type Database, isFatal, isFull, openDatabase } from './database.ts';
import { applyRecords, claimMessages, type Leases, settleUnsubmitted } from './messages.ts';
import type { RecipientLeases } from './outgoing/claim.ts';
import type {
  FromWorker,
  InnerRequests,
  RemoteError,
  Reply,
  Request,
  RowsOpened,
  WorkerSettings,
} from './protocol.ts';
import { answer } from './queries.ts';
import { neededFiles, rawMoved, segmentState, spoolExpired } from './retention.ts';
import { type TransitionTable, transitionTable } from './transitions.ts';

/** One transaction at most: some 5 ms, so that nobody waits long for the commit. */
const BATCH_REQUESTS_MAX = 256;
/** Where processors are short, the main thread goes first: a `250` waits for no rows. */
const NICE = 5;

class RowsThread {
  readonly #db: Database;
  readonly #folder: string;
  readonly #tell: (message: FromWorker) => void;
  readonly #leases: Leases = new Set();
  readonly #sending: RecipientLeases = new Set();
  readonly #transitions: TransitionTable = transitionTable({ round: { after: '' }, sending: this.#sending });
  readonly #waiting: Request[] = [];
  #scheduled = false;

  constructor(db: Database, folder: string, tell: (message: FromWorker) => void) {
    this.#db = db;
    this.#folder = folder;
    this.#tell = tell;
  }

  take(request: Request): void {
    this.#waiting.push(request);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // All messages that have come are taken before the next turn.
    setImmediate(() => this.#run());
  }

  #run(): void {
    const batch = this.#waiting.splice(0, BATCH_REQUESTS_MAX);
    this.#scheduled = this.#waiting.length > 0;
    if (this.#scheduled) setImmediate(() => this.#run());
    const leased = { messages: new Set(this.#leases), sending: new Set(this.#sending) };
    try {
      this.#tell({ kind: 'replies', ...this.#commit(batch) });
    } catch (error) {
      this.#undo(leased);
      const changed = this.#releaseAll(batch) ? (['messages'] as const) : [];
      if (isFatal(error)) {
        this.#tell({ kind: 'broken', error: remoteError(error) });
        return;
      }
      const refused = isFull(error)
        ? new AimxError('journal.no-room', 'Cannot write the rows: no room on the journal’s disk', {
            hint: 'Free some room on the file system of the data folder',
          })
        : error;
      const replies = batch.map(({ number }) => ({ number, error: remoteError(refused) }));
      this.#tell({ kind: 'replies', replies, changed });
    }
  }

  #commit(batch: readonly Request[]): { replies: readonly Reply[]; changed: readonly RowsChanged[] } {
    const changed = new Set<RowsChanged>();
    const stops = batch.filter((request) => request.kind === 'stop');
    const onlyQueries = batch.every((request) => request.part === 'query');
    // A reading transaction needs no flush.
    this.#db.exec(onlyQueries ? 'BEGIN' : 'BEGIN IMMEDIATE');
    const replies = batch.map((request) => this.#serve(request, changed));
    this.#db.exec('COMMIT');
    if (stops.length > 0) this.#stop();
    return { replies, changed: [...changed] };
  }

  #serve(request: Request, changed: Set<RowsChanged>): Reply {
    const { number } = request;
    const ids = [...request.ids];
    const context: Context = {
      db: this.#db,
      folder: this.#folder,
      changed,
      takeId() {
        const id = ids.pop();
        assert(id !== undefined, `"${request.kind}" needs more ids than it brought`);
        return id;
      },
    };
    this.#db.exec('SAVEPOINT request');
    try {
      const value = this.#carryOut(context, request);
      this.#db.exec('RELEASE request');
      return { number, value };
    } catch (error) {
      // These end the whole transaction, with or without SQLite's own rollback.
      if (isFatal(error) || isFull(error)) throw error;
      this.#db.exec('ROLLBACK TO request; RELEASE request');
      return { number, error: remoteError(error) };
    }
  }

  #carryOut(context: Context, request: Request): unknown {
    switch (request.part) {
      case 'advance': {
        const transition = this.#transitions[request.kind as keyof Transitions];
        return (transition as (context: Context, input: unknown) => unknown)(context, request.input);
      }
      case 'query':
        return answer(
          this.#db,
          this.#folder,
          request.kind as keyof Queries,
          request.input as Queries[keyof Queries]['in'] & Queries['message']['in'],
        );
      case 'inner':
        return this.#inner[request.kind as keyof InnerRequests](context, request.input as never);
    }
  }

  readonly #inner: {
    readonly [Kind in keyof InnerRequests]: (
      context: Context,
      input: InnerRequests[Kind]['in'],
    ) => InnerRequests[Kind]['out'];
  } = {
    apply: (context, input) => applyRecords(context, input.records),
    'claim-messages': (_context, input) => claimMessages(this.#db, this.#folder, this.#leases, input),
    'release-message': (context, input) => {
      if (this.#leases.delete(input.journalId)) context.changed.add('messages');
    },
    'needed-files': neededFiles,
    'segment-state': segmentState,
    'raw-moved': rawMoved,
    'spool-expired': spoolExpired,
    'settle-unsubmitted': settleUnsubmitted,
    'swept-at': (context, input) => context.db.setMeta('swept_at', String(input.at)),
    stop: () => undefined,
  };

  #stop(): void {
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  /** Leases are no rows: what was given back stays so, whatever became of the transaction. */
  #releaseAll(batch: readonly Request[]): boolean {
    const released = batch.filter(
      ({ part, kind, input }) =>
        part === 'inner' &&
        kind === 'release-message' &&
        this.#leases.delete((input as InnerRequests['release-message']['in']).journalId),
    );
    return released.length > 0;
  }

  #undo(leased: { readonly messages: Leases; readonly sending: RecipientLeases }): void {
    restore(this.#leases, leased.messages);
    // A result that could not be written down still keeps its recipients from being tried again.
    restore(this.#sending, leased.sending);
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself where it had to.
    }
  }
}

function remoteError(error: unknown): RemoteError {
  if (error instanceof AimxError)
    return { code: error.code, message: error.message, hint: error.hint, detail: error.detail };
  return {
    code: isFatal(error) ? 'journal.broken' : null,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}

function restore(set: Set<number>, before: ReadonlySet<number>): void {
  set.clear();
  for (const item of before) set.add(item);
}

function readOpened(db: Database): RowsOpened {
  const sweptAt = db.getMeta('swept_at');
  return {
    epoch: db.getMeta('epoch'),
    appliedFile: db.getMeta('applied_file'),
    appliedOffset: Number(db.getMeta('applied_offset') ?? 0),
    appliedId: Number(db.getMeta('applied_id') ?? 0),
    sweptAt: sweptAt === null ? null : Number(sweptAt),
  };
}

function main(): void {
  lowerThreadPriority(NICE);
  assert(parentPort !== null, 'the rows are a thread of their own');
  const port = parentPort;
  const tell = (message: FromWorker): void => port.postMessage(message);
  const { folder } = workerData as WorkerSettings;
  try {
    const db = openDatabase(join(folder, 'rows.db'));
    const thread = new RowsThread(db, folder, tell);
    port.on('message', (request: Request) => thread.take(request));
    tell({ kind: 'opened', opened: readOpened(db) });
  } catch (error) {
    tell({ kind: 'refused', error: remoteError(error) });
  }
}

main();
