/**
 * A server's message, read as far as an answer to our questions needs (RFC 1035 §4.1, RFC 6891 §6.1).
 *
 * Total and linear: whatever the octets are, something comes back soon. What it means is decided elsewhere.
 */
import type { DnsRecords, DnsRecordType } from '../dns.ts';
import { formatIpv4, formatIpv6 } from './address-text.ts';
import { MangledPacket, readName, uint16, uint32 } from './packet-reader.ts';

/**
 * Records that one answer may have, in all sections. Honest ones have some dozen; a message of 64 KiB could
 * have five thousand, and each costs those who read it.
 */
export const ANSWER_RECORDS_MAX = 1_000;

const HEADER_OCTETS = 12;
const CLASS_IN = 1;
const TYPE_CODES: Readonly<Record<DnsRecordType | 'NS' | 'CNAME' | 'SOA' | 'OPT', number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
};

/** RFC 1035 §4.1.1, RFC 6891 §9 (16). */
export const RCODES = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

export interface PacketHead {
  readonly id: number;
  readonly isAnswer: boolean;
  readonly isTruncated: boolean;
  /** The server asks others for us, or knows by itself. */
  readonly isComplete: boolean;
  /** Without the bits that EDNS adds. */
  readonly rcode: number;
  readonly questions: number;
}

export interface AnswerRecord {
  readonly owner: string;
  readonly ttlSeconds: number;
  readonly content:
    | { readonly kind: 'alias'; readonly target: string }
    | { readonly kind: 'record'; readonly record: DnsRecords[DnsRecordType] };
}

export interface AnswerPacket {
  readonly kind: 'answer';
  /** With the upper bits of EDNS (RFC 6891 §6.1.3). */
  readonly rcode: number;
  /** The name of the question, in the form of owners. */
  readonly name: string;
  /** Of the answer section, of class IN, and of the type asked for or CNAME. */
  readonly records: readonly AnswerRecord[];
  /** How long a negative answer holds (RFC 2308 §5); null without an SOA. */
  readonly negativeTtlSeconds: number | null;
  /** A delegation in place of an answer: the server does not ask others. */
  readonly isReferral: boolean;
}

/** @returns Null where there is not even a header. */
export function readPacketHead(bytes: Uint8Array): PacketHead | null {
  if (bytes.length < HEADER_OCTETS) return null;
  const flags = uint16(bytes, 2);
  return {
    id: uint16(bytes, 0),
    // QR, and OPCODE 0: a standard query.
    isAnswer: (flags & 0xf800) === 0x8000,
    isTruncated: (flags & 0x0200) !== 0,
    // AA or RA.
    isComplete: (flags & 0x0480) !== 0,
    rcode: flags & 0xf,
    questions: uint16(bytes, 4),
  };
}

/**
 * True where the question section of `answer` is that of `question`, but for the case of letters.
 *
 * Both are whole messages; a name that is the first of its message cannot be compressed.
 */
export function hasQuestionOf(question: Uint8Array, answer: Uint8Array): boolean {
  if (answer.length < HEADER_OCTETS || uint16(answer, 4) !== 1) return false;
  const end = readName(question, HEADER_OCTETS).end + 4;
  if (answer.length < end) return false;
  for (let at = HEADER_OCTETS; at < end; at++) {
    if (foldCase(question[at]) !== foldCase(answer[at])) return false;
  }
  return true;
}

function foldCase(octet: number | undefined): number | undefined {
  return octet !== undefined && octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** A record's place in its message. */
interface RecordFrame {
  readonly owner: string;
  readonly type: number;
  readonly recordClass: number;
  readonly ttl: number;
  readonly start: number;
  readonly end: number;
}

function readFrame(bytes: Uint8Array, offset: number): RecordFrame {
  const { name, end: at } = readName(bytes, offset);
  const start = at + 10;
  const end = start + uint16(bytes, at + 8);
  if (end > bytes.length) throw new MangledPacket('record ends outside');
  return {
    owner: name,
    type: uint16(bytes, at),
    recordClass: uint16(bytes, at + 2),
    ttl: uint32(bytes, at + 4),
    start,
    end,
  };
}

/** RFC 2181 §8: a TTL with the highest bit set means 0. */
function ttlSeconds(ttl: number): number {
  return ttl >= 0x8000_0000 ? 0 : ttl;
}

/** A name that has to end where its record does. */
function wholeName(bytes: Uint8Array, offset: number, end: number): string {
  const read = readName(bytes, offset);
  if (read.end !== end) throw new MangledPacket('name in a record');
  return read.name;
}

function octetsOf(bytes: Uint8Array, { start, end }: RecordFrame, count: number): Uint8Array {
  if (end - start !== count) throw new MangledPacket('address of a wrong length');
  return bytes.subarray(start, end);
}

function joinedStrings(bytes: Uint8Array, { start, end }: RecordFrame): string {
  const strings: string[] = [];
  for (let at = start; at < end; ) {
    const next = at + 1 + (bytes[at] ?? 0);
    if (next > end) throw new MangledPacket('string in a record');
    strings.push(Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, next - at - 1).toString('latin1'));
    at = next;
  }
  return strings.join('');
}

