/**
 * What a transition works with: the connection, what it has changed, and ids made beforehand.
 */
import type { RowsChanged } from '../journal.ts';
import type { Database } from './database.ts';

/** One transition's view; it lives as long as its transaction. */
export interface Context {
  readonly db: Database;
  /** The journal's folder, in which raw octets lie. */
  readonly folder: string;
  /** Kinds of rows that watchers are told of after the commit. */
  readonly changed: Set<RowsChanged>;
  /** Takes one of the random ids that came with the request: rows have no randomness of their own. */
  takeId(): string;
}

export interface TraceEntry {
  readonly at: number;
  readonly journalId?: number | null;
  readonly deliveryId?: number | null;
  readonly runId?: string | null;
  readonly event: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes one line of somebody's life. */
export function trace({ db }: Context, entry: TraceEntry): void {
  db.run(
    'INSERT INTO trace (at, journal_id, delivery_id, run_id, event, detail) VALUES (?, ?, ?, ?, ?, ?)',
    entry.at,
    entry.journalId ?? null,
    entry.deliveryId ?? null,
    entry.runId ?? null,
    entry.event,
    entry.detail === undefined ? '{}' : JSON.stringify(entry.detail),
  );
}
