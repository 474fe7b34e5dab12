/** Recognises what a message reports, from its parts and the words of its text. */
import { parseAddresses } from '../header/addresses.ts';
import { decodeLine, oneLine } from '../header/encoded-word.ts';
import { fieldValue, type HeaderSection, readHeaderSection } from '../header/header-section.ts';
import { parseMessageId, parseMessageIds } from '../header/message-ids.ts';
import type { Entity } from '../mime/mime-tree.ts';
import { decodeTransfer } from '../mime/transfer-encoding.ts';
import { isAutoReply } from './auto-reply.ts';
import { type DeliveryStatus, readDeliveryStatus } from './delivery-status.ts';
import { readDisposition } from './disposition.ts';
import { readFeedback, readNamedComplaint } from './feedback.ts';
import { type Notice, readNotice } from './notice.ts';
import { MAILER_DAEMON, NOTICE_SUBJECT, PROGRAM_SENDER } from './notice-rules.ts';
import type { DeliveryAction, DeliveryReport, MessageReport, ReportedMessage } from './report.ts';
import { RECIPIENTS_MAX } from './report.ts';
import { REPORT_BYTES_MAX } from './report-fields.ts';

export interface ReportSource {
  /** The whole message. */
  readonly bytes: Uint8Array;
  readonly root: Entity;
  /** The text of the body as it is shown, LF line ends. */
  readonly text: string;
}

/** A status part that is repeated is read so often; no server sends more than one. */
const STATUS_PARTS_MAX = 10;
/** Header fields of the original that are looked at. */
const ORIGINAL_BYTES_MAX = 256 * 1024;
/** Text in which a Message-ID of the original is looked for. */
const TEXT_CHARACTERS_MAX = 256 * 1024;

const NOT_TOLD: ReportedMessage = {
  originalMessageId: null,
  originalEnvelopeId: null,
  originalSubject: null,
};

/** Parts without children, in order. */
function leaves(root: Entity): readonly Entity[] {
  const found: Entity[] = [];
  const pending = [root];
  for (let entity = pending.pop(); entity !== undefined; entity = pending.pop()) {
    if (entity.children === null) found.push(entity);
    else
      for (let at = entity.children.length - 1; at >= 0; at -= 1) pending.push(entity.children[at] as Entity);
  }
  return found;
}

function partBytes(bytes: Uint8Array, entity: Entity, max: number): Buffer {
  const encoded = bytes.subarray(entity.bodyStart, Math.min(entity.bodyEnd, entity.bodyStart + 2 * max));
  const decoded = decodeTransfer(encoded, entity.encoding)?.bytes ?? encoded;
  return Buffer.from(decoded.buffer, decoded.byteOffset, Math.min(decoded.length, max));
}

function partText(bytes: Uint8Array, entity: Entity): string {
  return partBytes(bytes, entity, REPORT_BYTES_MAX).toString('latin1');
}

/** What the returned original says of itself. */
function readOriginal(bytes: Uint8Array, parts: readonly Entity[]): ReportedMessage {
  const original = parts.find((entity) =>
    /^(?:message\/(?:rfc822(?:-headers)?|global(?:-headers)?|partial)|text\/rfc822-headers?)$/.test(
      entity.contentType,
    ),
  );
  if (original === undefined) return NOT_TOLD;
  const head = partBytes(bytes, original, ORIGINAL_BYTES_MAX);
  const from = /^\s*/.exec(head.toString('latin1', 0, 200))?.[0].length ?? 0;
  return fromSection(readHeaderSection(head, { from, to: head.length, endsAtBlankLine: true }));
}

function fromSection(section: HeaderSection): ReportedMessage {
  const id = parseMessageId(fieldValue(section, 'message-id'));
  const subject = decodeLine(fieldValue(section, 'subject'));
  return {
    originalMessageId: id === '' ? null : id,
    originalEnvelopeId: null,
    originalSubject: subject === '' ? null : subject,
  };
}

/** A Message-ID field that a notice quotes from the original. */
function fromText(text: string): ReportedMessage {
  const head = text.slice(0, TEXT_CHARACTERS_MAX);
  const id = /^[ \t>]*message-id[ \t]{0,4}:[ \t]*\n?[ \t]*(<?[^\s<>]{1,500}>?)/im.exec(head)?.[1];
  const subject = /^[ \t>]*subject[ \t]{0,4}:[ \t]*(\S[^\n]{0,900})/im.exec(head)?.[1];
  return {
    originalMessageId: id === undefined ? null : parseMessageId(id) || null,
    originalEnvelopeId: null,
    originalSubject: subject === undefined ? null : oneLine(decodeLine(subject)),
  };
}

function either(first: ReportedMessage, second: ReportedMessage): ReportedMessage {
  return {
    originalMessageId: first.originalMessageId ?? second.originalMessageId,
    originalEnvelopeId: first.originalEnvelopeId ?? second.originalEnvelopeId,
    originalSubject: first.originalSubject ?? second.originalSubject,
  };
}

