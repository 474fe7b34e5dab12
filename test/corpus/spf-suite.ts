/** Reads the public SPF test suites: zones, and what a check against each must say. */
import { parseAllDocuments } from 'yaml';
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

function asList(value: Value): readonly string[] {
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

/** A document of the suites, as YAML has it. */
interface Document {
  readonly description: string;
  readonly tests: Readonly<Record<string, { host: string; helo: string; mailfrom: string; result: Value }>>;
  readonly zonedata: Readonly<Record<string, readonly (string | Readonly<Record<string, Value>>)[]>>;
}

function readDocument({ description, tests, zonedata }: Document): SpfSuite {
  const names = Object.entries(zonedata).map(([name, entries]): [string, readonly Entry[]] => [
    name,
    entries.flatMap((entry): readonly Entry[] =>
      typeof entry === 'string' ? [[entry, '']] : Object.entries(entry),
    ),
  ]);
  const cases = Object.entries(tests).map(([name, { host, helo, mailfrom, result }]) => ({
    ...{ name, host, helo },
    mailFrom: mailfrom,
    results: asList(result),
  }));
  return { description, cases, zone: asZone(new Map(names)) };
}

/** @param text One character an octet. */
export function readSpfSuites(text: string): readonly SpfSuite[] {
  return parseAllDocuments(text)
    .filter((document) => 'contents' in document && document.contents !== null)
    .map((document) => readDocument(document.toJS() as Document));
}
