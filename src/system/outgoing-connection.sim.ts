/** A connection to a server that is a function: what is written to it is answered at once, in pieces of a test's choice. */
import type { AgreedTls, OutgoingConnection } from './outgoing-connection.ts';

export interface SimulatedServer {
  /** What it says before anything else. */
  readonly greeting: string;
  /**
   * Called with all that has been written so far and not been answered.
   *
   * @returns What it says, how much that answers, and whether it resets the connection behind it.
   */
  answer(unanswered: string): {
    readonly said: string;
    readonly answered: number;
    readonly resets?: boolean;
  };
}

export class SimulatedConnection implements OutgoingConnection {
  readonly #server: SimulatedServer;
  /** How many octets come in one read, in turn. */
  readonly #sizes: readonly number[];
  #nth = 0;
  #unread = '';
  #unanswered = '';
  #lost: Error | null = null;
  #wake: () => void = () => undefined;
  /** Everything that was written. */
  wire = '';

  constructor(server: SimulatedServer, sizes: readonly number[]) {
    this.#server = server;
    this.#sizes = sizes;
    this.#unread = server.greeting;
  }

  get hasUnread(): boolean {
    return this.#unread !== '';
  }

  get isOpen(): boolean {
    return this.#lost === null;
  }

  get lostBecause(): string | null {
    return this.#lost?.message ?? null;
  }

  async read(): Promise<Uint8Array | null> {
    // What has come can be read, whatever came of the connection.
    while (this.#unread === '') {
      if (this.#lost !== null) throw this.#lost;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const size = Math.max(1, this.#sizes[this.#nth++ % this.#sizes.length] ?? this.#unread.length);
    const piece = this.#unread.slice(0, size);
    this.#unread = this.#unread.slice(size);
    return Buffer.from(piece, 'latin1');
  }

  async write(octets: Uint8Array | string): Promise<void> {
    if (this.#lost !== null) throw this.#lost;
    const text = typeof octets === 'string' ? octets : Buffer.from(octets).toString('latin1');
    this.wire += text;
    this.#unanswered += text;
    const { said, answered, resets = false } = this.#server.answer(this.#unanswered);
    this.#unanswered = this.#unanswered.slice(answered);
    this.#unread += said;
    if (resets) this.#lost = new Error('connection reset');
    this.#wake();
    if (this.#lost !== null) throw this.#lost;
  }

  startTls(): Promise<AgreedTls> {
    return Promise.reject(new Error('no TLS here'));
  }

  end(): void {
    this.destroy(new Error('ended'));
  }

  destroy(reason: Error): void {
    this.#lost ??= reason;
    this.#wake();
  }
}
