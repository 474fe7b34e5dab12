/**
 * The total of what all connections keep in memory, and what happens past its limit: nobody is
 * refused. Sockets that bring more are paused, and the oldest contents in memory are moved to the
 * disk, so that room comes back even where every client stops in the middle of a message.
 */

/** Content in memory that can be moved to the disk while it still comes in. */
export interface Spillable {
  readonly inMemoryBytes: number;
  /** Moves it; its bytes are released from the total as they are written. */
  spill(): void;
}

export interface ContentMemory {
  readonly totalBytes: number;
  /** True while there is more than the limit; whoever brings content then waits. */
  readonly isFull: boolean;
  take(sizeBytes: number): void;
  release(sizeBytes: number): void;
  /** What is enrolled may be spilled until it is withdrawn. */
  enroll(content: Spillable): void;
  withdraw(content: Spillable): void;
  /** Calls back once when there is room again. */
  onRoom(callback: () => void): void;
}

/** Waiting sockets go on below this share of the limit, so that they do not stop and go at every read. */
const RESUME_SHARE = 0.75;
/** How much of the limit may stay in memory when contents are spilled; below {@link RESUME_SHARE}, so that sockets do go on. */
const SPILL_SHARE = 0.5;

export function contentMemory(limitBytes: number): ContentMemory {
  let totalBytes = 0;
  // In order of beginning: the oldest is the first to be spilled.
  const enrolled = new Set<Spillable>();
  let waiting: (() => void)[] = [];

  const spillOldest = (): void => {
    let spillableBytes = 0;
    for (const content of enrolled) spillableBytes += content.inMemoryBytes;
    for (const content of enrolled) {
      if (spillableBytes <= limitBytes * SPILL_SHARE) return;
      spillableBytes -= content.inMemoryBytes;
      enrolled.delete(content);
      content.spill();
    }
  };

  return {
    get totalBytes() {
      return totalBytes;
    },
    get isFull() {
      return totalBytes > limitBytes;
    },
    take(sizeBytes) {
      totalBytes += sizeBytes;
      // While somebody waits, those that only hold their place must not keep the room.
      if (totalBytes > limitBytes || waiting.length > 0) spillOldest();
    },
    release(sizeBytes) {
      totalBytes -= sizeBytes;
      if (waiting.length === 0 || totalBytes > limitBytes * RESUME_SHARE) return;
      const callbacks = waiting;
      waiting = [];
      for (const callback of callbacks) callback();
    },
    enroll: (content) => void enrolled.add(content),
    withdraw: (content) => void enrolled.delete(content),
    onRoom: (callback) => void waiting.push(callback),
  };
}
