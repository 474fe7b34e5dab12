/**
 * Mailboxes that the earlier version has written are read in once, so that a sender's retry of what it
 * delivered is known (contract §3); after a restore all are, for files that are newer than the rows.
 *
 * Receiving starts at once; decisions on such a mailbox wait until it has been read in.
 */
import type { MailboxId } from '../journal/journal.ts';
import type { MailboxPlace } from '../mailbox/store.ts';
import { epochMs, type Timer } from '../system/clock.ts';
import { type Obstacle, obstacleOfProblem } from './waiting.ts';
import type { World } from './world.ts';

/** How soon a mailbox whose folder could not be used is tried again. */
const RETRY_MS = 10_000;

export interface TakeOver extends Disposable {
  /** Looks for mailboxes that have not been read in: at the start, and after each change of the config. */
  wake(): void;
}

export function createTakeOver(world: World): TakeOver {
  return new MailboxTakeOver(world);
}

class MailboxTakeOver implements TakeOver {
  readonly #world: World;
  readonly #inHand = new Set<MailboxId>();
  /** Code of what each mailbox waits for, as it was logged last. */
  readonly #said = new Map<MailboxId, string>();
  readonly #stop = new AbortController();
  #retry: Timer | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  wake(): void {
    this.#look().catch((error: unknown) => {
      this.#failed(error);
      this.#wakeLater();
    });
  }

  /** Mail for a mailbox that is not read in waits, so nothing that fails here is the last word. */
  #wakeLater(): void {
    if (this.#stop.signal.aborted) return;
    this.#retry?.[Symbol.dispose]();
    this.#retry = this.#world.clock.after(RETRY_MS, () => this.wake());
  }

  /** Each mailbox has a queue of its own, so that one that hangs keeps no other waiting. */
  async #look(): Promise<void> {
    for (const mailboxId of await this.#world.journal.query('legacy-pending', {})) {
      const place = this.#world.directory.placeOf(mailboxId);
      if (place === null || this.#inHand.has(mailboxId) || this.#stop.signal.aborted) continue;
      this.#inHand.add(mailboxId);
      this.#read(mailboxId, place)
        .catch((error: unknown) => {
          this.#failed(error);
          return false;
        })
        .then((isDone) => {
          this.#inHand.delete(mailboxId);
          if (!isDone) this.#wakeLater();
        });
    }
  }

  /** @returns false where the folder cannot be used now. */
  async #read(mailboxId: MailboxId, place: MailboxPlace): Promise<boolean> {
    const { journal, mailboxes, clock, config, log } = this.#world;
    const since = epochMs(clock.now() - config().dedup.windowMs);
    let messages = 0;
    for await (const slice of mailboxes.takeOver(place, since)) {
      if (this.#stop.signal.aborted) return true;
      if (slice.kind === 'problem') {
        await this.#sayWhy(mailboxId, place, obstacleOfProblem(slice.problem));
        return false;
      }
      for (const { name, reason } of slice.skipped)
        log.warn('mailbox.file-skipped', { mailbox: place.mailbox, name, reason });
      if (slice.entries.length > 0)
        await journal.advance('legacy-scanned', {
          mailboxId,
          entries: slice.entries,
          done: false,
          at: clock.now(),
        });
      messages += slice.entries.length;
    }
    await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at: clock.now() });
    this.#said.delete(mailboxId);
    if (messages > 0) log.info('mailbox.taken-over', { mailbox: place.mailbox, messages });
    return true;
  }

  /** Its mail shows it at every look; the log has a line when it begins and when the reason changes. */
  async #sayWhy(mailboxId: MailboxId, { mailbox }: MailboxPlace, obstacle: Obstacle): Promise<void> {
    const { journal, clock, log } = this.#world;
    const { code, reason, hint } = obstacle;
    if (this.#said.get(mailboxId) !== code)
      log.warn('mailbox.take-over-waits', { mailbox, code, reason, hint });
    this.#said.set(mailboxId, code);
    const at = clock.now();
    const waiting = { ...obstacle, nextAt: epochMs(at + RETRY_MS) };
    await journal.advance('legacy-waits', { mailboxId, waiting, at });
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#world.log.error('mailbox.take-over-failed', { error: String(error) });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#retry?.[Symbol.dispose]();
  }
}
