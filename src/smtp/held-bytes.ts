/**
 * Bytes that came while the session waits for a commit, evidence or a handshake: commands that the
 * client pipelined (RFC 2920). They are copied, so that the driver may use its buffer again.
 */

/**
 * As much as a client may send ahead of a reply. It is some reads of a socket (64 KiB each); a driver
 * that stops reading while the session waits never gets there.
 */
export const HELD_BYTES_MAX: number = 256 * 1024;

export interface Held {
  readonly bytes: Uint8Array;
  /** When the oldest of them was read, monotonic; 0 where there are none. */
  readonly atMs: number;
  /** More came than may be kept, and is lost: the session can only end. */
  readonly isIncomplete: boolean;
}

export class HeldBytes {
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;
  #atMs = 0;
  #isIncomplete = false;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps a copy of `bytes`, read at `atMs`, unless that is more than may be kept. */
  add(bytes: Uint8Array, atMs: number): void {
    if (this.#isIncomplete || this.#sizeBytes + bytes.length > HELD_BYTES_MAX) {
      this.#isIncomplete = true;
      return;
    }
    if (this.#sizeBytes === 0) this.#atMs = atMs;
    this.#sizeBytes += bytes.length;
    this.#pieces.push(Uint8Array.prototype.slice.call(bytes));
  }

  /** Gives back what was kept and keeps nothing. */
  take(): Held {
    const [only] = this.#pieces;
    const bytes = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    const held = { bytes, atMs: this.#atMs, isIncomplete: this.#isIncomplete };
    this.#pieces = [];
    this.#sizeBytes = 0;
    this.#atMs = 0;
    return held;
  }
}
