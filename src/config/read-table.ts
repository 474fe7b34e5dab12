/** Reads a table by its keys' declarations. */
import type { Key, RawTable } from './keys.ts';
import type { KeyPath } from './line-map.ts';
import { nearestName } from './nearest.ts';
import { type Report, UNSAID } from './report.ts';

export type KeyTable = Readonly<Record<string, Key<unknown>>>;

export type ValuesOf<Table extends KeyTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Key<infer Value> ? Value : never;
};

export interface TablePlace {
  readonly at: KeyPath;
  readonly report: Report;
  /** What an unknown key is. In a hook it is an error: a misspelt limit must not start a program. */
  readonly unknownKeys: 'error' | 'warning';
  /** Keys that existed in an earlier version → what to do instead. */
  readonly removed?: Readonly<Record<string, string>>;
}

/** @returns Every declared key with its value, its default, or, after a report, its fallback. */
export function readTable<Table extends KeyTable>(
  table: Table,
  raw: RawTable,
  place: TablePlace,
): ValuesOf<Table> {
  const { at, report } = place;
  reportUnknown(table, raw, place);
  const values = Object.entries(table).map(([name, key]): [string, unknown] => {
    const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
    if (value !== undefined)
      return [
        name,
        key.read(value, (found, allowed, suffix = []) =>
          report.error({ at: [...at, name, ...suffix], found, allowed }),
        ),
      ];
    if (key.shown === null)
      report.error({
        at: [...at, name],
        found: UNSAID,
        allowed: `it is required: ${key.allowed}`,
      });
    return [name, key.fallback];
  });
  return Object.fromEntries(values) as ValuesOf<Table>;
}

function reportUnknown(table: KeyTable, raw: RawTable, place: TablePlace): void {
  const { at, report, unknownKeys, removed = {} } = place;
  for (const name of Object.keys(raw)) {
    if (Object.hasOwn(table, name)) continue;
    const instead = Object.hasOwn(removed, name) ? removed[name] : undefined;
    if (instead !== undefined) {
      report.error({ at: [...at, name], found: UNSAID, allowed: `this key is gone: ${instead}` });
      continue;
    }
    const nearest = nearestName(name, Object.keys(table));
    const hint = nearest === null ? '' : `, did you mean "${nearest}"?`;
    const finding = { at: [...at, name], found: UNSAID, allowed: `unknown key${hint}` };
    if (unknownKeys === 'error') report.error(finding);
    else report.warn(finding);
  }
}

/** A key as the reference shows it. */
export interface KeyDoc {
  readonly name: string;
  readonly allowed: string;
  /** The default as TOML or in words; null where the key is required. */
  readonly shown: string | null;
  readonly describe: string;
}

export function documentKeys(table: KeyTable): readonly KeyDoc[] {
  return Object.entries(table).map(([name, { allowed, shown, describe }]) => ({
    name,
    allowed,
    shown,
    describe,
  }));
}
