/**
 * Work that is done in rounds: one at a time, once more where somebody asked meanwhile, and again at a set
 * time. What a worker over rows of a journal needs, whatever its rows are.
 */
import type { Clock, EpochMs, Timer } from './clock.ts';

/** Disposing begins no other round, and waits for the one that is under way. */
export class Rounds implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #round: () => Promise<void>;
  #running: Promise<void> | null = null;
  #isAsked = false;
  #isClosed = false;
  #timer: Timer | undefined;

  /** @param round Must not reject. */
  constructor(clock: Clock, round: () => Promise<void>) {
    this.#clock = clock;
    this.#round = round;
  }

  /** Begins a round now, or, asked from inside of one or beside it, when it has ended. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#running !== null) {
      this.#isAsked = true;
      return;
    }
    this.#running = this.#round().finally(() => {
      this.#running = null;
      if (!this.#isAsked) return;
      this.#isAsked = false;
      this.wake();
    });
  }

  /** Wakes at that time, in the place of any that was set before; null: at none. */
  wakeAt(at: EpochMs | null): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer =
      at === null || this.#isClosed
        ? undefined
        : this.#clock.after(at - this.#clock.now(), () => this.wake());
  }

  /** Resolves when no round is under way and none was asked for. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.wakeAt(null);
    await this.#running;
  }
}
