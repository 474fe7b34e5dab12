/**
 * Names of files: unique in a mailbox, reserved before a file exists (contract §4).
 */
import type { Database } from './database.ts';

/** `baseId`, or with `-2`, `-3`, … the first that was never given in this mailbox. */
export function reserveId(
  db: Database,
  mailboxId: string,
  baseId: string,
): { readonly id: string; readonly suffix: number } {
  // The highest so far is asked for, not each in turn: a burst in one second may have thousands.
  const highest = db.get(
    'SELECT MAX(suffix) AS suffix FROM deliveries WHERE mailbox_id = ? AND base_id = ?',
    mailboxId,
    baseId,
  );
  let suffix = ((highest?.['suffix'] as number | null | undefined) ?? 0) + 1;
  for (;;) {
    const id = suffix === 1 ? baseId : `${baseId}-${suffix}`;
    // Another base may have come to the same name: "report 2" and the second "report".
    if (db.get('SELECT 1 FROM deliveries WHERE id = ? AND mailbox_id = ?', id, mailboxId) === undefined)
      return { id, suffix };
    suffix += 1;
  }
}
