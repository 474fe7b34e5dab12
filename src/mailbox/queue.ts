/**
 * One file operation at a time for each mailbox, under a time limit.
 *
 * An operation that hangs (a dead mount) cannot be called back: it keeps its thread until the kernel
 * lets go. It stops its own mailbox and no other: until it ends, whatever else is asked of that
 * mailbox is answered `files.timeout` at once and never begun, so that no mailbox holds more than
 * one thread.
 */
import type { Clock } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';

/** A local disk under load answers within seconds; past this the delivery waits and says why. */
export const FILE_OPERATION_MS_MAX = 15_000;

interface Lane {
  /** Resolves when the operation before has ended or is overdue. */
  turn: Promise<void>;
  waiting: number;
  isHung: boolean;
}

export class MailboxQueue {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #lanes = new Map<string, Lane>();

  constructor(options: { readonly clock: Clock; readonly limitMs?: number }) {
    this.#clock = options.clock;
    this.#limitMs = options.limitMs ?? FILE_OPERATION_MS_MAX;
  }

  /**
   * Runs `operation` when all that were asked for before have ended.
   *
   * @param lane What must not be used by two at once: a mailbox.
   * @throws AimxError `files.timeout` where it does not end within the limit, or one before it has not.
   */
  async run<Result>(lane: string, operation: () => Promise<Result>): Promise<Result> {
    const own = this.#lane(lane);
    const before = own.turn;
    let done: () => void = () => undefined;
    own.turn = new Promise((resolve) => {
      done = resolve;
    });
    own.waiting += 1;
    try {
      await before;
      if (own.isHung) throw this.#timeout(lane, 'an earlier operation there has not ended');
      return await this.#within(lane, own, operation);
    } finally {
      done();
      own.waiting -= 1;
      this.#forget(lane, own);
    }
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { turn: Promise.resolve(), waiting: 0, isHung: false };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #forget(name: string, lane: Lane): void {
    if (lane.waiting === 0 && !lane.isHung) this.#lanes.delete(name);
  }

  async #within<Result>(name: string, lane: Lane, operation: () => Promise<Result>): Promise<Result> {
    const running = operation();
    return await new Promise<Result>((resolve, reject) => {
      const timer = this.#clock.after(this.#limitMs, () => {
        lane.isHung = true;
        const ended = (): void => {
          lane.isHung = false;
          this.#forget(name, lane);
        };
        // How it ends matters to nobody any more: every operation here may be run again.
        running.then(ended, ended);
        reject(this.#timeout(name, `it did not end within ${this.#limitMs} ms`));
      });
      running.then(resolve, reject).finally(() => timer[Symbol.dispose]());
    });
  }

  #timeout(lane: string, why: string): AimxError {
    return new AimxError('files.timeout', `Cannot use the files of mailbox "${lane}": ${why}`, {
      hint: 'Check that the file system answers; delivery goes on by itself when it does',
    });
  }
}
