/**
 * A filter of runs as SQL. Names of mailboxes mean the present ones: rows of one that was deleted and
 * made again for another owner are not found by its name.
 */
import type { DeliveryId } from '../ids.ts';
import { RUN_STATES } from '../rows.ts';
import type { RunFilter } from '../transitions.ts';
import type { Database, SqlValue } from './database.ts';

export interface Where {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function runsWhere(db: Database, filter: RunFilter, deliveryId?: DeliveryId): Where {
  const terms: string[] = ['TRUE'];
  const values: SqlValue[] = [];
  if (filter.runIds !== undefined) {
    terms.push('run_id IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(filter.runIds));
  }
  if (deliveryId !== undefined) {
    terms.push('delivery_id = ?');
    values.push(deliveryId);
  }
  if (filter.mailboxes !== undefined) {
    terms.push('mailbox_id IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(mailboxIds(db, filter.mailboxes)));
  }
  if (filter.hook !== undefined) {
    terms.push('hook = ?');
    values.push(filter.hook);
  }
  if (filter.states !== undefined) {
    // Literals of a closed list and no parameters: a partial index needs to see them.
    const states = RUN_STATES.filter((state) => filter.states?.includes(state));
    terms.push(
      states.length === 0 ? 'FALSE' : `state IN (${states.map((state) => `'${state}'`).join(', ')})`,
    );
  }
  return { sql: terms.join(' AND '), values };
}

/** Ids of the mailboxes that bear these names at present. */
export function mailboxIds(db: Database, names: readonly string[]): readonly string[] {
  return db
    .all(
      'SELECT mailbox_id FROM mailboxes WHERE active = 1 AND name IN (SELECT value FROM json_each(?))',
      JSON.stringify(names),
    )
    .map((row) => row['mailbox_id'] as string);
}
