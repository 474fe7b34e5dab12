/** The header fields that a mailbox file shows, decoded and bounded. */

import { wellFormed } from '../charset/charset.ts';
import type { MessageHeader } from '../message.ts';
import { withoutInvisible } from '../unicode/invisible-characters.ts';
import { lookAlikeAddresses, lookAlikeSubject } from '../unicode/look-alike.ts';
import { type Address, type AddressEntry, formatAddressList, parseAddressEntries } from './addresses.ts';
import { parseDateTime } from './date-time.ts';
import { decodeLine, oneLine } from './encoded-word.ts';
import { fieldValue, fieldValues, type HeaderSection } from './header-section.ts';
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

/** Makes values fit to be shown, and remembers what had to be said of them. */
class HeaderReader {
  readonly warnings: string[] = [];
  readonly #section: HeaderSection;

  constructor(section: HeaderSection) {
    this.#section = section;
    for (const name of ONCE) {
      const count = fieldValues(section, name).length;
      if (count > 1) this.warnings.push(`duplicate-field: ${name} occurs ${count} times`);
    }
  }

  bounded(name: string, text: string, separator = ''): string {
    if (text.length <= FIELD_CHARACTERS_MAX) return text;
    this.warnings.push(`field-cut: ${name} is longer than ${FIELD_CHARACTERS_MAX} characters and was cut`);
    return cut(text, separator);
  }

  #sayHidden(field: string, count: number): void {
    if (count === 0) return;
    this.warnings.push(
      `hidden-characters: ${field} has characters that nobody sees or that turn the text around; they were left out (${count})`,
    );
  }

  addresses(field: string, values: readonly string[]): string {
    let hidden = 0;
    const shown = (text: string): string => {
      const seen = withoutInvisible(text);
      hidden += seen.left;
      return seen.text;
    };
    // An address itself stays what it is: without a character it would be another one.
    const address = (each: Address): Address => ({ name: oneLine(shown(each.name)), address: each.address });
    const entries: readonly AddressEntry[] = values.flatMap((value) =>
      parseAddressEntries(value).map((entry) =>
        'group' in entry
          ? { group: oneLine(shown(entry.group)), members: entry.members.map(address) }
          : address(entry),
      ),
    );
    this.#sayHidden(field, hidden);
    const all = entries.flatMap((entry) => ('group' in entry ? entry.members : [entry]));
    this.warnings.push(...lookAlikeAddresses(field, all));
    return this.bounded(field.toLowerCase(), formatAddressList(entries), ', ');
  }

  subject(): string {
    const { text, left } = withoutInvisible(decodeLine(fieldValue(this.#section, 'subject')));
    this.#sayHidden('Subject', left);
    this.warnings.push(...lookAlikeSubject(text));
    return this.bounded('subject', oneLine(text));
  }
}

/**
 * The subject as it decodes, bounded, on one line; `""` where there is none. It has the characters that
 * the shown one leaves out: what a message is known by must not depend on what is shown of it.
 */
export function readSubject(section: HeaderSection): string {
  const subject = decodeLine(fieldValue(section, 'subject'));
  return subject.length <= FIELD_CHARACTERS_MAX ? subject : cut(subject, '');
}

/** Reads the fields of a message's header section. Never throws. */
export function readHeader(section: HeaderSection): ReadHeader {
  const reader = new HeaderReader(section);
  const list = (name: string): string => reader.addresses(name, fieldValues(section, name.toLowerCase()));
  const ids = fieldValues(section, 'references').flatMap((value) => parseMessageIds(value));
  const header: MessageHeader = {
    messageId: reader.bounded('message-id', parseMessageId(fieldValue(section, 'message-id'))),
    from: reader.addresses('From', [fieldValue(section, 'from')]),
    to: list('To'),
    cc: list('Cc'),
    replyTo: list('Reply-To'),
    subject: reader.subject(),
    date: parseDateTime(fieldValue(section, 'date'))?.rfc3339 ?? null,
    inReplyTo: reader.bounded('in-reply-to', parseMessageIds(fieldValue(section, 'in-reply-to'))[0] ?? ''),
    references: boundedIds(ids),
    listId: reader.bounded(
      'list-id',
      oneLine(withoutInvisible(decodeLine(fieldValue(section, 'list-id'))).text),
    ),
    autoSubmitted: reader.bounded('auto-submitted', decodeLine(fieldValue(section, 'auto-submitted'))),
  };
  return { header, warnings: reader.warnings };
}

/** Ids as far as their sum stays within the limit; the first, the thread's root, is among them. */
function boundedIds(ids: readonly string[]): readonly string[] {
  let characters = 0;
  return ids.filter((id) => {
    characters += id.length + 1;
    return characters <= FIELD_CHARACTERS_MAX;
  });
}
