/**
 * Kinds of keys: how each is read, what it allows, and its documentation. One declaration is the
 * source of the check, of the default, of `docs/reference/config.md` and of the example file.
 */
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

/** Reports a wrong value; `suffix` leads to it within the key's own value. */
export type Fail = (found: unknown, allowed: string, suffix?: readonly (string | number)[]) => void;

export interface Key<Value> {
  /** What is allowed, as it follows "allowed is". */
  readonly allowed: string;
  /** Used where the key is absent, and in place of a value that was refused. */
  readonly fallback: Value;
  /** The default as TOML, or in parentheses in words; null where the key is required. */
  readonly shown: string | null;
  /** Sentences for the reference. */
  readonly describe: string;
  read(raw: unknown, fail: Fail): Value;
}

interface Documented<Value> {
  readonly fallback: Value;
  readonly describe: string;
  /** Where the default is not a constant: words in parentheses, or TOML. */
  readonly shown?: string;
}

/** A key that checks one value: null means refused. */
function scalar<Raw, Value>(
  allowed: string,
  { fallback, describe }: Documented<Value>,
  shown: string,
  parse: (raw: unknown) => Raw | null,
): Key<Value | Raw> {
  return {
    allowed,
    fallback,
    shown,
    describe,
    read(raw, fail) {
      const value = parse(raw);
      if (value !== null) return value;
      fail(raw, `allowed is ${allowed}`);
      return fallback;
    },
  };
}

const toml = (value: unknown): string => (value === null ? '(unset)' : JSON.stringify(value));

export interface TextRule {
  readonly allowed: string;
  /** The value to keep, or null where it is refused. */
  readonly parse: (text: string) => string | null;
}

export function matching(allowed: string, pattern: RegExp): TextRule {
  return { allowed, parse: (text) => (pattern.test(text) ? text : null) };
}

export function text<Value extends string | null>(
  rule: TextRule,
  options: Documented<Value>,
): Key<Value | string> {
  return scalar(rule.allowed, options, options.shown ?? toml(options.fallback), (raw) =>
    typeof raw === 'string' ? rule.parse(raw) : null,
  );
}

export function flag(options: Documented<boolean>): Key<boolean> {
  return scalar('true or false', options, toml(options.fallback), (raw) =>
    typeof raw === 'boolean' ? raw : null,
  );
}

export function whole<Value extends number | null>(
  range: { readonly min: number; readonly max: number },
  options: Documented<Value>,
): Key<Value | number> {
  const allowed = `a whole number from ${range.min} to ${range.max}`;
  return scalar(allowed, options, options.shown ?? toml(options.fallback), (raw) =>
    typeof raw === 'number' && Number.isInteger(raw) && raw >= range.min && raw <= range.max ? raw : null,
  );
}

/** A duration string; the value is in milliseconds. */
export function duration(
  range: { readonly minMs: number; readonly maxMs: number },
  options: Documented<number>,
): Key<number> {
  const allowed = `a duration from "${formatDuration(range.minMs)}" to "${formatDuration(range.maxMs)}" (units ms, s, m, h, d)`;
  return scalar(allowed, options, toml(formatDuration(options.fallback)), (raw) => {
    const ms = typeof raw === 'string' ? parseDuration(raw) : null;
    return ms !== null && ms >= range.minMs && ms <= range.maxMs ? ms : null;
  });
}

/** A size string, or bytes as an integer; the value is in bytes. */
export function size(
  range: { readonly minBytes: number; readonly maxBytes: number },
  options: Documented<number>,
): Key<number> {
  const allowed = `a size from "${formatSize(range.minBytes)}" to "${formatSize(range.maxBytes)}", or the same in bytes`;
  return scalar(allowed, options, toml(formatSize(options.fallback)), (raw) => {
    const bytes = typeof raw === 'string' ? parseSize(raw) : raw;
    return typeof bytes === 'number' &&
      Number.isInteger(bytes) &&
      bytes >= range.minBytes &&
      bytes <= range.maxBytes
      ? bytes
      : null;
  });
}

export function choice<const Word extends string, Value extends Word | null>(
  words: readonly Word[],
  options: Documented<Value>,
): Key<Value | Word> {
  const allowed = words.map((word) => JSON.stringify(word)).join(' or ');
  return scalar(
    allowed,
    options,
    options.shown ?? toml(options.fallback),
    (raw) => words.find((word) => word === raw) ?? null,
  );
}

/** More entries than this in one list are a mistake, or a list that belongs elsewhere. */
const LIST_ENTRIES_MAX = 10_000;

/** A list of strings; each wrong entry is reported for itself and left out. */
export function list<Value extends readonly string[] | null>(
  rule: TextRule,
  options: Documented<Value>,
): Key<Value | readonly string[]> {
  const allowed = `a list of strings, each ${rule.allowed}`;
  return {
    allowed,
    fallback: options.fallback,
    shown: options.shown ?? toml(options.fallback),
    describe: options.describe,
    read(raw, fail) {
      if (!Array.isArray(raw) || raw.length > LIST_ENTRIES_MAX) {
        fail(raw, `allowed is ${allowed}${Array.isArray(raw) ? `, at most ${LIST_ENTRIES_MAX}` : ''}`);
        return options.fallback;
      }
      return raw.flatMap((entry: unknown, index) => {
        const value = typeof entry === 'string' ? rule.parse(entry) : null;
        if (value === null) fail(entry, `allowed is ${rule.allowed}`, [index]);
        return value === null ? [] : [value];
      });
    },
  };
}

export type RawTable = Readonly<Record<string, unknown>>;

export function isTable(raw: unknown): raw is RawTable {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof Date);
}

/** A table that has a reader of its own. */
export function section(describe: string): Key<RawTable> {
  const empty: RawTable = {};
  return {
    ...scalar('a table', { fallback: empty, describe }, '(a table of its own)', (raw) =>
      isTable(raw) ? raw : null,
    ),
  };
}

/** The same key without a default: its absence is an error. */
export function required<Value>(key: Key<Value>): Key<Value> {
  return { ...key, shown: null };
}
