/**
 * Answers questions about a journal without holding it: for commands that run beside a daemon, or
 * without one. It sees what was committed; what the log alone holds it does not.
 */
import { join } from 'node:path';
import type { Queries } from './queries.ts';
import { openDatabaseReadOnly } from './sqlite/database.ts';
import { answer } from './sqlite/queries.ts';

export interface JournalReader extends AsyncDisposable {
  query<Kind extends keyof Queries>(kind: Kind, input: Queries[Kind]['in']): Promise<Queries[Kind]['out']>;
}

/**
 * @throws AimxError `journal.damaged`, `journal.newer`; the system's error where the folder is absent or
 *   may not be read (SQLite needs the right to write beside the file).
 */
export async function openJournalReader(folder: string): Promise<JournalReader> {
  const database = openDatabaseReadOnly(join(folder, 'rows.db'));
  return {
    query: async (kind, input) => answer(database, folder, kind, input),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
