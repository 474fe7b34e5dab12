/** What a reload changes, and what of it only a restart can. */
import type { Config } from './config.ts';

/** Fields of {@link Config} that are read once, at the start, by the key that sets them. */
const RESTART_KEYS: Readonly<Record<string, string>> = {
  dataDir: 'data_dir',
  'smtp.bind': 'smtp.bind',
  http: 'http',
  'journal.allowMemory': 'journal.allow_memory',
};

export interface ConfigChange {
  /** Path in {@link Config}: `smtp.bind`, `mailboxes.sam`, `mailboxes.sam.hooks.9f5503741a28`. */
  readonly key: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** The daemon goes on with the old value until it is started again. */
  readonly needsRestart: boolean;
}

/** Values without an order of keys of their own; lists of mailboxes and hooks are tables by name. */
function asTree(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const isNamed = value.length > 0 && value.every((entry) => typeof entry === 'object' && 'name' in entry);
  return isNamed ? Object.fromEntries(value.map((entry) => [entry.name, entry])) : value;
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function differ(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

function compare(path: string, beforeRaw: unknown, afterRaw: unknown): readonly ConfigChange[] {
  const before = asTree(beforeRaw);
  const after = asTree(afterRaw);
  if (!differ(before, after)) return [];
  const change = (kind: ConfigChange['kind']): readonly ConfigChange[] => [
    { key: path, kind, needsRestart: Object.hasOwn(RESTART_KEYS, path) },
  ];
  if (before === undefined) return change('added');
  if (after === undefined) return change('removed');
  const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
  const left = isEmptyList(before) && isTree(after) ? {} : before;
  const right = isEmptyList(after) && isTree(before) ? {} : after;
  if (!isTree(left) || !isTree(right) || Object.hasOwn(RESTART_KEYS, path)) return change('changed');
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const changes = names.flatMap((name) =>
    compare(path === '' ? name : `${path}.${name}`, left[name], right[name]),
  );
  // The same entries in another order: the order of hooks is the order of their starts.
  return changes.length === 0 ? change('changed') : changes;
}

/** @returns What differs, in the order of the configuration's fields; empty where nothing does. */
export function diffConfig(before: Config, after: Config): readonly ConfigChange[] {
  return compare('', before, after);
}

/** The name in `config.toml` of a change that needs a restart. */
export function restartKey(change: ConfigChange): string {
  return RESTART_KEYS[change.key] ?? change.key;
}

/** What the daemon goes on with after a reload: fields that only a restart changes keep their value. */
export function reloadedConfig(before: Config, after: Config): Config {
  const { dataDir, http, journal } = before;
  return { ...after, dataDir, http, journal, smtp: { ...after.smtp, bind: before.smtp.bind } };
}
