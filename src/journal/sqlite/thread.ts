/**
 * Which conversation a message belongs to (contract §5).
 */
import { hash } from 'node:crypto';
import type { Identity } from '../transitions.ts';
import type { Database } from './database.ts';

/** First 8 octets of SHA-256, as 16 hex digits. */
function threadIdOf(messageId: string): string {
  return hash('sha256', messageId).slice(0, 16);
}

/**
 * The parent's thread where the mailbox knows the parent; else from the leftmost of References, from
 * In-Reply-To, from its own id; without any, from the content, so that strangers share no thread.
 */
export function decideThread(db: Database, mailboxId: string, identity: Identity): string {
  const parent = identity.inReplyTo ?? identity.references.at(-1) ?? null;
  if (parent !== null) {
    const known = db.get(
      `SELECT thread_id FROM deliveries WHERE message_id = ? AND mailbox_id = ? AND thread_id IS NOT NULL
       ORDER BY delivery_id LIMIT 1`,
      parent,
      mailboxId,
    );
    if (known !== undefined) return known['thread_id'] as string;
  }
  const root = identity.references[0] ?? identity.inReplyTo ?? identity.messageId;
  return root === null ? identity.contentFingerprint.slice(0, 16) : threadIdOf(root);
}
