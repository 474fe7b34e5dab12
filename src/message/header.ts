/** The header fields that a mailbox file shows, decoded and bounded. */
import { formatAddressList, parseAddressEntries } from './addresses.ts';
import { wellFormed } from './charset.ts';
import { parseDateTime } from './date-time.ts';
import { decodeLine, oneLine } from './encoded-word.ts';
import { fieldValue, fieldValues, type HeaderSection } from './header-section.ts';
import type { MessageHeader } from './message.ts';
import { parseMessageId, parseMessageIds } from './message-ids.ts';

/** A longer value serves no reader; the whole is in the raw message. */
export const FIELD_CHARACTERS_MAX: number = 64 * 1024;

/** Fields that may occur once (RFC 5322 §3.6). */
const ONCE = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'date',
];

export interface ReadHeader {
  readonly header: MessageHeader;
  /** `<code>: <sentence>`. */
  readonly warnings: readonly string[];
}

/** The head of a text that is too long, cut before `separator` where it has one. */
function cut(text: string, separator: string): string {
  const head = wellFormed(text.slice(0, FIELD_CHARACTERS_MAX));
  const last = separator === '' ? -1 : head.lastIndexOf(separator);
  return `${last > 0 ? head.slice(0, last) : head} …`;
}

/** Reads the fields of a message's header section. Never throws. */
export function readHeader(section: HeaderSection): ReadHeader {
  const warnings: string[] = [];
  const bounded = (name: string, text: string, separator = ''): string => {
    if (text.length <= FIELD_CHARACTERS_MAX) return text;
    warnings.push(`field-cut: ${name} is longer than ${FIELD_CHARACTERS_MAX} characters and was cut`);
    return cut(text, separator);
  };
  const list = (name: string): string => {
    const entries = fieldValues(section, name).flatMap((value) => parseAddressEntries(value));
    return bounded(name, formatAddressList(entries), ', ');
  };
  const from = fieldValue(section, 'from');
  const date = parseDateTime(fieldValue(section, 'date'));
  for (const name of ONCE) {
    const count = fieldValues(section, name).length;
    if (count > 1) warnings.push(`duplicate-field: ${name} occurs ${count} times`);
  }
  const ids = fieldValues(section, 'references').flatMap((value) => parseMessageIds(value));
  const header: MessageHeader = {
    messageId: bounded('message-id', parseMessageId(fieldValue(section, 'message-id'))),
    from: bounded('from', formatAddressList(parseAddressEntries(from)), ', '),
    to: list('to'),
    cc: list('cc'),
    replyTo: list('reply-to'),
    subject: bounded('subject', decodeLine(fieldValue(section, 'subject'))),
    date: date?.rfc3339 ?? null,
    inReplyTo: bounded('in-reply-to', parseMessageIds(fieldValue(section, 'in-reply-to'))[0] ?? ''),
    references: boundedIds(ids),
    listId: bounded('list-id', oneLine(decodeLine(fieldValue(section, 'list-id')))),
    autoSubmitted: bounded('auto-submitted', decodeLine(fieldValue(section, 'auto-submitted'))),
  };
  return { header, warnings };
}

/** Ids as far as their sum stays within the limit; the first, the thread's root, is among them. */
function boundedIds(ids: readonly string[]): readonly string[] {
  let characters = 0;
  return ids.filter((id) => {
    characters += id.length + 1;
    return characters <= FIELD_CHARACTERS_MAX;
  });
}
