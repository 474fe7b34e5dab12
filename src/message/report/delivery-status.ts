/** Delivery status notifications for machines: message/delivery-status (RFC 3464, RFC 6533). */
import { parseMessageId } from '../header/message-ids.ts';
import type { DeliveryAction, ReportedRecipient } from './report.ts';
import { RECIPIENTS_MAX } from './report.ts';
import { type ReportFields, readReportFields, reportField, untyped } from './report-fields.ts';
import { cleanReportedAddress, fromXtext } from './reported-address.ts';

export interface DeliveryStatus {
  /** The first {@link RECIPIENTS_MAX}. */
  readonly recipients: readonly ReportedRecipient[];
  readonly recipientCount: number;
  readonly reportingMta: string | null;
  readonly originalEnvelopeId: string | null;
  /** Without angle brackets; a field that only some servers write. */
  readonly originalMessageId: string | null;
}

/** A reply has 512 octets a line (RFC 5321 §4.5.3.1.5) and is seldom longer than two. */
const DIAGNOSTIC_CHARACTERS_MAX = 1_000;

const ACTIONS: ReadonlyMap<string, DeliveryAction> = new Map([
  ['failed', 'failed'],
  ['failure', 'failed'],
  ['expired', 'failed'],
  ['delayed', 'delayed'],
  ['delivered', 'delivered'],
  ['relayed', 'relayed'],
  ['expanded', 'expanded'],
]);

/** The class of a status says what became of the message (RFC 3463 §2). */
export function actionOfStatus(status: string | null): DeliveryAction | null {
  if (status === null) return null;
  return status.startsWith('5') ? 'failed' : status.startsWith('4') ? 'delayed' : 'delivered';
}

/** The first enhanced status code in a text, or null. */
export function statusIn(text: string): string | null {
  return /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/.exec(text)?.[1] ?? null;
}

function readRecipient(fields: ReportFields): ReportedRecipient | null {
  const final = untyped(reportField(fields, 'final-recipient') ?? '');
  const original = untyped(reportField(fields, 'original-recipient') ?? '');
  const said = reportField(fields, 'action');
  if (final.text === '' && original.text === '' && said === null) return null;
  const finalAddress = cleanReportedAddress(final.text, final.type);
  const originalAddress = cleanReportedAddress(fromXtext(original.text), original.type);
  const diagnostic = untyped(reportField(fields, 'diagnostic-code') ?? '').text;
  const status = statusIn(reportField(fields, 'status') ?? '');
  const remote = untyped(reportField(fields, 'remote-mta') ?? '').text;
  const action = ACTIONS.get(/^[a-z]*/i.exec(said ?? '')?.[0].toLowerCase() ?? '');
  const address = finalAddress === '' ? originalAddress : finalAddress;
  return {
    address,
    originalAddress:
      originalAddress.toLowerCase() === address.toLowerCase() || originalAddress === ''
        ? null
        : originalAddress,
    action: action ?? (said === null ? actionOfStatus(status ?? statusIn(diagnostic)) : null),
    status,
    diagnostic: diagnostic === '' ? null : diagnostic.slice(0, DIAGNOSTIC_CHARACTERS_MAX),
    // What some add in brackets (ports, greetings) is not its name.
    remoteMta: remote === '' ? null : (remote.split(/\s/, 1)[0] ?? null),
  };
}

/**
 * Reads the body of a message/delivery-status part. Never throws; linear.
 *
 * Broken ones are read as far as they can be told: fields of the message and of a recipient in one
 * group, recipients without an empty line between them, and values with trailing words.
 */
export function readDeliveryStatus(text: string): DeliveryStatus {
  const groups = readReportFields(text);
  const recipients: ReportedRecipient[] = [];
  let recipientCount = 0;
  for (const fields of groups) {
    const recipient = readRecipient(fields);
    if (recipient === null) continue;
    recipientCount += 1;
    if (recipients.length < RECIPIENTS_MAX) recipients.push(recipient);
  }
  const first = (name: string): string | null => {
    for (const fields of groups) {
      const value = reportField(fields, name);
      if (value !== null) return value;
    }
    return null;
  };
  const reporting = first('reporting-mta');
  const envelopeId = first('original-envelope-id');
  const messageId = first('original-message-id');
  return {
    recipients,
    recipientCount,
    reportingMta: reporting === null ? null : untyped(reporting).text,
    originalEnvelopeId: envelopeId === null ? null : fromXtext(envelopeId),
    originalMessageId: messageId === null ? null : parseMessageId(messageId),
  };
}
