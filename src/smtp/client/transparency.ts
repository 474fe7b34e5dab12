/**
 * What is done to a message so that it can stand between DATA and the final dot (RFC 5321 §4.5.2).
 * Pure.
 */

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/**
 * Doubles the dot of each line that begins with one. A CR or LF that stands alone is made CRLF: it must
 * not be sent (§2.3.8), and what another server made of it could end the message early.
 */
export class Transparency {
  /** The last octet that was given; a message begins as a line does. */
  #last = LF;
  #isLineBegun = false;

  encode(octets: Uint8Array): Uint8Array {
    // At worst each octet becomes two.
    const out = new Uint8Array(octets.length * 2 + 1);
    let length = 0;
    for (const octet of octets) {
      if (this.#last === CR && octet !== LF) {
        out[length++] = LF;
        this.#isLineBegun = false;
      }
      if (octet === LF) {
        if (this.#last !== CR) out[length++] = CR;
        out[length++] = LF;
        this.#isLineBegun = false;
      } else {
        if (octet === DOT && !this.#isLineBegun) out[length++] = DOT;
        out[length++] = octet;
        this.#isLineBegun = octet !== CR || this.#isLineBegun;
      }
      this.#last = octet;
    }
    return out.subarray(0, length);
  }

  /** What brings the message to the end of a line; the final dot comes behind it. */
  end(): string {
    if (this.#last === CR) return '\n';
    return this.#isLineBegun ? '\r\n' : '';
  }
}

/** The final dot with its line end. */
export const FINAL_DOT = '.\r\n';
