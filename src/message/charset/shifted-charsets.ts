/**
 * Charsets of seven bits that switch between ASCII and two-octet characters within the text: HZ
 * (RFC 1843), ISO-2022-KR (RFC 1557) and ISO-2022-CN (RFC 1922).
 *
 * The Encoding Standard refuses them, since a browser that is told a wrong one can be made to see
 * script; in mail they are text like any other. Each is rewritten into the charset of eight bits that
 * has the same characters, and decoded at once. Total and linear: what is wrong becomes U+FFFD.
 */

const ESCAPE = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const LF = 0x0a;
const TILDE = 0x7e;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** An octet that is no character in either charset of eight bits, nor part of one. */
const NO_CHARACTER = 0xff;

/** Names that {@link decodeShifted} knows. */
export type ShiftedCharset = 'hz-gb-2312' | 'iso-2022-kr' | 'iso-2022-cn';

export function isShiftedCharset(name: string): name is ShiftedCharset {
  return name === 'hz-gb-2312' || name === 'iso-2022-kr' || name === 'iso-2022-cn';
}

/** The text in its charset of eight bits: ASCII as it is, octets of pairs with the high bit set. */
class EightBits {
  readonly #octets: Uint8Array;
  #used = 0;
  /** The first octet of a pair whose second is to come. */
  #isOpen = false;

  constructor(sizeMax: number) {
    this.#octets = new Uint8Array(sizeMax);
  }

  ascii(octet: number): void {
    this.#close();
    this.#octets[this.#used++] = octet < 0x80 ? octet : NO_CHARACTER;
  }

  ofPair(octet: number): void {
    this.#octets[this.#used++] = octet | 0x80;
    this.#isOpen = !this.#isOpen;
  }

  unknown(): void {
    this.#close();
    this.#octets[this.#used++] = NO_CHARACTER;
  }

  /** Half a pair must not take what follows it with it. */
  #close(): void {
    if (this.#isOpen) this.#octets[this.#used - 1] = NO_CHARACTER;
    this.#isOpen = false;
  }

  decode(charset: 'gb18030' | 'euc-kr'): string {
    this.#close();
    return new TextDecoder(charset).decode(this.#octets.subarray(0, this.#used));
  }
}

/** `~{` and `~}` switch, `~~` is a tilde, `~` at a line's end joins lines; a line end returns to ASCII. */
function decodeHz(bytes: Uint8Array): string {
  const text = new EightBits(bytes.length);
  let shifted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at] as number;
    const next = bytes[at + 1];
    if (octet === LF) shifted = false;
    if (octet !== TILDE) {
      if (shifted && octet > 0x20) text.ofPair(octet);
      else text.ascii(octet);
    } else if (next === (shifted ? CLOSE : OPEN)) {
      shifted = !shifted;
      at += 1;
    } else if (shifted) {
      text.ofPair(octet);
    } else if (next === LF) {
      at += 1;
    } else {
      if (next === TILDE) at += 1;
      text.ascii(octet);
    }
  }
  return text.decode('gb18030');
}

/** Whether `ESC $ ) F` names the set that we read: KS X 1001, GB 2312. */
function isDesignated(
  name: ShiftedCharset,
  intermediate: number | undefined,
  final: number | undefined,
): boolean {
  return intermediate === 0x29 && final === (name === 'iso-2022-kr' ? 0x43 : 0x41);
}

/**
 * `ESC $ ) F` names a set, SO selects it, SI and a line end return to ASCII. Of ISO-2022-CN the plane
 * of GB 2312 is read; the planes of CNS 11643, which mail does not use, become U+FFFD.
 */
function decodeIso2022(bytes: Uint8Array, name: ShiftedCharset): string {
  const text = new EightBits(bytes.length);
  let isOurs = true;
  let shifted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at] as number;
    if (octet === ESCAPE && bytes[at + 1] === 0x24) {
      isOurs = isDesignated(name, bytes[at + 2], bytes[at + 3]);
      at += 3;
    } else if (octet === SHIFT_OUT) shifted = true;
    else if (octet === SHIFT_IN) shifted = false;
    else {
      if (octet === LF) shifted = false;
      if (!shifted || octet <= 0x20) text.ascii(octet);
      else if (isOurs) text.ofPair(octet);
      else text.unknown();
    }
  }
  return text.decode(name === 'iso-2022-kr' ? 'euc-kr' : 'gb18030');
}

/** Decodes a charset that shifts. Never throws. */
export function decodeShifted(bytes: Uint8Array, name: ShiftedCharset): string {
  return name === 'hz-gb-2312' ? decodeHz(bytes) : decodeIso2022(bytes, name);
}
