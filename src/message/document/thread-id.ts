/** The thread a message belongs to, as far as the message itself tells (contract §5, `thread_id`). */
import { createHash } from 'node:crypto';

const THREAD_ID_LENGTH = 16;

/** First 8 octets of SHA-256 of a Message-ID without brackets, as 16 hex digits. */
function threadIdOfRoot(rootMessageId: string): string {
  return createHash('sha256').update(rootMessageId).digest('hex').slice(0, THREAD_ID_LENGTH);
}

export interface ThreadFields {
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  /** Hex; gives a message without any id a thread of its own. */
  readonly contentFingerprint: string;
}

/**
 * The thread of a message whose parent is not known in the mailbox: of the leftmost References, else
 * In-Reply-To, else its own id, else its content.
 */
export function threadIdOf(fields: ThreadFields): string {
  const root = [fields.references[0] ?? '', fields.inReplyTo, fields.messageId].find((id) => id !== '');
  return root === undefined ? fields.contentFingerprint.slice(0, THREAD_ID_LENGTH) : threadIdOfRoot(root);
}
