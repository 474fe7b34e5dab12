/** What a mailbox file says of a message that could not be read, however often it was tried. */
import type { MessageHeader, MessageSummary } from './message.ts';

/** Name under which the raw message lies beside the file. */
export const RAW_ATTACHMENT_NAME = 'message.eml';
export const RAW_ATTACHMENT_TYPE = 'message/rfc822';

export interface UnreadableMessage {
  readonly header: MessageHeader;
  readonly body: string;
  readonly warnings: readonly string[];
  /** What it reports, if it does, nobody knows. */
  readonly report: null;
}

/**
 * The file's content for a message whose reading killed the reader: its header fields, and where the
 * rest is.
 *
 * @param header As far as it could be read.
 */
export function unreadableMessage(header: MessageHeader): UnreadableMessage {
  return {
    header,
    body: [
      '[The text of this message could not be read: the process that reads messages ended each time it tried.',
      `The message is attached as it was received, as ${RAW_ATTACHMENT_NAME}; \`aimx raw <id>\` prints it too.]`,
    ].join('\n'),
    warnings: [
      `unreadable: reading this message failed every time; it is attached as ${RAW_ATTACHMENT_NAME}`,
    ],
    report: null,
  };
}

/**
 * The summary of a message of which not even the header fields can be read: it is known by its octets
 * alone, and shown without a subject.
 *
 * @param exactFingerprint SHA-256 of the octets, lower-case hex.
 */
export function unreadableSummary(exactFingerprint: string): MessageSummary {
  return {
    contentFingerprint: exactFingerprint,
    messageId: null,
    legacyFingerprint: null,
    automatic: null,
    header: {
      messageId: '',
      from: '',
      to: '',
      cc: '',
      replyTo: '',
      subject: '',
      date: null,
      inReplyTo: '',
      references: [],
      listId: '',
      autoSubmitted: '',
    },
  };
}
