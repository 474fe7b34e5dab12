/**
 * Parts that are no text and yet say something to whoever reads the body: calendars, attached messages,
 * what is encrypted, signed, in pieces, elsewhere or in another program's own container.
 *
 * All of them stay attachments as they are; nothing is decrypted, verified, fetched or put together.
 * Pure, total, and bounded by the number of parts, which has a limit of its own.
 */
import { formatAddressList, parseAddressEntries } from './addresses.ts';
import { type Calendar, parseCalendar } from './calendar/calendar.ts';
import { describeCalendar } from './calendar/describe.ts';
import { wellFormed } from './charset.ts';
import { decodeLine, oneLine } from './encoded-word.ts';
import { fieldValue, type HeaderSection, readHeaderSection } from './header-section.ts';
import { withoutInvisible } from './invisible-characters.ts';
import { DEPTH_MAX, type Entity } from './mime-tree.ts';
import { reportPartName } from './report/part-name.ts';
import { readPartText } from './text-part.ts';
import { decodeTransfer } from './transfer-encoding.ts';

/** Octets of an attached message in which its header fields are looked for. */
const ATTACHED_HEADER_BYTES = 64 * 1024;
/** Of its fields no more is shown, and a name is far shorter. */
const ATTACHED_FIELD_CHARACTERS = 2 * 1024;
/** Octets that name what a CMS container holds stand at its very beginning (RFC 5652 §3). */
const CMS_HEAD_BYTES = 128;
/** Calendars that are read: an invitation is sent as an alternative and as a file. */
const CALENDARS_MAX = 5;
/** Attached messages that are named in the body; a digest may have more. */
const MESSAGES_NAMED_MAX = 20;
const VALUE_CHARACTERS_MAX = 200;

const MESSAGE_TYPES = new Set(['message/rfc822', 'message/global', 'message/news']);
const CALENDAR_TYPES = new Set(['text/calendar', 'application/ics', 'text/x-vcalendar']);
const TNEF_TYPES = new Set(['application/ms-tnef', 'application/vnd.ms-tnef']);

/** What stands at the head of the body, behind it, and in `warnings`. */
export interface Enclosures {
  /** Said before any text: an invitation. */
  readonly head: string;
  /** Said where there is no text to show: why. */
  readonly insteadOfText: string;
  /** Said behind the text: which messages are attached. */
  readonly foot: string;
  readonly warnings: readonly string[];
}

function shown(text: string): string {
  const line = oneLine(withoutInvisible(wellFormed(text.slice(0, 8 * VALUE_CHARACTERS_MAX))).text);
  const characters = [...line];
  return characters.length <= VALUE_CHARACTERS_MAX
    ? line
    : `${characters.slice(0, VALUE_CHARACTERS_MAX).join('')} …`;
}

function parameter(entity: Entity, name: string): string {
  return shown(entity.parameters.get(name) ?? '');
}

/** The header section of an attached message; also of one in base64, which RFC 2046 §5.2.1 forbids. */
function attachedHeader(bytes: Uint8Array, entity: Entity): HeaderSection {
  const encoded = bytes.subarray(
    entity.bodyStart,
    Math.min(entity.bodyEnd, entity.bodyStart + ATTACHED_HEADER_BYTES),
  );
  const decoded = decodeTransfer(encoded, entity.encoding)?.bytes ?? encoded;
  return readHeaderSection(decoded, { from: 0, to: decoded.length });
}

function attachedSubject(section: HeaderSection): string {
  return decodeLine(fieldValue(section, 'subject').slice(0, ATTACHED_FIELD_CHARACTERS));
}

function isAttachedMessage(entity: Entity): boolean {
  return MESSAGE_TYPES.has(entity.contentType);
}

/**
 * The name an attachment declares; where it declares none, the one it should have: a message that of its
 * subject, a calendar or a part of a report one by which it is known. `""` for all others.
 *
 * @param bytes The whole message.
 */
