/**
 * Room on the disk, promised before a message comes in.
 *
 * A promise is a number in memory against the last reading of the file system, which is refreshed
 * in the background; it does no I/O of its own and may be wrong by what others write meanwhile, so
 * that a write can still fail for lack of room.
 */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../system/clock.ts';
import type { Reservation } from '../acceptance.ts';

/** A reading older than this is renewed in the background when somebody asks. */
const READING_AGE_MS_MAX = 1000;
/** Kept for rows, their write-ahead log and staged files: whichever of the two is smaller. */
const MARGIN_BYTES = 64 * 1024 * 1024;
const MARGIN_SHARE = 0.05;
/**
 * Promises count up to this share of what is free: whoever connects may ask for them and send nothing,
 * and must not turn others away from a disk that has room. What is promised beyond it may fail when it
 * is written, with the same answer.
 */
const PROMISED_SHARE_MAX = 0.5;
/** Head and envelope of one message, and what its rows take. */
const OVERHEAD_BYTES = 4096;

export class Room {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #preparedBytes: () => number;
  #freeBytes: number;
  #marginBytes: number;
  #promisedBytes = 0;
  #readAtMs: number;
  #reading = false;

  private constructor(folder: string, clock: Clock, preparedBytes: () => number, stat: StatsFs) {
    this.#folder = folder;
    this.#clock = clock;
    this.#preparedBytes = preparedBytes;
    this.#freeBytes = this.#freeOf(stat);
    this.#marginBytes = marginOf(stat);
    this.#readAtMs = clock.monotonicMs();
  }

  /** @param preparedBytes What the log has taken on the disk already and not yet filled. */
  static async read(folder: string, clock: Clock, preparedBytes: () => number = () => 0): Promise<Room> {
    return new Room(folder, clock, preparedBytes, await statfs(folder));
  }

  reserve(sizeBytes: number): Reservation | null {
    this.#refreshWhenOld();
    const bytes = sizeBytes + OVERHEAD_BYTES;
    const freeBytes = this.#freeBytes - this.#marginBytes;
    if (freeBytes - Math.min(this.#promisedBytes, freeBytes * PROMISED_SHARE_MAX) < bytes) return null;
    this.#promisedBytes += bytes;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#promisedBytes -= bytes;
        held = false;
      },
    };
  }

  /** Counts what was written since the last reading. */
  used(bytes: number): void {
    this.#freeBytes -= bytes;
  }

  /** A write has just failed for lack of room: nobody is promised any until the next reading. */
  exhausted(): void {
    this.#freeBytes = 0;
    this.#refresh();
  }

  #refreshWhenOld(): void {
    if (this.#clock.monotonicMs() - this.#readAtMs > READING_AGE_MS_MAX || this.#freeBytes <= 0)
      this.#refresh();
  }

  #refresh(): void {
    if (this.#reading) return;
    this.#reading = true;
    statfs(this.#folder)
      .then((stat) => {
        this.#freeBytes = this.#freeOf(stat);
        this.#marginBytes = marginOf(stat);
        this.#readAtMs = this.#clock.monotonicMs();
      })
      // The last reading stands; a disk that is gone shows at the next write.
      .catch(() => undefined)
      .finally(() => {
        this.#reading = false;
      });
  }

  #freeOf(stat: StatsFs): number {
    return stat.bavail * stat.bsize + this.#preparedBytes();
  }
}

function marginOf(stat: StatsFs): number {
  return Math.min(MARGIN_BYTES, stat.blocks * stat.bsize * MARGIN_SHARE);
}
