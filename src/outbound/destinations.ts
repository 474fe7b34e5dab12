/**
 * Destinations: how much is under way to each, and what was last learnt of them.
 *
 * In memory alone: after a restart each is asked again. Time is monotonic, so that a clock that is set
 * makes nobody wait.
 */
import type { Clock, EpochMs } from '../system/clock.ts';
import type { Said } from './results.ts';

/** A destination that did not answer is not asked again before; what is due there meanwhile is put off. */
const UNREACHABLE_MS = 60_000;
/** For so long a destination that wants fewer connections gets one. */
const CROWDED_MS = 60_000;
/** Remembered at most: a destination that is forgotten is asked again, which is always right. */
const REMEMBERED_MAX = 1_000;

/** What an attempt tells about its destination, beside what it tells about its message. */
export type Lesson =
  | { readonly kind: 'answers' }
  /** Nobody there could be spoken to. */
  | { readonly kind: 'unreachable'; readonly said: Said<'deferred'>; readonly remote: string | null }
  /** It turned the connection away, in words. */
  | { readonly kind: 'turned-away'; readonly said: Said<'deferred'>; readonly remote: string | null }
  /** Nothing. */
  | { readonly kind: 'none' };

export interface Unreachable {
  readonly said: Said<'deferred'>;
  readonly remote: string | null;
}

interface Remembered extends Unreachable {
  /** Monotonic. */
  readonly learntMs: number;
  /** Wall time, to be compared with rows. */
  readonly learntAt: EpochMs;
}

export class Destinations {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'now'>;
  readonly #perDestination: () => number;
  readonly #underWay = new Map<string, number>();
  readonly #unreachable = new Map<string, Remembered>();
  /** Monotonic: until when. */
  readonly #crowded = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'now'>, perDestination: () => number) {
    this.#clock = clock;
    this.#perDestination = perDestination;
  }

  /** Takes a place at a destination; disposing it gives it back. */
  take(destination: string): Disposable {
    this.#underWay.set(destination, this.#count(destination) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#count(destination) - 1;
        if (left > 0) this.#underWay.set(destination, left);
        else this.#underWay.delete(destination);
      },
    };
  }

  /** Places that are left. One that cannot be reached has any number: nobody is connected to. */
  room(destination: string): number {
    if (this.unreachable(destination) !== null) return Number.MAX_SAFE_INTEGER;
    return Math.max(0, this.#limit(destination) - this.#count(destination));
  }

  /** More places are taken than there are. */
  isOverfull(destination: string): boolean {
    return this.#count(destination) > this.#limit(destination);
  }

  /** Places left at every destination that has another number than most. */
  rooms(): Readonly<Record<string, number>> {
    const known = [...this.#underWay.keys(), ...this.#unreachable.keys(), ...this.#crowded.keys()];
    return Object.fromEntries(known.map((destination) => [destination, this.room(destination)]));
  }

  /** Why nobody need ask there now; null where it may be tried. */
  unreachable(destination: string): Remembered | null {
    const remembered = this.#unreachable.get(destination);
    if (remembered === undefined) return null;
    const agoMs = this.#clock.monotonicMs() - remembered.learntMs;
    if (agoMs >= UNREACHABLE_MS) {
      this.#unreachable.delete(destination);
      return null;
    }
    const { said } = remembered;
    return {
      ...remembered,
      said: { ...said, reply: `${said.reply} (asked ${Math.round(agoMs / 1000)} s before)` },
    };
  }

  /** It is to be asked again, whatever is known of it. */
  forget(destination: string): void {
    this.#unreachable.delete(destination);
  }

  /** Called while the place is still taken. */
  learn(destination: string, lesson: Lesson): void {
    switch (lesson.kind) {
      case 'answers':
        this.forget(destination);
        return;
      case 'turned-away':
        // Others of ours are served there: it is the number that it does not like.
        if (this.#count(destination) > 1)
          remember(this.#crowded, destination, this.#clock.monotonicMs() + CROWDED_MS);
        else this.#giveUp(destination, lesson);
        return;
      case 'unreachable':
        this.#giveUp(destination, lesson);
        return;
      case 'none':
        return;
    }
  }

  #giveUp(destination: string, { said, remote }: Unreachable): void {
    const learntMs = this.#clock.monotonicMs();
    remember(this.#unreachable, destination, { said, remote, learntMs, learntAt: this.#clock.now() });
  }

  #limit(destination: string): number {
    const until = this.#crowded.get(destination);
    if (until === undefined) return Math.max(1, this.#perDestination());
    if (until > this.#clock.monotonicMs()) return 1;
    this.#crowded.delete(destination);
    return this.#limit(destination);
  }

  #count(destination: string): number {
    return this.#underWay.get(destination) ?? 0;
  }
}

function remember<Value>(memory: Map<string, Value>, destination: string, value: Value): void {
  memory.delete(destination);
  memory.set(destination, value);
  for (const [oldest] of memory) {
    if (memory.size <= REMEMBERED_MAX) return;
    memory.delete(oldest);
  }
}
