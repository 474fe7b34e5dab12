/**
 * What trust asks of a message's header section.
 *
 * Everything is read by the functions by which the message is read: a fact about another parser's
 * message would be a fact about nothing.
 */
import { parseAddresses } from '../message/header/addresses.ts';
import { parseDateTime } from '../message/header/date-time.ts';
import {
  fieldValue,
  fieldValues,
  type HeaderSection,
  readHeaderSection,
  scanHeaderSection,
} from '../message/header/header-section.ts';
import { parseMessageId } from '../message/header/message-ids.ts';
import { readMimeTree, transferEncodingOf } from '../message/mime/mime-tree.ts';
import { isIdentityEncoding } from '../message/mime/transfer-encoding.ts';
import { epochMs } from '../system/clock.ts';
import { normalAddress, readAuthor } from './author.ts';
import type { Author, FieldFacts } from './verdict.ts';

/** Fields that may occur once: RFC 5322 §3.6; RFC 2045 §3, and RFC 2183 §2 with them. */
const ONCE: readonly string[] = [
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-id',
  'content-description',
  'content-disposition',
];
/** A verdict is stored with its message; whom else it was sent to is for the file to say. */
const RECIPIENTS_MAX = 50;

/** Names by their length, in octets: most fields of a message of millions are told apart without a string. */
const ONCE_BY_LENGTH: ReadonlyMap<number, readonly (readonly [name: string, octets: Uint8Array])[]> =
  Map.groupBy(
    ONCE.map((name) => [name, Buffer.from(name, 'latin1')] as const),
    ([name]) => name.length,
  );

/** Letters without case; no other octet of a field name becomes a letter or a hyphen by it. */
const CASE_BIT = 0x20;

function onceNameAt(content: Uint8Array, start: number, end: number): string | null {
  for (const [name, octets] of ONCE_BY_LENGTH.get(end - start) ?? [])
    if (octets.every((octet, index) => ((content[start + index] as number) | CASE_BIT) === octet))
      return name;
  return null;
}

/** How often each field of {@link ONCE} occurs in the whole section, beyond the limits of the reader too. */
function countFields(content: Uint8Array): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  scanHeaderSection(content, { from: 0, to: content.length }, ({ nameStart, nameEnd }) => {
    const name = onceNameAt(content, nameStart, nameEnd);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  return counts;
}

/**
 * The encoding that the reader undoes in the body of the message itself: null under a multipart type,
 * where it does not (RFC 2045 §6.4). A multipart that has no parts is text to it, and so it is here.
 */
function effectiveEncoding(content: Uint8Array, section: HeaderSection): string | null {
  const encoding = transferEncodingOf(section);
  if (isIdentityEncoding(encoding)) return null;
  return readMimeTree(content).root.contentType.startsWith('multipart/') ? null : encoding;
}

function recipients(section: HeaderSection, name: 'to' | 'cc'): readonly string[] {
  return fieldValues(section, name)
    .flatMap((value) => parseAddresses(value))
    .filter(({ address }) => address !== '')
    .slice(0, RECIPIENTS_MAX)
    .map(({ address }) => normalAddress(address).toLowerCase());
}

/** Reads what a verdict says of a message's fields. Never throws; linear. */
export function readFieldFacts(content: Uint8Array): {
  readonly author: Author;
  readonly fields: FieldFacts;
} {
  const section = readHeaderSection(content, { from: 0, to: content.length });
  const counts = countFields(content);
  const date = parseDateTime(fieldValue(section, 'date'));
  return {
    author: readAuthor(section, { fromFields: counts.get('from') ?? 0 }),
    fields: {
      repeated: ONCE.filter((name) => (counts.get(name) ?? 0) > 1),
      hasMessageId: parseMessageId(fieldValue(section, 'message-id')) !== '',
      date: date === null ? null : epochMs(date.instantMs),
      transferEncoding: effectiveEncoding(content, section),
      to: recipients(section, 'to'),
      cc: recipients(section, 'cc'),
    },
  };
}
