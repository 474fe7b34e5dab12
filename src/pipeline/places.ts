/**
 * How many messages may be worked on at once, where one that only waits for DNS takes no place.
 *
 * A message takes its place when it is claimed, steps aside when DNS is slow, and comes back before it
 * needs memory and the disk.
 */

/** A message's place; disposing it gives it up for good. */
export interface Place extends Disposable {
  /** Lets another message have it; without effect where too many stand aside. */
  stepAside(): void;
  /** Resolves when there is room again; at once where it never stepped aside. */
  comeBack(): Promise<void>;
}

export interface PlacesOptions {
  /** How many places there are; may change from one moment to the next. */
  readonly limit: () => number;
  /** How many may stand aside at once. */
  readonly asideMax: number;
  /** A place is free and nobody is coming back to it. */
  readonly onFree: () => void;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #returning: (() => void)[] = [];
  #taken = 0;
  #aside = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** How many may be taken now; those that come back go first. */
  get free(): number {
    return this.#options.limit() - this.#taken - this.#returning.length;
  }

  /** May be called although none is free: the limit has sunk meanwhile. */
  take(): Place {
    let isAside = false;
    this.#taken += 1;
    return {
      stepAside: () => {
        if (isAside || this.#aside >= this.#options.asideMax) return;
        isAside = true;
        this.#aside += 1;
        this.#leave();
      },
      comeBack: async () => {
        if (!isAside) return;
        isAside = false;
        this.#aside -= 1;
        if (this.#taken < this.#options.limit()) this.#taken += 1;
        else await new Promise<void>((resolve) => this.#returning.push(resolve));
      },
      [Symbol.dispose]: () => {
        if (isAside) this.#aside -= 1;
        else this.#leave();
      },
    };
  }

  #leave(): void {
    this.#taken -= 1;
    while (this.#returning.length > 0 && this.#taken < this.#options.limit()) {
      this.#taken += 1;
      this.#returning.shift()?.();
    }
    if (this.free > 0) this.#options.onFree();
  }
}
