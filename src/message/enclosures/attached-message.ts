/** Messages that are attached to a message (RFC 2046 §5.2.1, RFC 6532 §3.7): what they are called, and from whom. */
import { formatAddressList, parseAddressEntries } from '../header/addresses.ts';
import { decodeLine } from '../header/encoded-word.ts';
import { fieldValue, type HeaderSection, readHeaderSection } from '../header/header-section.ts';
import type { Entity } from '../mime/mime-tree.ts';
import { decodeTransfer } from '../mime/transfer-encoding.ts';
import { shownValue } from './shown-value.ts';

/** Octets of an attached message in which its header fields are looked for. */
const ATTACHED_HEADER_BYTES = 64 * 1024;
/** Of its fields no more is looked at: a name has 200 octets, and a message can have a thousand of them. */
const ATTACHED_FIELD_CHARACTERS = 1024;
/** Attached messages that are named in the body; a digest may have more. */
const MESSAGES_NAMED_MAX = 20;

const MESSAGE_TYPES = new Set(['message/rfc822', 'message/global', 'message/news']);

/** The header section of an attached message; also of one in base64, which RFC 2046 §5.2.1 forbids. */
function attachedHeader(bytes: Uint8Array, entity: Entity): HeaderSection {
  const encoded = bytes.subarray(
    entity.bodyStart,
    Math.min(entity.bodyEnd, entity.bodyStart + ATTACHED_HEADER_BYTES),
  );
  const decoded = decodeTransfer(encoded, entity.encoding)?.bytes ?? encoded;
  return readHeaderSection(decoded, { from: 0, to: decoded.length, endsAtBlankLine: true });
}

function attachedSubject(section: HeaderSection): string {
  return decodeLine(fieldValue(section, 'subject').slice(0, ATTACHED_FIELD_CHARACTERS));
}

export function isAttachedMessage(entity: Entity): boolean {
  return MESSAGE_TYPES.has(entity.contentType);
}

/**
 * The file name of an attached message that declares none: its subject.
 *
 * @param bytes The whole message.
 */
export function attachedMessageName(bytes: Uint8Array, entity: Entity): string {
  const subject = attachedSubject(attachedHeader(bytes, entity));
  // A subject is no path: what separates directories is part of the name.
  return `${subject === '' ? 'message' : subject.replace(/[/\\]/g, '_')}.eml`;
}

function describeMessage(bytes: Uint8Array, entity: Entity): string {
  const section = attachedHeader(bytes, entity);
  const subject = shownValue(attachedSubject(section));
  const from = shownValue(
    formatAddressList(parseAddressEntries(fieldValue(section, 'from').slice(0, ATTACHED_FIELD_CHARACTERS))),
  );
  return `Attached message: ${subject === '' ? '(no subject)' : JSON.stringify(subject)}${from === '' ? '' : ` from ${from}`}`;
}

/** A line for each attached message, its subject and sender; `""` where there is none. */
export function describeMessages(bytes: Uint8Array, entities: readonly Entity[]): string {
  const messages = entities.filter(isAttachedMessage);
  const lines = messages.slice(0, MESSAGES_NAMED_MAX).map((entity) => describeMessage(bytes, entity));
  const more = messages.length - lines.length;
  return (more > 0 ? [...lines, `… and ${more} more attached messages`] : lines).join('\n');
}
