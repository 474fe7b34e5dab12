/**
 * Reads the public SPF test suites: zones, and what a check against each must say.
 *
 * They are YAML of one shape (documents of `tests` and `zonedata`, two levels of two spaces, one value a
 * line), and no more of YAML than that is read here. What is folded over several lines are
 * descriptions, which nothing needs.
 */

import type { SimulatedDnsOptions } from '../../src/system/dns.sim.ts';
import type { DnsRecords } from '../../src/system/dns.ts';

export interface SpfCase {
  readonly name: string;
  readonly host: string;
  readonly helo: string;
  readonly mailFrom: string;
  /** Any of these is right. */
  readonly results: readonly string[];
}

export interface SpfSuite {
  readonly description: string;
  readonly cases: readonly SpfCase[];
  readonly zone: SimulatedDnsOptions;
}

type Value = string | readonly string[];

const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', '"': '"', '\\': '\\', n: '\n', t: '\t' };

/** A double-quoted, single-quoted or plain scalar, or a list of them in brackets. */
function readValue(text: string): Value {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[')) return readScalar(trimmed);
  const inner = trimmed.slice(1, trimmed.lastIndexOf(']'));
  const items = inner.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^,]+/g) ?? [];
  return items
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(readScalar);
}

function readScalar(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (!text.startsWith('"')) return text;
  return text
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_whole, hex: string | undefined, character: string) =>
      hex === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

function asList(value: Value | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** The entries of one name, in order: type and value; `TIMEOUT` has no value. */
type Entry = readonly [type: string, value: Value];
type Entries = ReadonlyMap<string, readonly Entry[]>;

const TYPES = ['A', 'AAAA', 'MX', 'TXT', 'PTR'] as const;

/** What a name has, as TXT for what is written as SPF, unless it has a TXT of its own or says `NONE`. */
function answered(entries: readonly Entry[]): readonly Entry[] {
  const hasTxt = entries.some(([type]) => type === 'TXT');
  return entries.flatMap(([type, value]): readonly Entry[] => {
    if (value === 'NONE' || type === 'TIMEOUT' || (type === 'SPF' && hasTxt)) return [];
    return [[type === 'SPF' ? 'TXT' : type, value]];
  });
}

/** The records of one type by name. */
function ofType<Item>(
  names: Entries,
  type: string,
  read: (value: Value) => Item,
): Readonly<Record<string, readonly Item[]>> {
  return Object.fromEntries(
    [...names].map(([name, entries]) => [
      name,
      answered(entries).flatMap(([found, value]) => (found === type ? [read(value)] : [])),
    ]),
  );
}

function joined(value: Value): string {
  return asList(value).join('');
}

function readExchange(value: Value): DnsRecords['MX'] {
  const [preference, exchange = ''] = asList(value);
  return { preference: Number(preference), exchange };
}

function asZone(names: Entries): SimulatedDnsOptions {
  const aliases = Object.entries(ofType(names, 'CNAME', joined));
  // A type that a name has entries for is answered, whatever else times out.
  const silent = [...names].flatMap(([name, entries]) => {
    const has = new Set(answered(entries).map(([type]) => type));
    if (!entries.some(([type]) => type === 'TIMEOUT')) return [];
    return TYPES.filter((type) => !has.has(type)).map((type) => `${type} ${name}`);
  });
  return {
    A: ofType(names, 'A', joined),
    AAAA: ofType(names, 'AAAA', joined),
    MX: ofType(names, 'MX', readExchange),
    TXT: ofType(names, 'TXT', joined),
    PTR: ofType(names, 'PTR', joined),
    CNAME: Object.fromEntries(
      aliases.flatMap(([name, [target]]) => (target === undefined ? [] : [[name, target]])),
    ),
    fail: Object.fromEntries(silent.map((question) => [question, 'silence' as const])),
  };
}

function readDocument(lines: readonly string[]): SpfSuite {
  let section = '';
  let description = '';
  const tests = new Map<string, Map<string, Value>>();
  const names = new Map<string, Entry[]>();
  let fields = new Map<string, Value>();
  let entries: Entry[] = [];
  for (const line of lines) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, top, topValue = ''] = /^(\w+):(.*)$/.exec(line) ?? [];
    const [, key] = /^ {2}(\S.*):\s*$/.exec(line) ?? [];
    const [, field, value = ''] = /^ {4}(\w+):(.*)$/.exec(line) ?? [];
    const [, type, record = ''] = /^ +- (\w+)(?::(.*))?$/.exec(line) ?? [];
    if (top !== undefined) {
      section = top;
      if (top === 'description') description = topValue.trim();
    } else if (section === 'tests' && key !== undefined) {
      fields = new Map();
      tests.set(key, fields);
    } else if (section === 'tests' && field !== undefined) fields.set(field, readValue(value));
    else if (section === 'zonedata' && type !== undefined) entries.push([type, readValue(record)]);
    else if (section === 'zonedata' && key !== undefined) {
      entries = [];
      names.set(readScalar(key), entries);
    }
  }
  const cases = [...tests].map(([name, found]) => ({
    name,
    host: String(found.get('host')),
    helo: String(found.get('helo')),
    mailFrom: String(found.get('mailfrom')),
    results: asList(found.get('result')),
  }));
  return { description, cases, zone: asZone(names) };
}

/** @param text One character an octet. */
export function readSpfSuites(text: string): readonly SpfSuite[] {
  const documents = text.split(/^---$/m).map((document) => readDocument(document.split(/\r?\n/)));
  return documents.filter(({ cases }) => cases.length > 0);
}
