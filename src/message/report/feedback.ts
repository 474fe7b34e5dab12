/** Complaints that providers pass on: message/feedback-report (RFC 5965, RFC 6650). */
import { fieldValue, type HeaderSection } from '../header/header-section.ts';
import type { ComplaintReport, ReportedMessage } from './report.ts';
import { RECIPIENTS_MAX } from './report.ts';
import { type ReportFields, readReportFields, reportField, untyped } from './report-fields.ts';
import { cleanReportedAddress } from './reported-address.ts';

function addresses(groups: readonly ReportFields[], name: string): readonly string[] {
  const found = new Set<string>();
  for (const fields of groups) {
    for (const value of fields.get(name) ?? []) {
      const { type, text } = untyped(value);
      const address = cleanReportedAddress(text, type);
      if (address !== '' && found.size < RECIPIENTS_MAX) found.add(address);
    }
  }
  return [...found];
}

/**
 * Reads the body of a message/feedback-report part. Never throws; linear.
 *
 * @param original What the returned message says of itself.
 */
export function readFeedback(text: string, original: ReportedMessage): ComplaintReport {
  const groups = readReportFields(text);
  const first = (name: string): string | null =>
    groups.map((fields) => reportField(fields, name)).find((value) => value !== null) ?? null;
  const recipients = [
    ...new Set(
      ['original-rcpt-to', 'redacted-address', 'removal-recipient', 'final-recipient'].flatMap((name) =>
        addresses(groups, name),
      ),
    ),
  ];
  const mailFrom = first('original-mail-from');
  return {
    kind: 'complaint',
    feedbackType: (first('feedback-type') ?? 'other').toLowerCase(),
    recipients: recipients.slice(0, RECIPIENTS_MAX),
    originalMailFrom: mailFrom === null ? null : cleanReportedAddress(mailFrom),
    sourceIp: first('source-ip'),
    userAgent: first('user-agent'),
    originalMessageId: original.originalMessageId,
    originalEnvelopeId: first('original-envelope-id') ?? original.originalEnvelopeId,
    originalSubject: original.originalSubject,
  };
}

/** Outlook.com's complaints have no part for machines; their subject names the sender's address. */
const NAMED_COMPLAINT = /^complaint about message from \[?([0-9a-f.:]{3,45})\]?$/i;

/** A complaint that its subject alone tells; null for any other message. */
export function readNamedComplaint(
  section: HeaderSection,
  original: ReportedMessage,
): ComplaintReport | null {
  const sourceIp = NAMED_COMPLAINT.exec(fieldValue(section, 'subject'))?.[1];
  if (sourceIp === undefined || !/^"?[^@]{0,60}<?staff@hotmail\.com>?$/i.test(fieldValue(section, 'from')))
    return null;
  return {
    kind: 'complaint',
    feedbackType: 'abuse',
    recipients: [],
    originalMailFrom: null,
    sourceIp,
    userAgent: null,
    ...original,
  };
}
