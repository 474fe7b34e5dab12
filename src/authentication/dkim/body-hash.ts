/**
 * The hash of a canonical body (RFC 6376 §3.4.3, §3.4.4), in one pass and without a copy of it.
 *
 * Always of the whole: a signature whose `l=` says less is no pass, whatever its hash. Who verifies has
 * all of it at once, who signs gets it in pieces.
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
 * The relaxed form of a body that comes in pieces, cut anywhere.
 *
 * White space within lines is made one space, at their ends nothing; no empty lines at the end; a last
 * line gets its CRLF; an empty body stays empty (§3.4.4).
 */
export class RelaxedBodyHasher {
  readonly #writer = new ChunkWriter();
  /** Line ends are written only once something follows them: those at the end are one. */
  #lineEnds = 0;
  #hasSpace = false;
  #isEmpty = true;
  /** The last octet was a CR: the next one says whether it ends a line. */
  #hasCr = false;

  update(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += 1) {
      const octet = piece[at] as number;
      if (this.#hasCr) {
        this.#hasCr = false;
        if (octet === LF) {
          this.#lineEnds += 1;
          this.#hasSpace = false;
          continue;
        }
        this.#write(CR);
      }
      if (octet === CR) this.#hasCr = true;
      else if (octet === SPACE || octet === TAB) this.#hasSpace = true;
      else this.#write(octet);
    }
  }

  /** An octet that is neither white space nor part of a line end. */
  #write(octet: number): void {
    for (; this.#lineEnds > 0; this.#lineEnds -= 1) {
      this.#writer.write(CR);
      this.#writer.write(LF);
    }
    if (this.#hasSpace) this.#writer.write(SPACE);
    this.#hasSpace = false;
    this.#writer.write(octet);
    this.#isEmpty = false;
  }

  /** To be called once, when all has been given. */
  finish(): BodyHash {
    if (this.#hasCr) this.#write(CR);
    if (!this.#isEmpty) {
      this.#writer.write(CR);
      this.#writer.write(LF);
    }
    return this.#writer.finish();
  }
}

function hashRelaxed(body: Uint8Array): BodyHash {
  const hasher = new RelaxedBodyHasher();
  hasher.update(body);
  return hasher.finish();
}

/** @param body CRLF line ends; a CR or LF alone is an octet like others. */
export function hashBody(body: Uint8Array, form: Canonicalization): BodyHash {
  return form === 'simple' ? hashSimple(body) : hashRelaxed(body);
}
