/**
 * The database file of the rows: opening, settings that are checked, migrations, damage.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { AimxError } from '../../system/errors.ts';
import { MIGRATIONS, TABLES } from './schema.ts';

/** How long a connection waits for another one's lock: a checkpoint that truncates takes a moment. */
const BUSY_TIMEOUT_MS = 10_000;
/** Up to here a full check of every page fits into a start (some 100 MB/s). */
const CHECKED_BYTES_MAX = 32 * 1024 * 1024;

export type SqlValue = SQLInputValue;
export type SqlRow = Record<string, string | number | null>;

/** A connection with its prepared statements, each prepared once. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements: Map<string, StatementSync> = new Map();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /** The first row; undefined where there is none. */
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#prepared(sql).get(...values) as SqlRow | undefined;
  }

  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#prepared(sql).all(...values) as SqlRow[];
  }

  /** @returns how many rows changed. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** @returns the new row's key. */
  insert(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepared(sql).run(...values).lastInsertRowid);
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  getMeta(key: string): string | null {
    return (this.get('SELECT value FROM meta WHERE key = ?', key)?.['value'] as string | undefined) ?? null;
  }

  setMeta(key: string, value: string): void {
    this.run('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', key, value);
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * Opens the rows for writing; makes them where the file is absent.
 *
 * @throws AimxError `journal.damaged`, `journal.newer`.
 */
export function openDatabase(path: string): Database {
  return refusingDamage(path, () => {
    // SQLite would make it with the mode of the umask.
    closeSync(openSync(path, 'a', 0o600));
    const connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      const database = new Database(connection);
      makeDurable(database);
      migrate(database, path);
      check(database, path);
      return database;
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

/** Opens the rows for questions only; works beside a daemon. */
export function openDatabaseReadOnly(path: string): Database {
  return refusingDamage(path, () => {
    const database = new Database(new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS }));
    refuseNewer(versionOf(database), path);
    return database;
  });
}

function makeDurable(database: Database): void {
  const mode = database.get('PRAGMA journal_mode = WAL')?.['journal_mode'];
  // SQLite's default under WAL may be NORMAL, which loses the last commits with the power.
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA wal_autocheckpoint = 0');
  database.exec('PRAGMA cache_size = -16384');
  database.exec('PRAGMA temp_store = MEMORY');
  const synchronous = database.get('PRAGMA synchronous')?.['synchronous'];
  if (mode === 'wal' && synchronous === 2) return;
  throw new AimxError('journal.broken', `Cannot make the rows durable: ${mode}, synchronous ${synchronous}`);
}

function versionOf(database: Database): number {
  return Number(database.get('PRAGMA user_version')?.['user_version']);
}

function refuseNewer(version: number, path: string): void {
  if (version <= MIGRATIONS.length) return;
  throw new AimxError(
    'journal.newer',
    `Cannot use "${path}": its version is ${version}, the newest known here is ${MIGRATIONS.length}`,
    { hint: 'Install the newer aimx again, or restore a backup of before', detail: { path, version } },
  );
}

function migrate(database: Database, path: string): void {
  const version = versionOf(database);
  refuseNewer(version, path);
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** Every page where the file is small or the last stop was not clean; else what the start reads anyway. */
function check(database: Database, path: string): void {
  const present = new Set(
    database.all("SELECT name FROM sqlite_schema WHERE type = 'table'").map((row) => row['name']),
  );
  const missing = TABLES.filter((table) => !present.has(table));
  if (missing.length > 0) throw damagedRows(path, `tables are missing: ${missing.join(', ')}`);
  if (statSync(path).size > CHECKED_BYTES_MAX) return;
  const found = database.get('PRAGMA quick_check(1)')?.['quick_check'];
  if (found !== 'ok') throw damagedRows(path, String(found));
}

function refusingDamage<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    if (isDamage(error)) throw damagedRows(path, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function damagedRows(path: string, found: string): AimxError {
  return new AimxError('journal.damaged', `Cannot use the rows in "${path}": ${found}`, {
    hint: 'Put a backup of the data folder back and start once with aimx serve --restored; nothing was changed',
    detail: { path, found },
  });
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

function primaryCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null;
}

export function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** The disk is full; the transaction is rolled back and can be asked for again. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === SQLITE_FULL;
}

/** After these nothing more is known of the file. */
export function isFatal(error: unknown): boolean {
  const code = primaryCode(error);
  return isDamage(error) || code === SQLITE_IOERR || code === SQLITE_CANTOPEN;
}
