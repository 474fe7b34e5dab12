/**
 * A delivery report of our own: what became of a message that somebody here has sent (RFC 3464 in the
 * form of RFC 6522), as octets for the sender's mailbox.
 *
 * Subjects, addresses and replies come from others. None of them can end a field or a part: header
 * fields and status fields are made by `foldField`, texts are encoded, and the boundary is random.
 */
import { Buffer } from 'node:buffer';
import { wellFormed } from '../charset/charset.ts';
import { encodeText, type TextOctets } from '../compose/body-octets.ts';
import { foldField } from '../compose/fold-field.ts';
import { addressWords, formatMailDate, unstructuredWords } from '../compose/header-text.ts';
import { isWritableMessageId } from '../compose/message-id.ts';
import { oneLine } from '../header/encoded-word.ts';
import type { DeliveryReportFacts, UndeliveredRecipient } from './undelivered.ts';
import { writeReportText } from './write-report-text.ts';

/** What is read and given back of the original's header section: more than any that we compose. */
export const ORIGINAL_HEAD_BYTES_MAX: number = 128 * 1024;
/** With its field's name, a value without a space stays a line of 998 octets (RFC 5322 §2.1.1). */
const VALUE_CHARACTERS_MAX = 500;
const SUBJECT_CHARACTERS_MAX = 300;
const STATUS = /^[245]\.\d{1,3}\.\d{1,3}$/;
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** The report's octets, CRLF line ends; 7-bit unless the sender's own address is not ASCII. */
export function writeDeliveryReport(facts: DeliveryReportFacts): Uint8Array {
  // No encoded text has a line that begins with it: `=` is none of quoted-printable there.
  const boundary = `=_${facts.unique}`;
  const { octets: text, encoding } = encodeText(wellFormed(writeReportText(facts)));
  const head = originalHead(facts.original.head);
  const part = (fields: string, body: Uint8Array): readonly Uint8Array[] => [
    Buffer.from(`--${boundary}\r\n${fields}\r\n`),
    body,
    Buffer.from('\r\n'),
  ];
  return Buffer.concat([
    Buffer.from(`${headerFields(facts, boundary)}\r\n`),
    ...part(typeFields(['text/plain;', 'charset=utf-8'], encoding), text),
    ...part(typeFields(['message/delivery-status'], '7bit'), Buffer.from(statusFields(facts), 'latin1')),
    ...part(typeFields([head.contentType], head.text.encoding), head.text.octets),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

function typeFields(contentType: readonly string[], encoding: string): string {
  return `${foldField('Content-Type', contentType)}${foldField('Content-Transfer-Encoding', [encoding])}`;
}

function headerFields(facts: DeliveryReportFacts, boundary: string): string {
  const { original } = facts;
  const lead = facts.kind === 'failed' ? 'Undelivered:' : 'Delayed:';
  const subject = [...oneLine(original.subject)].slice(0, SUBJECT_CHARACTERS_MAX).join('');
  const parent = isWritableMessageId(original.messageId) ? [`<${original.messageId}>`] : [];
  return [
    foldField('From', addressWords([{ name: 'Mail Delivery System', address: facts.from }])),
    foldField('To', addressWords([{ name: '', address: facts.to }])),
    foldField('Subject', unstructuredWords(`${lead} ${subject}`)),
    foldField('Date', [formatMailDate(facts.at)]),
    foldField('Message-ID', [`<${facts.messageId}>`]),
    ...(parent.length === 0 ? [] : [foldField('In-Reply-To', parent), foldField('References', parent)]),
    // RFC 3834 §5: nobody answers it.
    foldField('Auto-Submitted', ['auto-replied']),
    foldField('MIME-Version', ['1.0']),
    foldField('Content-Type', [
      'multipart/report;',
      'report-type=delivery-status;',
      `boundary="${boundary}"`,
    ]),
  ].join('');
}

/** The body of message/delivery-status (RFC 3464 §2.1): 7-bit, whatever others have said. */
function statusFields(facts: DeliveryReportFacts): string {
  const { hostname, original, recipients } = facts;
  return [
    [
      foldField('Reporting-MTA', ['dns;', hostname]),
      foldField('Original-Envelope-Id', [original.queueId]),
      foldField('Arrival-Date', [formatMailDate(original.submittedAt)]),
    ].join(''),
    ...recipients.map((recipient) => recipientFields(recipient, facts)),
  ].join('\r\n');
}

function recipientFields(recipient: UndeliveredRecipient, facts: DeliveryReportFacts): string {
  const remote = asciiWords(recipient.remote ?? '')[0];
  const diagnostic = asciiWords(recipient.reply ?? '');
  // A type of our own for what no server said (RFC 3464 §2.1.2).
  const type = /^[245]\d{2}$/.test(diagnostic[0] ?? '') ? 'smtp;' : 'x-aimx;';
  const isDelayed = facts.kind === 'delayed';
  return [
    foldField('Final-Recipient', typedAddress(recipient.address)),
    foldField('Action', [facts.kind]),
    foldField('Status', [statusOf(recipient, facts)]),
    ...(remote === undefined ? [] : [foldField('Remote-MTA', ['dns;', remote])]),
    ...(diagnostic.length === 0 ? [] : [foldField('Diagnostic-Code', [type, ...diagnostic])]),
    ...(recipient.lastAttemptAt === null
      ? []
      : [foldField('Last-Attempt-Date', [formatMailDate(recipient.lastAttemptAt)])]),
    ...(isDelayed ? [foldField('Will-Retry-Until', [formatMailDate(facts.original.expiresAt)])] : []),
  ].join('');
}

/** The field is required (RFC 3464 §2.3.4): where nobody gave one, the class and what we know. */
function statusOf({ status }: UndeliveredRecipient, { kind, at, original }: DeliveryReportFacts): string {
  if (status !== null && STATUS.test(status)) return status;
  if (kind === 'delayed') return '4.0.0';
  return at >= original.expiresAt ? '4.4.7' : '5.0.0';
}

/**
 * `rfc822; <address>`; one that is not ASCII in the 7-bit form of RFC 6533 §3 (utf-8-addr-xtext), so
 * that the part stays message/delivery-status, which every reader knows.
 */
function typedAddress(address: string): readonly string[] {
  const bounded = wellFormed(address).slice(0, VALUE_CHARACTERS_MAX);
  if (PRINTABLE.test(bounded)) return ['rfc822;', bounded];
  const escaped = Array.from(wellFormed(bounded), (character) =>
    /[!-*,-<>-[\]-~]/.test(character)
      ? character
      : `\\x{${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(2, '0')}}`,
  ).join('');
  return escaped === '' ? ['rfc822;', '<>'] : ['utf-8;', escaped];
}

/** Words of a value that others gave, as ASCII: what is not becomes `?`; the text for people has the whole. */
function asciiWords(text: string): readonly string[] {
  return oneLine(text)
    .replace(/[^\x20-\x7e]/gu, '?')
    .slice(0, VALUE_CHARACTERS_MAX)
    .split(' ')
    .filter((word) => word !== '');
}

/** The original's header section; UTF-8 in it has a type of its own (RFC 6533). */
function originalHead(head: Uint8Array): { readonly contentType: string; readonly text: TextOctets } {
  const octets = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, ORIGINAL_HEAD_BYTES_MAX));
  const text = wellFormed(octets.toString('utf8')).replace(/\r\n?/g, '\n');
  const end = text.indexOf('\n\n');
  const isWhole = end >= 0 || head.length < ORIGINAL_HEAD_BYTES_MAX;
  const section = end >= 0 ? text.slice(0, end) : isWhole ? text : wholeFields(text);
  return {
    contentType: /^[\x00-\x7f]*$/.test(section) ? 'text/rfc822-headers' : 'message/global-headers',
    text: encodeText(`${section.replace(/\n$/, '')}\n`),
  };
}

/** Without the field that was cut off. */
function wholeFields(text: string): string {
  let end = text.lastIndexOf('\n');
  while (end > 0 && /[ \t]/.test(text[end + 1] ?? ' ')) end = text.lastIndexOf('\n', end - 1);
  return text.slice(0, Math.max(0, end));
}
