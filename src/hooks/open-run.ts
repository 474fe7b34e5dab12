/** A run that is claimed or running, and what its follower is told while it waits. */
import type { RunRow } from '../journal/journal.ts';
import type { Clock } from '../system/clock.ts';
import type { LauncherEvent } from './helper.ts';

export class OpenRun {
  readonly run: RunRow;
  /** Resolves when the run's row is final or due again, or the runner stops. */
  readonly closed: Promise<void>;
  /** Who asked to end it; null while nobody has. */
  cancelledBy: string | null = null;
  #close: () => void = () => undefined;
  #events: LauncherEvent[] = [];
  #isHelperLost = false;
  #wake: (() => void) | null = null;

  constructor(run: RunRow) {
    this.run = run;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  tell(event: LauncherEvent): void {
    if (event.attempt !== this.run.attempt) return;
    this.#events.push(event);
    this.#wake?.();
  }

  loseHelper(): void {
    this.#isHelperLost = true;
    this.#wake?.();
  }

  cancel(by: string): void {
    this.cancelledBy ??= by;
    this.#wake?.();
  }

  close(): void {
    this.#close();
  }

  /** What has happened since the last call. */
  take(): { readonly events: readonly LauncherEvent[]; readonly isHelperLost: boolean } {
    const taken = { events: this.#events, isHelperLost: this.#isHelperLost };
    this.#events = [];
    this.#isHelperLost = false;
    return taken;
  }

  /** Resolves when something is told, after `ms`, or when `signal` stops everything. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#events.length > 0 || this.#isHelperLost || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = clock.after(ms, () => wake());
      const wake = (): void => {
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', wake);
        this.#wake = null;
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}
