/**
 * Charsets of seven bits that switch between ASCII and two-octet characters within the text: HZ
 * (RFC 1843), ISO-2022-KR (RFC 1557) and ISO-2022-CN (RFC 1922).
 *
 * The Encoding Standard refuses them, since a browser that is told a wrong one can be made to see
 * script; in mail they are text like any other. Total and linear: a pair that is none becomes U+FFFD.
 */

const ESCAPE = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const LF = 0x0a;
const TILDE = 0x7e;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** An octet that begins no character in either set. */
const NO_CHARACTER = 0xff;

/** Names that {@link decodeShifted} knows. */
export type ShiftedCharset = 'hz-gb-2312' | 'iso-2022-kr' | 'iso-2022-cn';

export function isShiftedCharset(name: string): name is ShiftedCharset {
  return name === 'hz-gb-2312' || name === 'iso-2022-kr' || name === 'iso-2022-cn';
}

/** Collects runs of one kind and decodes each at once. */
class Runs {
  readonly #ascii = new TextDecoder('windows-1252');
  readonly #texts: string[] = [];
  readonly #octets: Uint8Array;
  #used = 0;
  /** Null while the run is ASCII. */
  #decoder: InstanceType<typeof TextDecoder> | null = null;

  constructor(sizeMax: number) {
    this.#octets = new Uint8Array(sizeMax);
  }

  put(decoder: InstanceType<typeof TextDecoder> | null, octet: number): void {
    if (decoder !== this.#decoder) this.flush();
    this.#decoder = decoder;
    this.#octets[this.#used++] = decoder === null ? octet : octet | 0x80;
  }

  flush(): void {
    if (this.#used > 0) {
      this.#texts.push((this.#decoder ?? this.#ascii).decode(this.#octets.subarray(0, this.#used)));
    }
    this.#used = 0;
  }

  text(): string {
    this.flush();
    return this.#texts.join('');
  }
}

/** `~{` and `~}` switch, `~~` is a tilde, `~` at a line's end joins lines; a line end returns to ASCII. */
function decodeHz(bytes: Uint8Array): string {
  const chinese = new TextDecoder('gb18030');
  const runs = new Runs(bytes.length);
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at] as number;
    const next = bytes[at + 1];
    if (octet === LF) decoder = null;
    if (octet !== TILDE) {
      runs.put(octet > 0x20 ? decoder : null, octet);
    } else if (next === OPEN && decoder === null) {
      decoder = chinese;
      at += 1;
    } else if (next === CLOSE && decoder !== null) {
      decoder = null;
      at += 1;
    } else if (next === LF && decoder === null) {
      at += 1;
    } else {
      if (next === TILDE && decoder === null) at += 1;
      runs.put(decoder, octet);
    }
  }
  return runs.text();
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
  const runs = new Runs(bytes.length);
  const preset = new TextDecoder(name === 'iso-2022-kr' ? 'euc-kr' : 'gb18030');
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
      const isPair = shifted && octet > 0x20;
      runs.put(isPair ? preset : null, isPair && !isOurs ? NO_CHARACTER : octet);
    }
  }
  return runs.text();
}

/** Decodes a charset that shifts. Never throws. */
export function decodeShifted(bytes: Uint8Array, name: ShiftedCharset): string {
  return name === 'hz-gb-2312' ? decodeHz(bytes) : decodeIso2022(bytes, name);
}
