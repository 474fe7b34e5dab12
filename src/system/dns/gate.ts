/** A bound on what is under way at once; the rest waits in the order in which it came. */

export interface Gate {
  /** @returns A place, to be disposed of when done; null where too many wait, or `signal` says so first. */
  enter(signal: AbortSignal): Promise<Disposable | null>;
  /** Nobody is let in any more; those who wait get null. */
  close(): void;
}

export function createGate({
  atOnce,
  waitingMax,
}: {
  readonly atOnce: number;
  readonly waitingMax: number;
}): Gate {
  let inside = 0;
  let isClosed = false;
  const waiting = new Set<(isAdmitted: boolean) => void>();
  const place = (): Disposable => {
    let isLeft = false;
    inside += 1;
    return {
      [Symbol.dispose]() {
        if (isLeft) return;
        isLeft = true;
        inside -= 1;
        const [next] = waiting;
        next?.(true);
      },
    };
  };
  return {
    enter(signal) {
      if (signal.aborted || isClosed) return Promise.resolve(null);
      if (inside < atOnce) return Promise.resolve(place());
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
      });
    },
    close() {
      isClosed = true;
      for (const settle of [...waiting]) settle(false);
    },
  };
}
