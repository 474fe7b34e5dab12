/** What a recipient's program did with a message: message/disposition-notification (RFC 8098). */
import { parseMessageId } from '../header/message-ids.ts';
import type { DispositionReport, ReportedMessage } from './report.ts';
import { readReportFields, reportField, untyped } from './report-fields.ts';
import { cleanReportedAddress } from './reported-address.ts';

/** Modifiers that are kept; there is one, or none. */
const MODIFIERS_MAX = 10;

/**
 * Reads the body of a message/disposition-notification part. Never throws; linear.
 *
 * @param original What the returned message says of itself.
 */
export function readDisposition(text: string, original: ReportedMessage): DispositionReport {
  const groups = readReportFields(text);
  const first = (name: string): string | null =>
    groups.map((fields) => reportField(fields, name)).find((value) => value !== null) ?? null;
  // `manual-action/MDN-sent-manually; displayed/error` (§3.2.6).
  const [mode = '', rest = ''] = (first('disposition') ?? '').toLowerCase().split(';', 2);
  const [type = '', modifiers = ''] = rest.split('/', 2);
  const recipient = untyped(first('final-recipient') ?? first('original-recipient') ?? '');
  const id = first('original-message-id');
  return {
    kind: 'disposition',
    recipient: cleanReportedAddress(recipient.text, recipient.type),
    disposition: type.trim() === '' ? 'unknown' : type.trim(),
    modifiers: modifiers
      .split(',')
      .map((modifier) => modifier.trim())
      .filter((modifier) => modifier !== '')
      .slice(0, MODIFIERS_MAX),
    isAutomatic: mode.includes('automatic'),
    userAgent: first('reporting-ua'),
    originalMessageId: (id === null ? null : parseMessageId(id) || null) ?? original.originalMessageId,
    originalEnvelopeId: original.originalEnvelopeId,
    originalSubject: original.originalSubject,
  };
}
