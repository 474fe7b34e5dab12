/**
 * What is known of one message while its content comes in, and what the session will answer at its
 * end. Octets are counted as they are kept: dot-stuffing undone.
 */
import { DataFraming } from './data-framing.ts';
import { HeaderScan } from './header-scan.ts';
import { REPLIES } from './replies.ts';
import type { Reply } from './reply.ts';

/** RFC 5321 §6.3: a loop is found by counting; at least 100 must pass. */
export const RECEIVED_FIELDS_MAX = 100;

/** Past this many times the limit a client that does not stop is not read to its end (reliability §2). */
export const OVERRUN_FACTOR = 2;

export class ContentIntake {
  readonly framing: DataFraming = new DataFraming();
  /** The driver has been told to forget what came in. */
  isDiscarded = false;
  readonly #maxBytes: number;
  readonly #headers = new HeaderScan();
  #sizeBytes = 0;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  get lacksIdentity(): boolean {
    return this.#headers.lacksIdentity;
  }

  /** The message is so far over its limit that its end is not waited for. */
  get isOverrun(): boolean {
    return this.#sizeBytes > this.#maxBytes * OVERRUN_FACTOR;
  }

  /** Whether a chunk that has been announced would lead there. */
  wouldOverrun(chunkBytes: number): boolean {
    return this.#sizeBytes + chunkBytes > this.#maxBytes * OVERRUN_FACTOR;
  }

  /** Why the message will be refused at its end, as far as it has come; null while it is good. */
  get refusal(): Reply | null {
    if (this.#sizeBytes > this.#maxBytes) return REPLIES.tooLarge;
    if (this.framing.hasBareLineEnd) return REPLIES.bareLineEndInContent;
    if (this.#headers.receivedCount > RECEIVED_FIELDS_MAX) return REPLIES.mailLoop;
    return null;
  }

  /** Counts and looks at the next content. */
  take(content: Uint8Array): void {
    this.#sizeBytes += content.length;
    this.#headers.take(content);
  }
}
