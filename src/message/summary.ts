/** The summary of a message: what identity and name are decided by, without reading its MIME. */

import { automaticMark } from './automatic-mark.ts';
import { contentFingerprint, legacyFingerprint } from './fingerprint.ts';
import { parseAddresses } from './header/addresses.ts';
import { readHeader, readSubject } from './header/header.ts';
import { fieldValue, readHeaderSection } from './header/header-section.ts';
import type { MessageSummary } from './message.ts';
import { withLineFeeds } from './mime/line-ends.ts';

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
    automatic: automaticMark(section),
    header,
  };
}
