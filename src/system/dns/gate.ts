/**
 * A bound on what is under way at once; the rest waits in the order in which it came.
 *
 * While somebody waits, nobody keeps a place for longer than is fair: else names that nobody answers for would
 * take all places until their time is over, and whoever sends mail can make up as many as he likes.
 */
import type { Clock, Timer } from '../clock.ts';

/** Disposed of when done. */
export interface Place extends Disposable {
  /** Aborted when the place is given to somebody else. */
  readonly taken: AbortSignal;
}

export interface Gate {
  /** @returns A place; null where too many wait, or `signal` says so first. */
  enter(signal: AbortSignal): Promise<Place | null>;
  /** Nobody is let in any more; those who wait get null. */
  close(): void;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly atOnce: number;
  readonly waitingMax: number;
  /** For so long a place is kept whoever waits. */
  readonly keptMs: number;
}

interface Held {
  readonly sinceMs: number;
  takeBack(): void;
}

export function createGate({ clock, atOnce, waitingMax, keptMs }: GateOptions): Gate {
  let isClosed = false;
  let timer: Timer | null = null;
  /** In the order in which they were let in. */
  const inside = new Set<Held>();
  const waiting = new Set<(isAdmitted: boolean) => void>();
  const place = (): Place => {
    const taken = new AbortController();
    const leave = (): void => {
      if (!inside.delete(held)) return;
      const [next] = waiting;
      next?.(true);
    };
    const takeBack = (): void => {
      leave();
      taken.abort();
    };
    const held: Held = { sinceMs: clock.monotonicMs(), takeBack };
    inside.add(held);
    return { taken: taken.signal, [Symbol.dispose]: leave };
  };
  /** Takes the oldest places back as soon as they have been kept long enough, while somebody waits. */
  const relieve = (): void => {
    timer = null;
    while (waiting.size > 0) {
      const [oldest] = inside;
      if (oldest === undefined) return;
      const leftMs = oldest.sinceMs + keptMs - clock.monotonicMs();
      if (leftMs > 0) {
        timer = clock.after(leftMs, relieve);
        return;
      }
      oldest.takeBack();
    }
  };
  return {
    enter(signal) {
      if (signal.aborted || isClosed) return Promise.resolve(null);
      if (inside.size < atOnce) return Promise.resolve(place());
      if (waiting.size >= waitingMax) return Promise.resolve(null);
      return new Promise((resolve) => {
        const abort = (): void => settle(false);
        const settle = (isAdmitted: boolean): void => {
          waiting.delete(settle);
          signal.removeEventListener('abort', abort);
          resolve(isAdmitted ? place() : null);
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(settle);
        if (timer === null) relieve();
      });
    },
    close() {
      isClosed = true;
      timer?.[Symbol.dispose]();
      for (const settle of [...waiting]) settle(false);
    },
  };
}
