/**
 * A message as the mailbox shows it: what the reader makes of raw bytes, before a mailbox gives it
 * a name and a place.
 *
 * Pure and total: bytes in, values out; broken input gives warnings, never an exception.
 */
import type { MessageReport } from './report/report.ts';

/** Header fields as the file shows them: decoded, unfolded, bounded. */
export interface MessageHeader {
  /** Without angle brackets; `""` where absent. */
  readonly messageId: string;
  /** `Name <addr>` or `addr`; `""` where absent. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly replyTo: string;
  /** Decoded, one line; `""` where absent or empty. */
  readonly subject: string;
  /** RFC 3339 with its own offset; null where it cannot be parsed. */
  readonly date: string | null;
  readonly inReplyTo: string;
  /** In order, without angle brackets. */
  readonly references: readonly string[];
  readonly listId: string;
  readonly autoSubmitted: string;
}

export interface Attachment {
  /** Safe and unique within the bundle (contract §4). */
  readonly filename: string;
  /** Lower case, such as `application/pdf`. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What the reader makes of a message. */
export interface ReadMessage {
  readonly header: MessageHeader;
  /** Markdown or plain text, LF line ends, no final newline. */
  readonly body: string;
  readonly attachments: readonly Attachment[];
  /** `<code>: <sentence>`: what was left out or mended. */
  readonly warnings: readonly string[];
  /** What a program reports with it; null for a letter. The body's head says the same in words. */
  readonly report: MessageReport | null;
}

/** The header fields that decide on identity and name; cheap, read before MIME is. */
export interface MessageSummary {
  /** Lower-case hex (design §3.3). */
  readonly contentFingerprint: string;
  /** Null where the message has no Message-ID. */
  readonly messageId: string | null;
  readonly legacyFingerprint: string | null;
  /** `<code>: <sentence>` where it says of itself that no person wrote it to one person; null for a letter. */
  readonly automatic: string | null;
  readonly header: MessageHeader;
}
