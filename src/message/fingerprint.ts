/**
 * Fingerprints: what "the same message" means (design §3.3).
 *
 * Computed over raw octets in linear time and without bounds of its own: a field that were left out
 * because it is the ten-thousandth could make two messages one.
 */
import { createHash } from 'node:crypto';
import { parseAddresses } from './header/addresses.ts';
import { parseDateTime } from './header/date-time.ts';
import { type FieldRange, scanHeaderSection } from './header/header-section.ts';
import { changesOnTheWay } from './header/way-fields.ts';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
/** Octets are hashed in pieces of this size, so that a million small fields stay cheap. */
const PIECE_BYTES = 64 * 1024;

/** Where the body ends without its trailing run of CRLF (or LF). */
function bodyEndWithoutTrailingLines(bytes: Uint8Array, bodyStart: number): number {
  let end = bytes.length;
  while (end > bodyStart && bytes[end - 1] === LF) {
    end -= 1;
    if (end > bodyStart && bytes[end - 1] === CR) end -= 1;
  }
  return end;
}

/** Hashes header fields in their canonical form, octet by octet, without a string for each. */
class FieldHash {
  readonly #hash = createHash('sha256');
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #used = 0;

  put(octet: number): void {
    if (this.#used === PIECE_BYTES) this.flush();
    this.#piece[this.#used++] = octet;
  }

  flush(): void {
    this.#hash.update(this.#piece.subarray(0, this.#used));
    this.#used = 0;
  }

  /** What follows the fields, as it is. */
  putAll(bytes: Uint8Array): void {
    this.flush();
    this.#hash.update(bytes);
  }

  hex(): string {
    this.flush();
    return this.#hash.digest('hex');
  }
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

/** The white space of RFC 5322 alone is trimmed: a no-break space belongs to the value. */
function putField(hash: FieldHash, bytes: Uint8Array, name: string, field: FieldRange): void {
  let start = field.valueStart;
  let end = field.valueEnd;
  while (start < end && (isBlank(bytes[start]) || isLineEnd(bytes, start))) start += 1;
  while (end > start && (isBlank(bytes[end - 1]) || isLineEnd(bytes, end - 1))) end -= 1;
  for (let at = 0; at < name.length; at += 1) hash.put(name.charCodeAt(at));
  hash.put(COLON);
  for (let at = start; at < end; at += 1) if (!isLineEnd(bytes, at)) hash.put(bytes[at] as number);
  hash.put(CR);
  hash.put(LF);
}

/**
 * The content fingerprint: SHA-256 over every header field but the closed list, in order, as
 * `lower-name ":" value CRLF` (unfolded: line ends removed; trimmed; not decoded), an empty line, and
 * the body, its trailing run of line ends written as one CRLF.
 *
 * @param bytes The message as received. @returns Lower-case hex.
 */
export function contentFingerprint(bytes: Uint8Array): string {
  const hash = new FieldHash();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { bodyStart } = scanHeaderSection(bytes, { from: 0, to: bytes.length }, (field) => {
    const name = buffer.toString('latin1', field.nameStart, field.nameEnd).toLowerCase();
    if (!changesOnTheWay(name)) putField(hash, bytes, name, field);
  });
  hash.put(CR);
  hash.put(LF);
  hash.putAll(bytes.subarray(bodyStart, bodyEndWithoutTrailingLines(bytes, bodyStart)));
  hash.put(CR);
  hash.put(LF);
  return hash.hex();
}

export interface LegacyIdentity {
  /** Without angle brackets. */
  readonly messageId: string;
  /** From, as a file shows it or as a field has it. */
  readonly from: string;
  /** RFC 3339 or RFC 5322. */
  readonly date: string;
  /** Decoded. */
  readonly subject: string;
}

/** How both versions write an absent subject. */
const NO_SUBJECT = '(no subject)';

/**
 * The fingerprint by which messages of the earlier version's files are known: Message-ID, From
 * address, Date and Subject together (contract §3).
 *
 * One function for both sides, so that they cannot differ: what the reader makes of a message, and
 * the values of a file's frontmatter.
 *
 * @returns Lower-case hex; null where the Message-ID is absent or the Date cannot be read, since the
 *   rest alone does not tell two messages apart.
 */
export function legacyFingerprint(identity: LegacyIdentity): string | null {
  const messageId = identity.messageId.trim();
  const date = parseDateTime(identity.date);
  if (messageId === '' || date === null) return null;
  const address = parseAddresses(identity.from)[0]?.address ?? '';
  const subject = identity.subject.replace(/\s+/g, ' ').trim();
  const parts = [
    messageId,
    address.toLowerCase(),
    String(Math.floor(date.instantMs / 1000)),
    subject === NO_SUBJECT ? '' : subject,
  ];
  return createHash('sha256').update(parts.join('\u001f')).digest('hex');
}
