/**
 * The queue's worker: hands out what is due, to its destinations, within limits.
 *
 * Terms:
 * - *destination*: the domain of a recipient, or the relay through which everything goes.
 * - *batch*: one message's recipients at one destination.
 * - *unreachable*: a destination whose endpoints have all failed to answer; what else is due there within
 *   a minute is put off with the same reason, so that a thousand messages do not each wait for one dead host.
 *
 * It owns no state: rows say what is due, leases end with the process. It must not know how a message was
 * composed, what a mailbox looks like, or who may send; it meets the rest in rows.
 */
import { EVERY_DESTINATION, type OutgoingBatch, type Transitions } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import { AimxError, type ErrorCode, isErrno } from '../system/errors.ts';
import { Rounds } from '../system/rounds.ts';
import { attempt, recordAll, recordDoubts } from './attempt.ts';
import { wasAskedFor } from './backoff.ts';
import { Destinations, type Unreachable } from './destinations.ts';
import { deliverHere } from './local.ts';
import { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** How long to wait before rows are looked at again when the journal itself could not answer. */
const RETRY_CLAIM_MS = 1_000;
/** How soon rows are looked at again at the latest: timers stand still while a machine sleeps. */
const LOOK_MS_MAX = 60_000;
/** What could not be tried because of a decision or of a full disk rests so long. */
const REST_MS = 5_000;
/** What is under way when the daemon stops may end within this. */
const STOP_MS_MAX = 3_000;
/** Errors after which the same may go well. */
const PASSING: readonly ErrorCode[] = ['request.conflict', 'journal.no-room'];
/** Recipients in our own mailboxes; no domain has such a name. */
const HERE = '(this host)';
/** Messages for our own mailboxes in hand at once, whatever is under way to others: each is one record. */
const HERE_AT_ONCE = 4;

export interface Outbound extends AsyncDisposable {
  /** Looks for what is due; harmless when there is nothing. */
  wake(): void;
  /** Rejects when something has happened that only a restart can mend. */
  readonly broken: Promise<never>;
}

export function createOutbound(world: World): Outbound {
  return new QueueWorker(world);
}

class QueueWorker implements Outbound {
  readonly broken: Promise<never>;
  readonly #world: World;
  readonly #sessions: Sessions;
  readonly #destinations: Destinations;
  readonly #inHand = new Set<Promise<void>>();
  /** Of them, those for our own mailboxes. */
  #hereInHand = 0;
  readonly #subscription: Disposable;
  readonly #rounds: Rounds;
  /** Nothing new begins. */
  readonly #stopping = new AbortController();
  /** What is under way is cut off. */
  readonly #cutOff = new AbortController();
  #fail: (error: unknown) => void = () => undefined;

  constructor(world: World) {
    this.#world = world;
    this.#rounds = new Rounds(world.clock, () => this.#claim());
    this.#sessions = new Sessions(world);
    this.#destinations = new Destinations(world.clock, () => world.config().outbound.maxPerDestination);
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever races `broken` sees the rejection; until then it must not count as unhandled.
    this.broken.catch(() => undefined);
    this.#subscription = world.journal.onChange('outgoing', () => this.wake());
    this.wake();
  }

  wake(): void {
    this.#rounds.wake();
  }

  async #claim(): Promise<void> {
    const { journal, clock, log } = this.#world;
    // One for the question and its answer, whatever is read from the config between them.
    const relay = this.#relay();
    const wanted = this.#wanted(relay);
    if (wanted === null) return;
    const now = clock.now();
    try {
      const { batches, nextDueAt } = await journal.advance('claim-outgoing', { ...wanted, at: now });
      if (this.#stopping.signal.aborted) {
        await Promise.all(batches.map((batch) => this.#giveBack(batch)));
        return;
      }
      for (const batch of batches) this.#take(batch, relay);
      if (nextDueAt === null) this.#rounds.wakeAt(null);
      else this.#rounds.wakeAt(epochMs(Math.min(nextDueAt, clock.now() + LOOK_MS_MAX)));
      if (batches.length > 0) this.wake();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      log.error('outbound.claim-failed', { error: String(error) });
      this.#rounds.wakeAt(epochMs(now + RETRY_CLAIM_MS));
    }
  }

  /** What there is room for; null where there is none. What stays here waits for nobody's server. */
  #wanted(relay: string | null): Omit<Transitions['claim-outgoing']['in'], 'at'> | null {
    const { maxConnections, maxPerDestination } = this.#world.config().outbound;
    const group = relay === null ? 'domain' : 'message';
    const room = relay === null ? Number.MAX_SAFE_INTEGER : this.#destinations.room(relay);
    const free = Math.min(maxConnections - (this.#inHand.size - this.#hereInHand), room);
    const perDestination = Math.max(1, maxPerDestination);
    if (free > 0)
      return {
        limit: free,
        perDestination,
        rooms: relay === null ? this.#destinations.rooms() : {},
        group,
      };
    const freeHere = HERE_AT_ONCE - this.#hereInHand;
    if (freeHere <= 0) return null;
    return { limit: freeHere, perDestination, rooms: { [EVERY_DESTINATION]: 0 }, group };
  }

  /** The destination of everything; null where each domain has its own servers. */
  #relay(): string | null {
    const { relay } = this.#world.config().outbound;
    return relay === null ? null : `relay ${relay.host}:${relay.port}`;
  }

  #take(batch: OutgoingBatch, relay: string | null): void {
    const [first] = batch.recipients;
    const isHere = first?.isLocal === true;
    const destination = isHere ? HERE : (relay ?? first?.domain ?? '');
    this.#world.faults.reach('outbound.claimed');
    const place = this.#destinations.take(destination);
    if (isHere) this.#hereInHand += 1;
    const work = this.#work(batch, destination)
      .catch((error: unknown) => this.#failed(batch, error, isHere ? 'local' : 'read'))
      .catch((error: unknown) => this.#broken(batch, error))
      .finally(() => {
        place[Symbol.dispose]();
        if (isHere) this.#hereInHand -= 1;
        this.#inHand.delete(work);
        this.wake();
      });
    this.#inHand.add(work);
  }

  async #work(claimed: OutgoingBatch, destination: string): Promise<void> {
    const world = this.#world;
    const signal = this.#cutOff.signal;
    if (destination === HERE) {
      await deliverHere(claimed, world, signal);
      await this.#giveBack(claimed);
      return;
    }
    const attempting = { batch: claimed, destination, world, sessions: this.#sessions, signal };
    const batch = await recordDoubts(attempting);
    if (batch.recipients.length === 0) return;
    const known = this.#known(batch, destination);
    // More were handed out than it has places, since it was not to be asked; now it is.
    if (known === null && this.#destinations.isOverfull(destination)) await this.#giveBack(batch);
    else if (known === null) this.#destinations.learn(destination, await attempt({ ...attempting, batch }));
    else await recordAll({ ...attempting, batch }, known.said, { stage: 'connect', remote: known.remote });
  }

  /** Why the destination of a batch need not be asked, unless somebody has wanted it since that was learnt. */
  #known({ recipients }: OutgoingBatch, destination: string): Unreachable | null {
    const known = this.#destinations.unreachable(destination);
    if (known === null || !recipients.some((recipient) => wasAskedFor(recipient, known.learntAt)))
      return known;
    this.#destinations.forget(destination);
    return null;
  }

  async #giveBack({ recipients }: OutgoingBatch): Promise<void> {
    await this.#world.journal.advance('release-outgoing', {
      recipientIds: recipients.map(({ recipientId }) => recipientId),
    });
  }

  /** Cancelled or held meanwhile, no room, or a message that cannot be read: it waits, and others go on. */
  async #failed(batch: OutgoingBatch, error: unknown, stage: 'local' | 'read'): Promise<void> {
    const { clock, log } = this.#world;
    if (this.#cutOff.signal.aborted) return;
    log.warn('outbound.put-off', { queue_id: batch.outgoing.queueId, error: String(error) });
    if (isUnreadable(error)) {
      const said = {
        kind: 'deferred',
        reply: `The stored message cannot be read: ${error.message}`,
        status: '4.3.0',
      } as const;
      await recordAll({ batch, world: this.#world, signal: this.#cutOff.signal }, said, { stage });
      return;
    }
    if (!isPassing(error)) throw error;
    await clock.sleep(REST_MS, { signal: this.#stopping.signal }).catch(() => undefined);
    await this.#giveBack(batch);
  }

  #broken({ outgoing }: OutgoingBatch, error: unknown): void {
    if (this.#cutOff.signal.aborted) return;
    this.#world.log.error('outbound.broken', { queue_id: outgoing.queueId, error: String(error) });
    this.#fail(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('The daemon is stopping'));
    this.#subscription[Symbol.dispose]();
    await this.#rounds[Symbol.asyncDispose]();
    const ended = Promise.allSettled(this.#inHand);
    using _limit = this.#world.clock.after(STOP_MS_MAX, () =>
      this.#cutOff.abort(new Error('The daemon is stopping')),
    );
    await ended;
    this.#cutOff.abort(new Error('The daemon has stopped'));
    await this.#sessions[Symbol.asyncDispose]();
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof AimxError && PASSING.includes(error.code);
}

/** Its octets are damaged, lie elsewhere, or on a disk that may come back. */
function isUnreadable(error: unknown): error is Error {
  if (error instanceof AimxError) return error.code === 'journal.damaged';
  return isErrno(error, 'ENOENT', 'EIO', 'EMFILE', 'ENFILE', 'EACCES');
}
