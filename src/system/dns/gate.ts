/** A bound on what is under way at once; the rest waits in the order in which it came. */

export interface Gate {
  /** @returns A place, to be disposed of when done; null where too many wait, or `signal` says so first. */
  enter(signal: AbortSignal): Promise<Disposable | null>;
}

export function createGate({
  atOnce,
  waitingMax,
}: {
  readonly atOnce: number;
  readonly waitingMax: number;
}): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();
  const place = (): Disposable => {
    let isLeft = false;
    inside += 1;
    return {
      [Symbol.dispose]() {
        if (isLeft) return;
        isLeft = true;
        inside -= 1;
        const [next] = waiting;
        next?.();
      },
    };
  };
  return {
    enter(signal) {
      if (signal.aborted) return Promise.resolve(null);
      if (inside < atOnce) return Promise.resolve(place());
      if (waiting.size >= waitingMax) return Promise.resolve(null);
      return new Promise((resolve) => {
        const abort = (): void => {
          waiting.delete(admit);
          resolve(null);
        };
        const admit = (): void => {
          waiting.delete(admit);
          signal.removeEventListener('abort', abort);
          resolve(place());
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.add(admit);
      });
    },
  };
}
