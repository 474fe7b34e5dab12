/** The summary of a message: what identity and name are decided by, without reading its MIME. */
import { parseAddresses } from './addresses.ts';
import { contentFingerprint, legacyFingerprint } from './fingerprint.ts';
import { readHeader, readSubject } from './header.ts';
import { fieldValue, readHeaderSection } from './header-section.ts';
import { withLineFeeds } from './line-ends.ts';
import type { MessageSummary } from './message.ts';

/**
 * Summarizes a message. Pure, total and linear.
 *
 * @param bytes The message as received.
 */
export function summarizeMessage(bytes: Uint8Array): MessageSummary {
  // As the reader sees it: name and file must not differ.
  const section = readHeaderSection(withLineFeeds(bytes), { from: 0, to: bytes.length });
  const { header } = readHeader(section);
  return {
    contentFingerprint: contentFingerprint(bytes),
    messageId: header.messageId === '' ? null : header.messageId,
    legacyFingerprint: legacyFingerprint({
      messageId: header.messageId,
      from: parseAddresses(fieldValue(section, 'from'))[0]?.address ?? '',
      date: fieldValue(section, 'date'),
      subject: readSubject(section),
    }),
    header,
  };
}