function deliveryReport(
  status: DeliveryStatus,
  source: DeliveryReport['source'],
  original: ReportedMessage,
): DeliveryReport {
  return {
    kind: 'delivery-report',
    source,
    recipients: status.recipients,
    recipientCount: status.recipientCount,
    reportingMta: status.reportingMta,
    originalMessageId: status.originalMessageId ?? original.originalMessageId,
    originalEnvelopeId: status.originalEnvelopeId ?? original.originalEnvelopeId,
    originalSubject: original.originalSubject,
  };
}

function joined(statuses: readonly DeliveryStatus[]): DeliveryStatus {
  const [first, ...more] = statuses;
  if (first === undefined || more.length === 0) return first as DeliveryStatus;
  return {
    ...first,
    recipients: statuses.flatMap((status) => status.recipients).slice(0, RECIPIENTS_MAX),
    recipientCount: statuses.reduce((sum, status) => sum + status.recipientCount, 0),
  };
}

/** What the subject of a notice says that is worded in no known way; null for another subject. */
function actionOfSubject(section: HeaderSection): DeliveryAction | null {
  const subject = decodeLine(fieldValue(section, 'subject').slice(0, 2_000));
  if (!NOTICE_SUBJECT.test(subject)) return null;
  if (/delay|warning/i.test(subject)) return 'delayed';
  return /fail|undeliver|returned|error|could not|unable/i.test(subject) ? 'failed' : null;
}

/** A notice in words that are not known, of a daemon: its subject alone says what happened. */
function unworded(section: HeaderSection): Notice | null {
  const action = actionOfSubject(section);
  if (action === null) return null;
  const recipient = {
    address: '',
    originalAddress: null,
    action,
    status: null,
    diagnostic: null,
    remoteMta: null,
  };
  return { recipients: [recipient], recipientCount: 1 };
}

interface SenderSigns {
  /** A mail server: what it writes is a notice, whatever the words. */
  readonly isDaemon: boolean;
  /** A program, by its name or its subject: what it writes is a notice where the words are known. */
  readonly isProgram: boolean;
}

function senderSigns(section: HeaderSection): SenderSigns {
  const subject = decodeLine(fieldValue(section, 'subject').slice(0, 2_000));
  const from = fieldValue(section, 'from').slice(0, 2_000);
  const [address] = parseAddresses(from);
  if (address === undefined || from.trim() === '<>') return { isDaemon: true, isProgram: true };
  const is = (pattern: RegExp): boolean => pattern.test(address.address) || pattern.test(address.name);
  return { isDaemon: is(MAILER_DAEMON), isProgram: is(PROGRAM_SENDER) || NOTICE_SUBJECT.test(subject) };
}

function readTextReport(source: ReportSource, original: ReportedMessage): DeliveryReport | null {
  const { root, text } = source;
  const { isDaemon, isProgram } = senderSigns(root.section);
  if (root.contentType !== 'multipart/report' && !isProgram && !isDaemon) return null;
  const head = text.slice(0, TEXT_CHARACTERS_MAX);
  const told = either(original, fromText(head));
  // The fields for machines, in a text for people.
  if (/^[ \t]*final-recipient[ \t]{0,4}:/im.test(head)) {
    const lines = head.replace(/^[ \t]+(?=[A-Za-z-]{3,40}[ \t]{0,4}:)/gm, '');
    const status = readDeliveryStatus(lines);
    if (status.recipients.some(({ address, action }) => address !== '' && action !== null)) {
      return deliveryReport(status, 'fields', told);
    }
  }
  // Text that was made of HTML has Markdown's escapes in its addresses.
  const notice =
    readNotice(head.replace(/\\([!-/:-@[-`{-~])/g, '$1')) ?? (isDaemon ? unworded(root.section) : null);
  if (notice === null) return null;
  const status = { ...notice, reportingMta: null, originalEnvelopeId: null, originalMessageId: null };
  return deliveryReport(status, 'text', told);
}

/**
 * What the message reports; null for a letter. Never throws; linear.
 *
 * Nothing that changes on the way (`way-fields.ts`) counts: two copies of a message report the same.
 */
export function readReport(source: ReportSource): MessageReport | null {
  const { bytes, root, text } = source;
  const parts = leaves(root);
  const ofType = (type: RegExp): readonly Entity[] =>
    parts.filter(({ contentType }) => type.test(contentType));
  const original = readOriginal(bytes, parts);
  const [feedback] = ofType(/^message\/feedback-report$/);
  if (feedback !== undefined) return readFeedback(partText(bytes, feedback), original);
  const [disposition] = ofType(/^message\/(?:global-)?disposition-notification$/);
  if (disposition !== undefined) return readDisposition(partText(bytes, disposition), original);
  const statuses = ofType(/^message\/(?:global-)?delivery-status$/)
    .slice(0, STATUS_PARTS_MAX)
    .map((entity) => readDeliveryStatus(partText(bytes, entity)))
    .filter(({ recipients }) => recipients.length > 0);
  if (statuses.length > 0)
    return deliveryReport(joined(statuses), 'fields', either(original, fromText(text)));
  const report = readNamedComplaint(root.section, original) ?? readTextReport(source, original);
  if (report !== null) return report;
  if (!isAutoReply(root.section)) return null;
  const [inReplyTo] = parseMessageIds(fieldValue(root.section, 'in-reply-to'));
  return { kind: 'auto-reply', ...NOT_TOLD, originalMessageId: inReplyTo ?? null };
}
