/**
 * Whether a message has a Message-ID or a Date, found while it comes in.
 *
 * A message with neither may be sent twice on purpose with the same bytes, and only evidence tells
 * that from a retry (design §3.3). Most messages answer within their first four lines, after which
 * nothing more is looked at.
 */

const LF = 0x0a;
const COLON = 0x3a;
/** Longer than the names looked for and the white space that RFC 5322 §4.5 allows before the colon. */
const NAME_LENGTH_MAX = 32;
const IDENTIFYING = new Set(['message-id', 'date']);

export class IdentityScan {
  #lacksIdentity = true;
  #isDone = false;
  /** Start of the present line, up to its colon; null once the line cannot be one that counts. */
  #name: string | null = '';

  /** True unless the header section so far has Message-ID or Date. */
  get lacksIdentity(): boolean {
    return this.#lacksIdentity;
  }

  /** Looks at the next piece of content. Reads no further than the empty line after the header section. */
  add(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#isDone && at < bytes.length) {
      if (this.#name === null) {
        const lineEnd = bytes.indexOf(LF, at);
        if (lineEnd < 0) return;
        at = lineEnd + 1;
        this.#name = '';
      } else {
        this.#addByte(this.#name, bytes[at] as number);
        at += 1;
      }
    }
  }

  #addByte(name: string, byte: number): void {
    if (byte === LF) {
      this.#isDone = name.trim() === '';
      this.#name = '';
    } else if (byte === COLON) {
      this.#name = null;
      if (!IDENTIFYING.has(name.trimEnd().toLowerCase())) return;
      this.#lacksIdentity = false;
      this.#isDone = true;
    } else {
      this.#name = name.length < NAME_LENGTH_MAX ? name + String.fromCharCode(byte) : null;
    }
  }
}
