/**
 * One message while its content comes in: hands it to the driver as long as it is good, and knows
 * what the session will answer at its end. Octets are counted as they are kept: dot-stuffing undone.
 */
import { DataFraming } from './data-framing.ts';
import type { EffectList } from './effect-list.ts';
import { HeaderScan } from './header-scan.ts';
import { REPLIES } from './replies.ts';
import type { Reply } from './reply.ts';

/** RFC 5321 §6.3: a loop is found by counting; at least 100 must pass. */
export const RECEIVED_FIELDS_MAX = 100;

/** Past this many times the limit a client that does not stop is not read to its end (reliability §2). */
export const OVERRUN_FACTOR = 2;

export class ContentIntake {
  readonly framing: DataFraming = new DataFraming();
  readonly #maxBytes: number;
  readonly #effects: EffectList;
  readonly #headers = new HeaderScan();
  #sizeBytes = 0;
  #isDiscarded = false;

  constructor({ maxBytes, effects }: { readonly maxBytes: number; readonly effects: EffectList }) {
    this.#maxBytes = maxBytes;
    this.#effects = effects;
  }

  /** The driver has been told to forget what came in. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
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

  /** Tells the driver that a message begins; `declaredSizeBytes` from SIZE=. */
  begin(declaredSizeBytes: number | null): void {
    this.#effects.add({ kind: 'begin-content', declaredSizeBytes });
  }

  /** Takes the next content: counts it, looks at it, and hands it on unless the message is refused already. */
  keep(content: Uint8Array): void {
    this.#sizeBytes += content.length;
    this.#headers.take(content);
    if (this.refusal !== null) this.discard();
    else if (content.length > 0) this.#effects.add({ kind: 'content', bytes: content });
  }

  /** Tells the driver to forget what came in, once. */
  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    this.#effects.add({ kind: 'discard-content' });
  }
}
