/**
 * The queue's worker: hands out what is due, to its destinations, within limits.
 *
 * Terms:
 * - *destination*: the domain of a recipient, or the relay through which everything goes.
 * - *batch*: one message's recipients at one destination.
 * - *unreachable*: a destination whose endpoints have all failed to answer; what else is due there waits
 *   a minute, so that a thousand messages do not each wait for the same dead host.
 *
 * It owns no state: rows say what is due, leases end with the process. It must not know how a message was
 * composed, what a mailbox looks like, or who may send; it meets the rest in rows.
 */

import { planSending } from '../hooks/plan-sending.ts';
import { EVERY_DESTINATION, type OutgoingBatch } from '../journal/journal.ts';
import { type EpochMs, epochMs, type Timer } from '../system/clock.ts';
import { AimxError, type ErrorCode, isErrno } from '../system/errors.ts';
import { attempt } from './attempt.ts';
import { handToMailboxes } from './local.ts';
import { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** How long an unreachable destination is left alone. */
const UNREACHABLE_MS = 60_000;
/** How long to wait before rows are looked at again when the journal itself could not answer. */
const RETRY_CLAIM_MS = 1_000;
/** An attempt that failed for a reason of our own rests so long. */
const REST_MS = 5_000;
/** What is under way when the daemon stops may end within this. */
const STOP_MS_MAX = 3_000;
/** Errors after which the same may go well. */
const PASSING: readonly ErrorCode[] = ['request.conflict', 'journal.no-room', 'journal.damaged'];
const RELAY = 'relay';
const LOCAL = 'local';

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
  readonly #inHand = new Map<Promise<void>, string>();
  readonly #unreachableUntil = new Map<string, EpochMs>();
  readonly #subscription: Disposable;
  readonly #stop = new AbortController();
  #fail: (error: unknown) => void = () => undefined;
  #isStopping = false;
  #timer: Timer | undefined;
  #claiming: Promise<void> | undefined;
  #again = false;

  constructor(world: World) {
    this.#world = world;
    this.#sessions = new Sessions(world);
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever races `broken` sees the rejection; until then it must not count as unhandled.
    this.broken.catch(() => undefined);
    this.#subscription = world.journal.onChange('outgoing', () => this.wake());
    this.wake();
  }

  wake(): void {
    if (this.#isStopping) return;
    if (this.#claiming !== undefined) {
      this.#again = true;
      return;
    }
    this.#claiming = this.#claim().finally(() => {
      this.#claiming = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.wake();
    });
  }

  async #claim(): Promise<void> {
    const { journal, config, clock, log } = this.#world;
    const { maxConnections, relay } = config().outbound;
    const free = maxConnections - this.#inHand.size;
    if (free <= 0) return;
    const now = clock.now();
    const busy = this.#busy(now);
    try {
      const { batches, nextDueAt } = await journal.advance('claim-outgoing', {
        limit: Math.min(free, this.#places(relay !== null)),
        busy,
        group: relay === null ? 'domain' : 'message',
        at: now,
      });
      for (const batch of batches) this.#take(batch);
      this.#wakeAt(this.#nextLook(nextDueAt, now));
      if (batches.length > 0) this.#again = true;
    } catch (error) {
      if (this.#isStopping) return;
      log.error('outbound.claim-failed', { error: String(error) });
      this.#wakeAt(epochMs(now + RETRY_CLAIM_MS));
    }
  }

  /** A relay is one destination, which counts for all of its batches. */
  #places(isRelay: boolean): number {
    const { maxConnections, maxPerDestination } = this.#world.config().outbound;
    return isRelay ? Math.max(1, maxPerDestination - this.#countAt(RELAY)) : maxConnections;
  }

  #countAt(destination: string): number {
    return [...this.#inHand.values()].filter((one) => one === destination).length;
  }

  /** Destinations to which nothing is handed out now. */
  #busy(now: EpochMs): readonly string[] {
    const { maxPerDestination } = this.#world.config().outbound;
    for (const [destination, until] of this.#unreachableUntil)
      if (until <= now) this.#unreachableUntil.delete(destination);
    const full = [...new Set(this.#inHand.values())].filter(
      (destination) => destination !== LOCAL && this.#countAt(destination) >= maxPerDestination,
    );
    const busy = [...full, ...this.#unreachableUntil.keys()];
    return busy.includes(RELAY) ? [EVERY_DESTINATION] : busy;
  }

  #nextLook(nextDueAt: EpochMs | null, now: EpochMs): EpochMs | null {
    const later = [...this.#unreachableUntil.values(), ...(nextDueAt === null ? [] : [nextDueAt])];
    return later.length === 0 ? null : epochMs(Math.max(now + 1, Math.min(...later)));
  }

  #take(batch: OutgoingBatch): void {
    const [first] = batch.recipients;
    const isRelay = this.#world.config().outbound.relay !== null;
    const destination = first?.isLocal === true ? LOCAL : isRelay ? RELAY : (first?.domain ?? '');
    this.#world.faults.reach('outbound.claimed');
    const isRoom =
      destination === LOCAL || this.#countAt(destination) < this.#world.config().outbound.maxPerDestination;
    const work = (isRoom ? this.#work(batch, destination) : this.#giveBack(batch))
      .catch((error: unknown) => this.#failed(batch, error))
      .finally(() => {
        this.#inHand.delete(work);
        this.wake();
      });
    this.#inHand.set(work, isRoom ? destination : LOCAL);
  }

  async #work(batch: OutgoingBatch, destination: string): Promise<void> {
    if (destination === LOCAL) {
      await this.#local(batch);
      return;
    }
    const { isUnreachable } = await attempt(
      batch,
      destination,
      this.#world,
      this.#sessions,
      this.#stop.signal,
    );
    const now = this.#world.clock.now();
    if (isUnreachable) this.#unreachableUntil.set(destination, epochMs(now + UNREACHABLE_MS));
    else this.#unreachableUntil.delete(destination);
  }

  async #local(batch: OutgoingBatch): Promise<void> {
    const { journal, clock, config } = this.#world;
    const lost = await handToMailboxes(batch, this.#world);
    if (lost.length > 0) {
      const at = clock.now();
      const sender = config().mailboxes.find(({ name }) => name === batch.outgoing.mailbox) ?? null;
      await journal.advance('attempted', {
        queueId: batch.outgoing.queueId,
        attempt: { domain: lost[0]?.domain ?? '', remote: null, tls: null, stage: 'local', startedAt: at },
        results: lost.map(({ recipientId }) => ({
          recipientId,
          outcome: 'failed',
          reply: 'No mailbox here takes mail for this address',
          status: '5.1.1',
          nextAt: null,
        })),
        hooks: planSending(sender),
        at,
      });
    }
    // Asked for behind the record, whose rows are made before: they are final when the lease is given back.
    await this.#giveBack(batch);
  }

  async #giveBack({ recipients }: OutgoingBatch): Promise<void> {
    await this.#world.journal.advance('release-outgoing', {
      recipientIds: recipients.map(({ recipientId }) => recipientId),
    });
  }

  /** Cancelled or held meanwhile, or no room: it rests. Anything else that comes here ends the daemon. */
  async #failed(batch: OutgoingBatch, error: unknown): Promise<void> {
    const { clock, log } = this.#world;
    if (this.#stop.signal.aborted) return;
    // Its octets may lie elsewhere by now, or on a disk that comes back.
    const isPassing = isErrno(error, 'ENOENT', 'EIO', 'EMFILE', 'ENFILE') || isOneOf(error, PASSING);
    const fields = { queue_id: batch.outgoing.queueId, error: String(error) };
    if (!isPassing) {
      log.error('outbound.broken', fields);
      this.#fail(error);
      return;
    }
    log.warn('outbound.put-off', fields);
    await clock.sleep(REST_MS, { signal: this.#stop.signal }).catch(() => undefined);
    await this.#giveBack(batch).catch(() => undefined);
  }

  #wakeAt(at: EpochMs | null): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer =
      at === null ? undefined : this.#world.clock.after(at - this.#world.clock.now(), () => this.wake());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#subscription[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await this.#claiming;
    const ended = Promise.allSettled(this.#inHand.keys());
    using _limit = this.#world.clock.after(STOP_MS_MAX, () =>
      this.#stop.abort(new Error('The daemon is stopping')),
    );
    await ended;
    this.#stop.abort(new Error('The daemon has stopped'));
    await this.#sessions[Symbol.asyncDispose]();
  }
}

function isOneOf(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof AimxError && codes.includes(error.code);
}
