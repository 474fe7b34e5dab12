/**
 * What happens to a message after its `250`: authenticate → identify → read → deliver.
 *
 * The pipeline owns no state. It leases messages that are not done, runs the steps that their rows
 * say are open, and gives them back; a crash leaves rows, and running what is not finished is the
 * whole recovery. At most {@link MESSAGES_AT_ONCE} messages are in hand, however many wait, and fewer
 * while many are being accepted.
 *
 * It must not know: SMTP, sockets, how a hook is started. It meets `inbound` and the hooks in rows.
 */
import type { Journal, JournalId, MessageRow } from '../journal/journal.ts';
import { type Clock, epochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import { Rounds } from '../system/rounds.ts';
import { ArrivalOrder } from './arrival-order.ts';
import { Places } from './places.ts';
import { advanceMessage } from './steps.ts';
import type { World } from './world.ts';

/**
 * Messages in hand at once. Reading is done by one or two processes and files by one operation per
 * mailbox, so more would only hold memory; fewer would leave the disk idle between two flushes.
 */
const MESSAGES_AT_ONCE = 16;

/**
 * Above so many accepted messages a second the pipeline makes way: it shares the main thread, the disk
 * and the processors with those who wait for a `250`, and nobody waits for it. Low enough that it does
 * not itself keep the load below the limit; what it leaves is delivered when the burst is over.
 */
const ACCEPTS_PER_SECOND_MAX = 100;

/** Messages in hand during a burst: deliveries go on, one after the other. */
const MESSAGES_AT_ONCE_IN_BURST = 1;

/** A load that lasts longer is none to wait for: hooks must not be put off for as long as mail comes in. */
const BURST_MS_MAX = 10_000;

/** Messages in hand then: some 300 deliveries a second, beside those who wait for a `250`. */
const MESSAGES_AT_ONCE_UNDER_LOAD = 4;

/** A message whose authentication takes longer makes room for others, */
const STEPS_ASIDE_AFTER_MS = 250;

/** of whom so many may do so: they hold a row each, and whoever asks DNS for them. */
const MESSAGES_ASIDE_MAX = 48;

/** How soon it looks again whether the load has ended. */
const LOAD_LOOK_MS = 50;

/** How long to wait before rows are looked at again when the journal itself could not answer. */
const RETRY_CLAIM_MS = 1_000;

/** How long a message rests when its rows cannot be written because the disk is full (reliability F6). */
const NO_ROOM_RETRY_MS = 2_000;

export interface Pipeline extends AsyncDisposable {
  /** Looks for messages now; harmless when there are none. */
  wake(): void;
  /** Rejects when a step has met something that only a restart can mend. */
  readonly broken: Promise<never>;
}

/**
 * Starts the pipeline. It runs until disposed; disposing waits for the steps that are under way,
 * and what they have not done is done at the next start.
 */
export function createPipeline(world: World): Pipeline {
  return new MessagePump(world);
}

class MessagePump implements Pipeline {
  readonly broken: Promise<never>;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #world: World;
  readonly #inHand = new Map<JournalId, Promise<void>>();
  readonly #order: ArrivalOrder;
  readonly #places: Places;
  readonly #subscription: Disposable;
  readonly #rounds: Rounds;
  readonly #stop = new AbortController();
  #fail: (error: unknown) => void = () => undefined;
  /** Monotonic: when the load that it makes way for began; null without one. */
  #loadSinceMs: number | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#journal = world.journal;
    this.#clock = world.clock;
    this.#log = world.log;
    this.#rounds = new Rounds(world.clock, () => this.#claim());
    this.#order = new ArrivalOrder(world.clock);
    this.#places = new Places({
      limit: () => this.#limit(),
      asideMax: MESSAGES_ASIDE_MAX,
      onFree: () => this.wake(),
    });
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever races `broken` sees the rejection; until then it must not count as unhandled.
    this.broken.catch(() => undefined);
    this.#subscription = this.#journal.onChange('messages', () => this.wake());
    this.wake();
  }

  wake(): void {
    this.#rounds.wake();
  }

  /** How many messages may be in hand now. */
  #limit(): number {
    if (this.#journal.acceptsPerSecond() <= ACCEPTS_PER_SECOND_MAX) {
      this.#loadSinceMs = null;
      return MESSAGES_AT_ONCE;
    }
    const nowMs = this.#clock.monotonicMs();
    this.#loadSinceMs ??= nowMs;
    return nowMs - this.#loadSinceMs < BURST_MS_MAX ? MESSAGES_AT_ONCE_IN_BURST : MESSAGES_AT_ONCE_UNDER_LOAD;
  }

  async #claim(): Promise<void> {
    const room = this.#places.free;
    if (room <= 0) {
      // Otherwise the end of a message in hand is what wakes.
      if (this.#loadSinceMs !== null) this.#rounds.wakeAt(epochMs(this.#clock.now() + LOAD_LOOK_MS));
      return;
    }
    try {
      const { messages, nextDueAt } = await this.#journal.claimMessages(room, this.#clock.now());
      for (const message of messages) this.#take(message);
      if (messages.length === 0) this.#rounds.wakeAt(nextDueAt);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#log.error('pipeline.claim-failed', { error: describe(error) });
      this.#rounds.wakeAt(epochMs(this.#clock.now() + RETRY_CLAIM_MS));
    }
  }

  #take(message: MessageRow): void {
    const place = this.#places.take();
    // One that stands in its mailbox has been decided on, and holds up nobody's turn.
    const undecided = message.deliveries.filter(({ state }) => state === 'pending');
    const turn = this.#order.take(undecided.map(({ mailboxId }) => mailboxId));
    const slow = this.#clock.after(STEPS_ASIDE_AFTER_MS, () => place.stepAside());
    const onAuthenticated = (): Promise<void> => {
      slow[Symbol.dispose]();
      return place.comeBack();
    };
    const work = advanceMessage(message, turn, this.#world, { onAuthenticated, signal: this.#stop.signal })
      .catch((error: unknown) => this.#failed(message, error))
      .finally(() => {
        slow[Symbol.dispose]();
        this.#inHand.delete(message.journalId);
        this.#journal.releaseMessage(message.journalId);
        place[Symbol.dispose]();
        this.wake();
      });
    this.#inHand.set(message.journalId, work);
  }

  /** A full disk is waited for; anything else that comes here ends the daemon. */
  async #failed(message: MessageRow, error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const fields = { journal_id: message.journalId, error: describe(error) };
    if (error instanceof AimxError && error.code === 'journal.no-room') {
      // Not even the wait can be written down, so the lease is kept until it is worth another try.
      this.#log.warn('pipeline.no-room', fields);
      await this.#clock.sleep(NO_ROOM_RETRY_MS, { signal: this.#stop.signal }).catch(() => undefined);
      return;
    }
    this.#log.error('pipeline.broken', fields);
    this.#fail(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The pipeline is stopping'));
    this.#subscription[Symbol.dispose]();
    await this.#rounds[Symbol.asyncDispose]();
    await Promise.allSettled(this.#inHand.values());
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
