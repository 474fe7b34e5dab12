/**
 * The journal's files, read where no daemon runs, by whoever may read them.
 *
 * What was accepted and not yet made into rows when the daemon died is not seen; its next start makes
 * the rows first.
 */
import type { Journal } from '../journal/journal.ts';
import { readRaw } from '../journal/log/raw-stream.ts';
import { openDatabaseReadOnly } from '../journal/sqlite/database.ts';
import { answer } from '../journal/sqlite/queries.ts';
import { AimxError } from '../system/errors.ts';

export const openRaw: typeof readRaw = readRaw;

/**
 * @returns null where there is no journal, or the caller may not read it.
 * @throws `journal.damaged`, `journal.newer`.
 */
export async function openRows(dataDir: string): Promise<(Pick<Journal, 'query'> & AsyncDisposable) | null> {
  const folder = `${dataDir}/journal`;
  let database: ReturnType<typeof openDatabaseReadOnly>;
  try {
    database = openDatabaseReadOnly(`${folder}/rows.db`);
  } catch (error) {
    if (error instanceof AimxError) throw error;
    // SQLite says no more than "unable to open": absent, or not for us.
    return null;
  }
  return {
    query: async (kind, input) => answer(database, folder, kind, input),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
