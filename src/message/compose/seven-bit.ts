/**
 * Whether octets can travel as they are (RFC 2045 §2.7): what an attached message must be, which may
 * not be encoded (RFC 2046 §5.2.1).
 */

const CR = 0x0d;
const LF = 0x0a;
/** RFC 2045 §2.7, without the line end. */
const LINE_OCTETS_MAX = 998;

/** Looks at octets in pieces. */
export class SevenBitScan {
  #previous = LF;
  #lineOctets = 0;
  #isSevenBit = true;
  sizeBytes = 0;

  add(piece: Uint8Array): void {
    this.sizeBytes += piece.length;
    if (!this.#isSevenBit) return;
    let previous = this.#previous;
    let lineOctets = this.#lineOctets;
    for (let at = 0; at < piece.length; at += 1) {
      const octet = piece[at] as number;
      // A CR stands before a LF, and a LF behind a CR, and nowhere else.
      const isBroken = octet === 0 || octet > 0x7f || (previous === CR) !== (octet === LF);
      if (octet === LF) lineOctets = 0;
      else if (octet !== CR) lineOctets += 1;
      if (isBroken || lineOctets > LINE_OCTETS_MAX) {
        this.#isSevenBit = false;
        return;
      }
      previous = octet;
    }
    this.#previous = previous;
    this.#lineOctets = lineOctets;
  }

  /** Asked for when all pieces were added. */
  get isSevenBit(): boolean {
    return this.#isSevenBit && this.#previous !== CR;
  }
}