function readRecord(bytes: Uint8Array, frame: RecordFrame, type: DnsRecordType): DnsRecords[DnsRecordType] {
  switch (type) {
    case 'A':
      return formatIpv4(octetsOf(bytes, frame, 4));
    case 'AAAA':
      return formatIpv6(octetsOf(bytes, frame, 16));
    case 'MX':
      return {
        preference: uint16(bytes, frame.start),
        exchange: wholeName(bytes, frame.start + 2, frame.end),
      };
    case 'TXT':
      return joinedStrings(bytes, frame);
    case 'PTR':
      return wholeName(bytes, frame.start, frame.end);
  }
}

function readNegativeTtl(bytes: Uint8Array, { start, end, ttl }: RecordFrame): number {
  const { end: afterPrimary } = readName(bytes, start);
  const { end: afterMailbox } = readName(bytes, afterPrimary);
  if (afterMailbox + 20 !== end) throw new MangledPacket('SOA');
  return Math.min(ttlSeconds(ttl), ttlSeconds(uint32(bytes, afterMailbox + 16)));
}

/**
 * Reads an answer whose head and question are known to fit.
 *
 * @returns `mangled` where it does not read as RFC 1035 says or has more records than it may have.
 */
export function readAnswerPacket(
  bytes: Uint8Array,
  type: DnsRecordType,
): AnswerPacket | { readonly kind: 'mangled'; readonly detail: string } {
  try {
    return readSections(bytes, type);
  } catch (error) {
    if (!(error instanceof MangledPacket)) throw error;
    return { kind: 'mangled', detail: error.message };
  }
}

function readSections(bytes: Uint8Array, type: DnsRecordType): AnswerPacket {
  const head = readPacketHead(bytes);
  if (head === null || head.questions !== 1) throw new MangledPacket('no question');
  const [answers, authorities, additionals] = [uint16(bytes, 6), uint16(bytes, 8), uint16(bytes, 10)];
  if (answers + authorities + additionals > ANSWER_RECORDS_MAX) throw new MangledPacket('too many records');
  const question = readName(bytes, HEADER_OCTETS);
  let offset = question.end + 4;
  const frames = (count: number): readonly RecordFrame[] =>
    Array.from({ length: count }, () => {
      const frame = readFrame(bytes, offset);
      offset = frame.end;
      return frame;
    });
  const records = frames(answers).flatMap((frame) => readContent(bytes, frame, type));
  const authority = frames(authorities).filter(({ recordClass }) => recordClass === CLASS_IN);
  const edns = frames(additionals).find((frame) => frame.type === TYPE_CODES.OPT);
  const soa = authority.find((frame) => frame.type === TYPE_CODES.SOA);
  return {
    kind: 'answer',
    // The upper eight bits of an OPT record's TTL.
    rcode: head.rcode + (edns === undefined ? 0 : Math.floor(edns.ttl / 0x100_0000) * 16),
    name: question.name,
    records,
    negativeTtlSeconds: soa === undefined ? null : readNegativeTtl(bytes, soa),
    isReferral:
      !head.isComplete && soa === undefined && authority.some((frame) => frame.type === TYPE_CODES.NS),
  };
}

function readContent(bytes: Uint8Array, frame: RecordFrame, type: DnsRecordType): readonly AnswerRecord[] {
  const { owner, recordClass, ttl, start, end } = frame;
  if (recordClass !== CLASS_IN) return [];
  if (frame.type === TYPE_CODES.CNAME) {
    const target = wholeName(bytes, start, end);
    return [{ owner, ttlSeconds: ttlSeconds(ttl), content: { kind: 'alias', target } }];
  }
  if (frame.type !== TYPE_CODES[type]) return [];
  const record = readRecord(bytes, frame, type);
  return [{ owner, ttlSeconds: ttlSeconds(ttl), content: { kind: 'record', record } }];
}