export function attachmentNameOf(bytes: Uint8Array, entity: Entity): string {
  if (entity.name !== '') return entity.name;
  if (isAttachedMessage(entity)) {
    const subject = attachedSubject(attachedHeader(bytes, entity));
    // A subject is no path: what separates directories is part of the name.
    return `${subject === '' ? 'message' : subject.replace(/[/\\]/g, '_')}.eml`;
  }
  return CALENDAR_TYPES.has(entity.contentType) ? 'invitation.ics' : reportPartName(entity.contentType);
}

function describeMessage(bytes: Uint8Array, entity: Entity): string {
  const section = attachedHeader(bytes, entity);
  const subject = shown(attachedSubject(section));
  const from = shown(
    formatAddressList(parseAddressEntries(fieldValue(section, 'from').slice(0, ATTACHED_FIELD_CHARACTERS))),
  );
  return `Attached message: ${subject === '' ? '(no subject)' : JSON.stringify(subject)}${from === '' ? '' : ` from ${from}`}`;
}

function describeMessages(bytes: Uint8Array, entities: readonly Entity[]): string {
  const messages = entities.filter(isAttachedMessage);
  const lines = messages.slice(0, MESSAGES_NAMED_MAX).map((entity) => describeMessage(bytes, entity));
  const more = messages.length - lines.length;
  return (more > 0 ? [...lines, `… and ${more} more attached messages`] : lines).join('\n');
}

/** Whether a calendar tells of nothing but events of those before it: the file beside an alternative. */
function isRepeated(calendar: Calendar, seen: Set<string>): boolean {
  const keys = calendar.events.map((event) => JSON.stringify([event.uid, event.occurrence, event.start]));
  const repeated = keys.every((key) => seen.has(key));
  for (const key of keys) seen.add(key);
  return repeated;
}

function describeCalendars(bytes: Uint8Array, entities: readonly Entity[]): string {
  const seen = new Set<string>();
  return entities
    .filter((entity) => CALENDAR_TYPES.has(entity.contentType))
    .slice(0, CALENDARS_MAX)
    .flatMap((entity) => {
      const calendar = parseCalendar(readPartText(bytes, entity).text);
      if (calendar === null || isRepeated(calendar, seen)) return [];
      const method = calendar.method === '' ? parameter(entity, 'method').toUpperCase() : calendar.method;
      return [describeCalendar({ ...calendar, method })];
    })
    .join('\n\n');
}

/** What a CMS container holds, by the object identifier that it begins with (RFC 5652, RFC 5083, RFC 3274). */
const CMS_CONTENTS = [
  ['2a864886f70d010702', 'signed-data'],
  ['2a864886f70d010703', 'enveloped-data'],
  ['2a864886f70d0109100117', 'authEnveloped-data'],
  ['2a864886f70d0109100109', 'compressed-data'],
] as const;

function cmsContent(bytes: Uint8Array, entity: Entity): string {
  const declared = parameter(entity, 'smime-type').toLowerCase();
  const encoded = bytes.subarray(
    entity.bodyStart,
    Math.min(entity.bodyEnd, entity.bodyStart + CMS_HEAD_BYTES),
  );
  const head = Buffer.from(decodeTransfer(encoded, entity.encoding)?.bytes ?? encoded).toString('hex');
  return CMS_CONTENTS.find(([identifier]) => head.includes(identifier))?.[1] ?? declared;
}

/** A thing that is said: the warning, and the sentence that stands in for text that cannot be shown. */
interface Remark {
  readonly code: string;
  readonly sentence: string;
  /** The content itself cannot be read here. */
  readonly hidesText: boolean;
}

function remark(code: string, sentence: string, hidesText: boolean): Remark {
  return { code, sentence, hidesText };
}

function smimeRemark(content: string): Remark {
  switch (content) {
    case 'signed-data':
      return remark(
        'signed-content',
        'the message is inside an S/MIME signature (signed-data), which was neither opened nor verified; it is attached',
        true,
      );
    case 'certs-only':
      return remark('certificates', 'certificates are attached (S/MIME certs-only)', false);
    case 'compressed-data':
      return remark(
        'compressed',
        'the message is compressed with S/MIME and was not opened; it is attached',
        true,
      );
    default:
      return remark(
        'encrypted',
        'the message is encrypted with S/MIME and was not decrypted; it is attached',
        true,
      );
  }
}

