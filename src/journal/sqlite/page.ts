/**
 * What questions share: pages of rows, newest first, and the mailboxes that they are about.
 */
import type { Exchange, Page } from '../exchange.ts';
import type { Database, SqlValue } from './database.ts';
import { mailboxIds } from './run-filter.ts';

export const PAGE_ROWS_MAX = 1000;

/** A function for each of some questions. */
export type AnswersOf<Asked extends { readonly [Kind in keyof Asked]: Exchange<unknown, unknown> }> = {
  readonly [Kind in keyof Asked]: (
    db: Database,
    folder: string,
    input: Asked[Kind]['in'],
  ) => Asked[Kind]['out'];
};

/** A condition on mailboxes by their present names; without names, none. */
export function withinMailboxes(
  db: Database,
  names: readonly string[] | undefined,
  column: string,
): { readonly sql: string; readonly values: readonly SqlValue[] } {
  if (names === undefined) return { sql: 'TRUE', values: [] };
  return {
    sql: `${column} IN (SELECT value FROM json_each(?))`,
    values: [JSON.stringify(mailboxIds(db, names))],
  };
}

/** Newest first; the cursor is the key of the last row of the page before. */
export function page<Row>(
  input: { readonly limit: number; readonly cursor?: string },
  key: string,
  decode: (row: ReturnType<Database['all']>[number]) => Row,
  read: (before: number, limit: number) => ReturnType<Database['all']>,
): Page<Row> {
  const limit = Math.max(1, Math.min(input.limit, PAGE_ROWS_MAX));
  const cursor = input.cursor === undefined ? Number.NaN : Number.parseInt(input.cursor, 10);
  const rows = read(Number.isSafeInteger(cursor) ? cursor : Number.MAX_SAFE_INTEGER, limit + 1);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(decode),
    nextCursor: rows.length > limit && last !== undefined ? String(last[key]) : null,
  };
}
