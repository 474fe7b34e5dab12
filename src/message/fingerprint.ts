/**
 * Fingerprints: what "the same message" means (design §3.3).
 *
 * Computed over raw octets in linear time and without bounds of its own: a field that were left out
 * because it is the ten-thousandth could make two messages one.
 */
import { createHash } from 'node:crypto';
import { parseAddresses } from './addresses.ts';
import { parseDateTime } from './date-time.ts';
import { type FieldRange, scanHeaderSection } from './header-section.ts';

/** What a retry may change on its way; with every `arc-…` and `x-…`. The list is closed. */
const CHANGED_ON_THE_WAY: ReadonlySet<string> = new Set([
  'received',
  'return-path',
  'delivered-to',
  'received-spf',
  'dkim-signature',
  'authentication-results',
]);

function changesOnTheWay(name: string): boolean {
  return CHANGED_ON_THE_WAY.has(name) || name.startsWith('arc-') || name.startsWith('x-');
}

const CR = 0x0d;
const LF = 0x0a;
/** Fields are hashed in pieces of about this size, so that a hundred thousand of them stay cheap. */
const PIECE_CHARACTERS = 64 * 1024;

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** Where the body ends without its trailing run of CRLF (or LF). */
function bodyEndWithoutTrailingLines(bytes: Uint8Array, bodyStart: number): number {
  let end = bytes.length;
  while (end > bodyStart && bytes[end - 1] === LF) {
    end -= 1;
    if (end > bodyStart && bytes[end - 1] === CR) end -= 1;
  }
  return end;
}

/**
 * The content fingerprint: SHA-256 over every header field but the closed list, in order, as
 * `lower-name ":" value CRLF` (unfolded: line ends removed; trimmed; not decoded), an empty line, and
 * the body, its trailing run of line ends written as one CRLF.
 *
 * @param bytes The message as received. @returns Lower-case hex.
 */
export function contentFingerprint(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  let piece: string[] = [];
  let characters = 0;
  const flush = (): void => {
    hash.update(piece.join(''), 'latin1');
    piece = [];
    characters = 0;
  };
  const visit = (field: FieldRange): void => {
    const name = latin1(bytes, field.nameStart, field.nameEnd).toLowerCase();
    if (changesOnTheWay(name)) return;
    const value = latin1(bytes, field.valueStart, field.valueEnd).replace(/\r?\n/g, '');
    piece.push(name, ':', trimBlanks(value), '\r\n');
    characters += name.length + value.length;
    if (characters > PIECE_CHARACTERS) flush();
  };
  const { bodyStart } = scanHeaderSection(bytes, { from: 0, to: bytes.length }, visit);
  piece.push('\r\n');
  flush();
  hash.update(bytes.subarray(bodyStart, bodyEndWithoutTrailingLines(bytes, bodyStart)));
  hash.update('\r\n');
  return hash.digest('hex');
}

/** Trims the white space of RFC 5322 alone: a no-break space belongs to the value. */
function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === ' ' || value[start] === '\t')) start += 1;
  while (end > start && (value[end - 1] === ' ' || value[end - 1] === '\t')) end -= 1;
  return value.slice(start, end);
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
