/**
 * The journal's files, read where no daemon runs, by whoever may read them.
 *
 * What was accepted and not yet made into rows when the daemon died is not seen; its next start makes
 * the rows first.
 */
import { readRaw } from '../journal/log/raw-stream.ts';
import { type JournalReader, openJournalReader } from '../journal/reader.ts';
import { AimxError } from '../system/errors.ts';

export const openRaw: typeof readRaw = readRaw;

/**
 * @returns null where there is no journal, or the caller may not read it.
 * @throws `journal.damaged`, `journal.newer`.
 */
export async function openRows(dataDir: string): Promise<JournalReader | null> {
  try {
    return await openJournalReader(`${dataDir}/journal`);
  } catch (error) {
    if (error instanceof AimxError) throw error;
    // SQLite says no more than "unable to open": absent, or not for us.
    return null;
  }
}
