/**
 * Messages of a mailbox are decided on in the order in which they were accepted, so that the first
 * copy is the one that stays and hooks start in order of arrival.
 *
 * Authentication and summaries run at once; only the decision waits for those before it, and not for
 * ever: one slow domain must not hold up a mailbox.
 */
import type { MailboxId } from '../journal/journal.ts';
import type { Clock } from '../system/clock.ts';

/** The longest that a message waits for those before it. */
const TURN_WAIT_MS_MAX = 3_000;

/** One message's place in the order; disposing it lets the next one decide. */
export interface Turn extends Disposable {
  /** Resolves when every message before it has decided, or it has waited long enough. */
  come(): Promise<void>;
}

export class ArrivalOrder {
  readonly #clock: Clock;
  /** The last message of each mailbox that has taken a turn. */
  readonly #last = new Map<MailboxId, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a place behind all that have been taken for these mailboxes. Call it in order of acceptance. */
  take(mailboxIds: readonly MailboxId[]): Turn {
    const before = mailboxIds.flatMap((mailboxId) => this.#last.get(mailboxId) ?? []);
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const mailboxId of mailboxIds) this.#last.set(mailboxId, promise);
    return {
      come: () => this.#allOf(before),
      [Symbol.dispose]: () => {
        resolve();
        for (const mailboxId of mailboxIds)
          if (this.#last.get(mailboxId) === promise) this.#last.delete(mailboxId);
      },
    };
  }

  async #allOf(before: readonly Promise<void>[]): Promise<void> {
    if (before.length === 0) return;
    const overdue = Promise.withResolvers<void>();
    using _timer = this.#clock.after(TURN_WAIT_MS_MAX, overdue.resolve);
    await Promise.race([Promise.all(before), overdue.promise]);
  }
}
