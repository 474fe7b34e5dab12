/**
 * Which conversation a message belongs to (contract §5).
 */
import { threadIdOf } from '../../message/document/thread-id.ts';
import type { Identity } from '../transitions.ts';
import type { Database } from './database.ts';

/** The parent's thread where the mailbox knows the parent; else what the message itself tells. */
export function decideThread(
  db: Database,
  mailboxId: string,
  identity: Pick<Identity, 'messageId' | 'inReplyTo' | 'references' | 'contentFingerprint'>,
): string {
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
  return threadIdOf({
    ...identity,
    messageId: identity.messageId ?? '',
    inReplyTo: identity.inReplyTo ?? '',
  });
}
