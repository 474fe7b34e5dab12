/**
 * The hash of a canonical body (RFC 6376 §3.4.3, §3.4.4), in one pass and without a copy of it.
 *
 * Always of the whole: a signature whose `l=` says less is no pass, whatever its hash.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Canonicalization } from './canonical-field.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** Canonical octets are hashed in pieces of this size. */
const CHUNK_BYTES = 64 * 1024;

export interface BodyHash {
  /** Octets of the canonical body. */
  readonly length: number;
  readonly sha256: Buffer;
}

/** The body as it is, empty lines at its end made one CRLF; an empty body is one CRLF (§3.4.3). */
function hashSimple(body: Uint8Array): BodyHash {
  let end = body.length;
  while (end >= 2 && body[end - 1] === LF && body[end - 2] === CR) end -= 2;
  const hash = createHash('sha256').update(body.subarray(0, end)).update('\r\n');
  return { length: end + 2, sha256: hash.digest() };
}

/** Canonical octets on their way into the hash. */
class ChunkWriter {
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #hash: Hash = createHash('sha256');
  #used = 0;
  #length = 0;

  write(octet: number): void {
    if (this.#used === CHUNK_BYTES) this.#flush();
    this.#chunk[this.#used] = octet;
    this.#used += 1;
  }

  #flush(): void {
    this.#hash.update(this.#chunk.subarray(0, this.#used));
    this.#length += this.#used;
    this.#used = 0;
  }

  finish(): BodyHash {
    this.#flush();
    return { length: this.#length, sha256: this.#hash.digest() };
  }
}

/**
 * White space within lines made one space, at their ends nothing; no empty lines at the end; a last line
 * gets its CRLF; an empty body stays empty (§3.4.4).
 */
function hashRelaxed(body: Uint8Array): BodyHash {
  const writer = new ChunkWriter();
  let lineEnds = 0;
  let hasSpace = false;
  let isEmpty = true;
  for (let at = 0; at < body.length; at += 1) {
    const octet = body[at] as number;
    if (octet === SPACE || octet === TAB) hasSpace = true;
    else if (octet === CR && body[at + 1] === LF) {
      lineEnds += 1;
      hasSpace = false;
      at += 1;
    } else {
      // Line ends are written only once something follows them: those at the end are one.
      for (; lineEnds > 0; lineEnds -= 1) {
        writer.write(CR);
        writer.write(LF);
      }
      if (hasSpace) writer.write(SPACE);
      hasSpace = false;
      writer.write(octet);
      isEmpty = false;
    }
  }
  if (!isEmpty) {
    writer.write(CR);
    writer.write(LF);
  }
  return writer.finish();
}

/** @param body CRLF line ends; a CR or LF alone is an octet like others. */
export function hashBody(body: Uint8Array, form: Canonicalization): BodyHash {
  return form === 'simple' ? hashSimple(body) : hashRelaxed(body);
}
