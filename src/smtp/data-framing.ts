/**
 * Finds the end of DATA and undoes dot-stuffing (RFC 5321 §4.1.1.4, §4.5.2).
 *
 * Only CRLF.CRLF ends a message; the CRLF before the dot belongs to it. A CR or LF that stands alone
 * never begins a line, so no other sequence can be taken for the end (SMTP smuggling); it is
 * reported, and the session refuses the message when its true end has come.
 *
 * Time is linear in the octets whatever they are, and every piece gives at most one piece of
 * content: a view where nothing was removed between its ends, else a copy.
 */

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

type Position = 'line-start' | 'in-line' | 'after-cr' | 'after-dot' | 'after-dot-cr';

export interface DataPiece {
  /** Content in what was given, dot-stuffing undone. A view or a copy. */
  readonly content: Uint8Array;
  /** Where in the bytes the next thing begins. */
  readonly end: number;
  /** The message has ended at `end`. */
  readonly isEnd: boolean;
}

export class DataFraming {
  #position: Position = 'line-start';
  #hasBareLineEnd = false;

  /** A CR without LF or a LF without CR has been seen. */
  get hasBareLineEnd(): boolean {
    return this.#hasBareLineEnd;
  }

  /** Takes `bytes` from `from` to the end of the message, or as far as they go. */
  take(bytes: Uint8Array, from: number): DataPiece {
    const ranges = new Ranges(bytes, from);
    let position = this.#position;
    let start = from;
    let at = from;
    const { length } = bytes;
    while (at < length) {
      if (position === 'in-line') {
        // Nearly all octets end here: one comparison each, and nothing else in the loop.
        while (at < length && (bytes[at] as number) > CR) at += 1;
        if (at === length) break;
        const octet = bytes[at] as number;
        at += 1;
        if (octet === CR) position = 'after-cr';
        else if (octet === LF) this.#hasBareLineEnd = true;
        continue;
      }
      const octet = bytes[at] as number;
      if (position === 'after-cr') {
        if (octet === LF) position = 'line-start';
        else {
          this.#hasBareLineEnd = true;
          if (octet !== CR) position = 'in-line';
        }
        at += 1;
      } else if (position === 'line-start') {
        if (octet === DOT) {
          ranges.add(start, at);
          at += 1;
          start = at;
          position = 'after-dot';
        } else position = 'in-line';
      } else if (position === 'after-dot') {
        if (octet === CR) {
          // Held back: it is content only if no LF follows, and then the message is refused anyway.
          at += 1;
          start = at;
          position = 'after-dot-cr';
        } else position = 'in-line';
      } else if (octet === LF) {
        this.#position = 'line-start';
        return { content: ranges.joined(), end: at + 1, isEnd: true };
      } else {
        this.#hasBareLineEnd = true;
        position = octet === CR ? 'after-cr' : 'in-line';
        at += 1;
      }
    }
    this.#position = position;
    ranges.add(start, at);
    return { content: ranges.joined(), end: at, isEnd: false };
  }
}

/** Below this, copying octet by octet is quicker than a call. */
const SHORT_RANGE_OCTETS = 48;

/** Ranges of one array, joined in order: no copy while there is only one. */
class Ranges {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  #start = 0;
  #end = 0;
  #copy: Uint8Array | null = null;
  #copied = 0;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#from = from;
  }

  add(start: number, end: number): void {
    if (start === end) return;
    if (this.#copy === null && this.#start === this.#end) {
      this.#start = start;
      this.#end = end;
      return;
    }
    if (this.#copy === null) {
      this.#copy = Buffer.allocUnsafe(this.#bytes.length - this.#from);
      this.#append(this.#copy, this.#start, this.#end);
    }
    this.#append(this.#copy, start, end);
  }

  joined(): Uint8Array {
    if (this.#copy === null) return this.#bytes.subarray(this.#start, this.#end);
    return this.#copy.subarray(0, this.#copied);
  }

  #append(copy: Uint8Array, start: number, end: number): void {
    if (end - start > SHORT_RANGE_OCTETS) {
      copy.set(this.#bytes.subarray(start, end), this.#copied);
      this.#copied += end - start;
      return;
    }
    for (let at = start; at < end; at++) copy[this.#copied++] = this.#bytes[at] as number;
  }
}
