/**
 * One record of the log, as bytes.
 *
 *     offset  size
 *          0     8  magic "AIMXLOG1"
 *          8     1  kind: 1 message, 2 evidence
 *          9     3  zero
 *         12     4  length of the envelope (JSON, UTF-8), little endian like all that follows
 *         16     8  length of the content that follows the envelope; 0 where it is a spool file
 *         24     8  journal id
 *         32     8  durableUpTo: how far this segment was known to be flushed when this was written
 *         40    32  SHA-256 of the content
 *         72    32  SHA-256 of the 72 octets before it and the envelope
 *        104        envelope, then content
 *
 * The second hash covers the first, so that all of a record is covered while the content, hashed as
 * it came in, is not hashed again on the way of a `250`.
 *
 * `durableUpTo` tells a torn tail from damage: a record that does not read back and lies wholly above
 * every later record's `durableUpTo` was never acknowledged; one below it was.
 */
import { hash } from 'node:crypto';

export const HEAD_BYTES = 104;
const MAGIC = Buffer.from('AIMXLOG1', 'latin1');
const DIGEST_OFFSET = 72;

/** More is no envelope of ours: 100 recipients of 256 octets, four times over. */
export const ENVELOPE_BYTES_MAX: number = 1024 * 1024;
/** Larger contents are spool files; a head that claims more is damaged. */
export const CONTENT_BYTES_MAX: number = 64 * 1024 * 1024;

export type RecordKind = 'message' | 'evidence';

export interface RecordHead {
  readonly kind: RecordKind;
  readonly envelopeBytes: number;
  readonly contentBytes: number;
  readonly journalId: number;
  readonly durableUpTo: number;
  readonly contentSha256: string;
  readonly digest: Uint8Array;
}

export interface RecordFields {
  readonly kind: RecordKind;
  readonly journalId: number;
  readonly durableUpTo: number;
  /** Lower-case hex. */
  readonly contentSha256: string;
  readonly contentBytes: number;
  /** JSON. */
  readonly envelope: string;
}

/** Head and envelope as one buffer; the content's chunks follow it on the disk as they are. */
export function encodeRecord(fields: RecordFields): Uint8Array {
  const envelopeBytes = Buffer.byteLength(fields.envelope);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + envelopeBytes);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(fields.kind === 'message' ? 1 : 2, 8);
  bytes.writeUInt32LE(envelopeBytes, 12);
  writeUint53(bytes, fields.contentBytes, 16);
  writeUint53(bytes, fields.journalId, 24);
  writeUint53(bytes, fields.durableUpTo, 32);
  bytes.write(fields.contentSha256, 40, 32, 'hex');
  bytes.write(fields.envelope, HEAD_BYTES, 'utf8');
  digestOf(bytes.subarray(0, DIGEST_OFFSET), bytes.subarray(HEAD_BYTES)).copy(bytes, DIGEST_OFFSET);
  return bytes;
}

/** Reads a head; null where it is none. Says nothing yet about envelope and content. */
export function parseHead(bytes: Buffer): RecordHead | null {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return null;
  const kind = bytes.readUInt32LE(8);
  const envelopeBytes = bytes.readUInt32LE(12);
  const contentBytes = readUint53(bytes, 16);
  const journalId = readUint53(bytes, 24);
  const durableUpTo = readUint53(bytes, 32);
  if (kind !== 1 && kind !== 2) return null;
  if (envelopeBytes > ENVELOPE_BYTES_MAX || contentBytes === null || contentBytes > CONTENT_BYTES_MAX)
    return null;
  if (journalId === null || durableUpTo === null) return null;
  return {
    kind: kind === 1 ? 'message' : 'evidence',
    envelopeBytes,
    contentBytes,
    journalId,
    durableUpTo,
    contentSha256: bytes.toString('hex', 40, 72),
    digest: bytes.subarray(DIGEST_OFFSET, HEAD_BYTES),
  };
}

/** True where head and envelope are as they were written. `bytes` begins with the head. */
export function isIntact(head: RecordHead, bytes: Buffer): boolean {
  const envelope = bytes.subarray(HEAD_BYTES, HEAD_BYTES + head.envelopeBytes);
  return (
    envelope.length === head.envelopeBytes &&
    digestOf(bytes.subarray(0, DIGEST_OFFSET), envelope).equals(head.digest)
  );
}

/** Offset of the next magic at or after `from`; -1 where there is none. */
export function findMagic(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC, from);
}

/** SHA-256 of nothing: what a record without content carries. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function digestOf(head: Uint8Array, envelope: Uint8Array): Buffer {
  const covered = Buffer.allocUnsafe(head.length + envelope.length);
  covered.set(head, 0);
  covered.set(envelope, head.length);
  return hash('sha256', covered, 'buffer');
}

function writeUint53(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value % 0x1_0000_0000, offset);
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), offset + 4);
}

function readUint53(bytes: Buffer, offset: number): number | null {
  const high = bytes.readUInt32LE(offset + 4);
  return high >= 0x20_0000 ? null : high * 0x1_0000_0000 + bytes.readUInt32LE(offset);
}
