/**
 * Turns for requests that are larger than usual, such as mail with its attachments: each is read whole,
 * and is in memory several times while it is read, parsed and done.
 *
 * By user, so that nobody waits for another user's: a client that sends slowly keeps its own back.
 */

interface Turns {
  taken: number;
  readonly waiting: (() => void)[];
}

export class LargeRequests {
  readonly #perUid: number;
  readonly #byUid = new Map<number, Turns>();

  /** @param perUid How many of one user may be read and done at once. */
  constructor(perUid: number) {
    this.#perUid = perUid;
  }

  /** Resolves when it is this request's turn, in the order of asking; disposing the turn gives it up. */
  async enter(uid: number): Promise<Disposable> {
    const turns = this.#byUid.get(uid) ?? { taken: 0, waiting: [] };
    this.#byUid.set(uid, turns);
    if (turns.taken < this.#perUid) turns.taken += 1;
    else await new Promise<void>((resolve) => turns.waiting.push(resolve));
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#leave(uid, turns);
      },
    };
  }

  /** The turn goes to who has waited longest. */
  #leave(uid: number, turns: Turns): void {
    const next = turns.waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    turns.taken -= 1;
    if (turns.taken === 0) this.#byUid.delete(uid);
  }
}
