/** The message that is answered or forwarded, as a mailbox file holds it. */
import { Buffer } from 'node:buffer';
import type { Frontmatter } from '../document/document.ts';
import { parseAddresses } from '../header/addresses.ts';
import type { NamedAddress } from './draft.ts';
import { boundReferences, writableIds } from './message-id.ts';

/** Frontmatter that an answer is made from; any document has it, whoever wrote it. */
export type OriginalFields = Pick<
  Frontmatter,
  'message_id' | 'from' | 'to' | 'cc' | 'reply_to' | 'subject' | 'date' | 'in_reply_to' | 'references'
>;

export interface OriginalMessage {
  readonly fields: OriginalFields;
  /** LF line ends. */
  readonly body: string;
}

/** The addresses of a value of frontmatter; names without an address are left out. */
export function addressesOf(value: string): readonly NamedAddress[] {
  // The parser takes octets, as they stand in a header; what was decoded is not to be guessed at again.
  const octets = Buffer.from(value).toString('latin1');
  return parseAddresses(octets)
    .filter(({ address }) => address !== '')
    .map(({ name, address }) => ({ name, address }));
}

/** The id of a message; null where it has none that can be written. */
export function messageIdOf({ message_id }: OriginalFields): string | null {
  return writableIds(message_id)[0] ?? null;
}

/**
 * References of what follows a message (RFC 5322 §3.6.4): its own, or its In-Reply-To where that is one
 * id, and then its Message-ID.
 */
export function referencesAfter(fields: OriginalFields): readonly string[] {
  const references = writableIds(fields.references);
  const answered = writableIds(fields.in_reply_to);
  const before = references.length === 0 && answered.length === 1 ? answered : references;
  const own = messageIdOf(fields);
  return boundReferences(own === null ? before : [...before, own]);
}

/** `2026-11-25 05:43 UTC`, in the zone that the sender wrote; `""` where there is no date. */
export function shownDate(date: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.exec(date);
  if (match === null) return '';
  return `${match[1]} ${match[2]} ${match[3] === 'Z' ? 'UTC' : match[3]}`;
}
