/**
 * Brings durable records into the rows, which the `250` does not need: at once when it is quiet, in
 * batches of up to 25 ms under load.
 */
import type { Clock, Timer } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import type { DurableRecord } from './log/writer.ts';
import type { AppliedRecord } from './sqlite/messages.ts';

const BATCH_MS_MAX = 25;
const BATCH_RECORDS_MAX = 256;
/** While the rows cannot take records over. The log has them; nothing is lost by waiting. */
const RETRY_MS = 1000;

/** What it asks of the rows: requests are carried out in the order in which they were sent. */
export interface ApplyingRows {
  inner(
    kind: 'apply',
    input: { readonly records: readonly AppliedRecord[] },
  ): Promise<{ readonly appliedId: number }>;
}

export interface ApplierOptions {
  readonly rows: ApplyingRows;
  readonly clock: Clock;
  readonly log: Log;
  /** Records cannot be taken over, and waiting would not help. */
  readonly onBroken: (error: unknown) => void;
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
      ({ appliedId }) => this.#applied(appliedId, batch),
      (error: unknown) => this.#failed(error, batch),
    );
  }

  /** Applies the rest; what cannot be applied is read back from the log at the next start. */
  async end(): Promise<void> {
    this.flush();
    await this.#last;
  }

  #applied(appliedId: number, batch: readonly AppliedRecord[]): void {
    const left = batch.filter(({ journalId }) => journalId > appliedId);
    this.#failing = left.length > 0;
    // Those before them found no room and are on their way again.
    if (this.#failing) this.#keep(left);
    // What came while there was no room had no time set for it.
    else if (this.#timer === null) this.flush();
  }

  #failed(error: unknown, batch: readonly AppliedRecord[]): void {
    if (!(error instanceof AimxError && error.code === 'journal.no-room')) {
      this.#options.onBroken(error);
      return;
    }
    if (!this.#failing) this.#options.log.warn('journal.rows-behind', { reason: String(error) });
    this.#failing = true;
    this.#keep(batch);
  }

  /** Older records go first: the rows take over nothing behind a gap. */
  #keep(records: readonly AppliedRecord[]): void {
    this.#waiting = [...records, ...this.#waiting].sort((a, b) => a.journalId - b.journalId);
    this.#timer ??= this.#options.clock.after(RETRY_MS, () => this.flush());
  }
}