function signedRemark(entity: Entity): Remark {
  const protocol = parameter(entity, 'protocol').toLowerCase();
  const kind = protocol.includes('pgp') ? 'an OpenPGP' : protocol.includes('pkcs7') ? 'an S/MIME' : 'a';
  return remark('signature-not-verified', `the message has ${kind} signature, which was not verified`, false);
}

function remarkOf(bytes: Uint8Array, entity: Entity): Remark | null {
  const type = entity.contentType;
  if (TNEF_TYPES.has(type) || (type === 'application/octet-stream' && /^winmail\.dat$/i.test(entity.name))) {
    return remark(
      'tnef',
      'an attachment is in the container of Outlook (TNEF, winmail.dat); what is in it was not taken out',
      true,
    );
  }
  if (type.startsWith('multipart/') && entity.children === null) {
    return remark(
      'too-deep',
      `parts nested deeper than ${DEPTH_MAX} were not read and are attached as they stand`,
      true,
    );
  }
  switch (type) {
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      return smimeRemark(cmsContent(bytes, entity));
    case 'multipart/signed':
      return signedRemark(entity);
    case 'application/pgp-encrypted':
    case 'application/pgp':
      return remark(
        'encrypted',
        'the message is encrypted with OpenPGP and was not decrypted; it is attached',
        true,
      );
    case 'message/partial': {
      const total = parameter(entity, 'total');
      const place = `${parameter(entity, 'number') || '?'}${total === '' ? '' : ` of ${total}`}`;
      const id = JSON.stringify(parameter(entity, 'id'));
      return remark(
        'partial-message',
        `the message is piece ${place} of one that was sent in pieces (id ${id}), which are not put together; it is attached`,
        true,
      );
    }
    case 'message/external-body': {
      const access = JSON.stringify(parameter(entity, 'access-type'));
      const where = parameter(entity, 'url') || parameter(entity, 'name') || parameter(entity, 'server');
      const place = where === '' ? '' : `, ${JSON.stringify(where)}`;
      return remark(
        'external-body',
        `a part lies elsewhere (access ${access}${place}) and was not fetched`,
        true,
      );
    }
    default:
      return null;
  }
}

/** OpenPGP within the text itself (RFC 9580 §6.2, §7). */
function armourRemark(text: string): Remark | null {
  if (/^-----BEGIN PGP MESSAGE-----$/m.test(text)) {
    return remark(
      'encrypted',
      'the text holds a block that is encrypted with OpenPGP and was not decrypted',
      false,
    );
  }
  if (/^-----BEGIN PGP SIGNED MESSAGE-----$/m.test(text)) {
    return remark(
      'signature-not-verified',
      'the text has an OpenPGP signature, which was not verified',
      false,
    );
  }
  return null;
}

function entitiesOf(root: Entity): readonly Entity[] {
  const all: Entity[] = [];
  const pending = [root];
  for (let entity = pending.pop(); entity !== undefined; entity = pending.pop()) {
    all.push(entity);
    for (const child of entity.children ?? []) pending.push(child);
  }
  return all.sort((a, b) => a.index - b.index);
}

function asSentence(text: string): string {
  return `[${text.charAt(0).toUpperCase()}${text.slice(1)}.]`;
}

/**
 * Reads what the parts of a message say besides its text. Never throws.
 *
 * @param message.bytes The whole message.
 * @param message.text What the body shows of its text parts.
 */
export function readEnclosures(message: {
  readonly bytes: Uint8Array;
  readonly root: Entity;
  readonly text: string;
}): Enclosures {
  const { bytes, root, text } = message;
  const entities = entitiesOf(root);
  const remarks = [...entities.map((entity) => remarkOf(bytes, entity)), armourRemark(text)].filter(
    (each) => each !== null,
  );
  const hiding = new Set(
    remarks.filter(({ hidesText }) => hidesText).map((each) => asSentence(each.sentence)),
  );
  return {
    head: describeCalendars(bytes, entities),
    insteadOfText: [...hiding].join('\n'),
    foot: describeMessages(bytes, entities),
    warnings: [...new Set(remarks.map((each) => `${each.code}: ${each.sentence}`))],
  };
}
