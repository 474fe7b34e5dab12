/**
 * Brings durable records into the rows, which the `250` does not need: at once when it is quiet, in
 * batches of up to 25 ms under load.
 */
import type { Clock, Timer } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import type { DurableRecord } from './log/writer.ts';
import type { Rows } from './sqlite/client.ts';
import type { AppliedRecord } from './sqlite/messages.ts';

const BATCH_MS_MAX = 25;
const BATCH_RECORDS_MAX = 256;
/** When the rows have found the disk full. The log has the records; nothing is lost by waiting. */
const RETRY_MS = 1000;

export interface ApplierOptions {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly log: Log;
}

export class Applier {
  readonly #options: ApplierOptions;
  #waiting: AppliedRecord[] = [];
  #timer: Timer | null = null;
  #sentAtMs: number = Number.NEGATIVE_INFINITY;
  #failing = false;
  /** The last batch that was sent; settles, never rejects. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  add(records: readonly DurableRecord[]): void {
    const durableAt = this.#options.clock.now();
    for (const record of records) this.#waiting.push({ ...record, durableAt });
    if (this.#failing) return;
    const quietMs = this.#options.clock.monotonicMs() - this.#sentAtMs;
    if (quietMs >= BATCH_MS_MAX || this.#waiting.length >= BATCH_RECORDS_MAX) this.flush();
    else this.#timer ??= this.#options.clock.after(BATCH_MS_MAX - quietMs, () => this.flush());
  }

  /** Sends what waits; a request to the rows that is made afterwards sees it. */
  flush(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#sentAtMs = this.#options.clock.monotonicMs();
    this.#last = this.#options.rows.inner('apply', { records: batch }).then(
      () => {
        this.#failing = false;
      },
      (error: unknown) => this.#failed(error, batch),
    );
  }

  /** Applies the rest; what cannot be applied is read back from the log at the next start. */
  async end(): Promise<void> {
    this.flush();
    await this.#last;
  }

  #failed(error: unknown, batch: readonly AppliedRecord[]): void {
    // Older records go first: the rows take them over in order and pass over what they have.
    this.#waiting = [...batch, ...this.#waiting].sort((a, b) => a.journalId - b.journalId);
    if (!this.#failing) this.#options.log.warn('journal.rows-behind', { reason: String(error) });
    this.#failing = true;
    if (error instanceof AimxError && error.code === 'journal.no-room')
      this.#timer ??= this.#options.clock.after(RETRY_MS, () => this.flush());
  }
}
