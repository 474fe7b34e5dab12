/** DNS that answers from a map, for tests: names are lower case and without a trailing dot, as in answers. */
import { type Clock, systemClock } from './clock.ts';
import type { Dns, DnsAnswer, DnsFailure, DnsRecords, DnsRecordType } from './dns.ts';

/** Records by type and name. Names may be written in any case, with or without a trailing dot. */
export type SimulatedZone = {
  readonly [Type in DnsRecordType]?: Readonly<Record<string, readonly DnsRecords[Type][]>>;
} & { readonly CNAME?: Readonly<Record<string, string>> };

export interface SimulatedDnsOptions extends SimulatedZone {
  /** By `TYPE name`, or by `name` for every type. Silence is answered at once, as after a time-out. */
  readonly fail?: Readonly<Record<string, Exclude<DnsFailure, 'deadline'>>>;
  /** What each answer takes. @default 0 */
  readonly delayMs?: number;
  /** What the delay is measured with. @default systemClock */
  readonly clock?: Clock;
}

export interface SimulatedDns extends Dns {
  /** Each question as it was asked, as `TYPE name`. A CNAME that is followed is no question. */
  readonly asked: readonly string[];
}

/** CNAMEs that lead to what a zone says of a name and type, and what it says. */
export interface ZoneAnswer {
  readonly chain: readonly { readonly owner: string; readonly target: string }[];
  /** The name at the chain's end. */
  readonly name: string;
  /** `loop`: the chain comes back to itself. */
  readonly kind: 'records' | 'no-data' | 'no-such-name' | 'loop';
  readonly records: readonly DnsRecords[DnsRecordType][];
}

const TYPES: readonly DnsRecordType[] = ['A', 'AAAA', 'MX', 'TXT', 'PTR'];

/** The form in which names are compared: lower case, no trailing dot. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function entry<Value>(map: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  for (const [key, value] of Object.entries(map ?? {})) if (canonicalName(key) === name) return value;
  return undefined;
}

/** A name exists where it has a record or a name below it has one (RFC 8020 §2). */
function exists(zone: SimulatedZone, name: string): boolean {
  return [...TYPES, 'CNAME' as const].some((type) =>
    Object.keys(zone[type] ?? {}).some((key) => `.${canonicalName(key)}`.endsWith(`.${name}`)),
  );
}

/** What `zone` says, as an authoritative server would. */
export function findInZone(zone: SimulatedZone, name: string, type: DnsRecordType): ZoneAnswer {
  const chain: { owner: string; target: string }[] = [];
  let at = canonicalName(name);
  for (;;) {
    const records = entry(zone[type] as Readonly<Record<string, readonly DnsRecords[typeof type][]>>, at);
    if (records !== undefined && records.length > 0) return { chain, name: at, kind: 'records', records };
    const target = entry(zone.CNAME, at);
    if (target === undefined) {
      return { chain, name: at, kind: exists(zone, at) ? 'no-data' : 'no-such-name', records: [] };
    }
    if (chain.some(({ owner }) => owner === at)) return { chain, name: at, kind: 'loop', records: [] };
    chain.push({ owner: at, target: canonicalName(target) });
    at = canonicalName(target);
  }
}

/** Names in an answer, as the port wants them. */
function canonicalRecord(record: DnsRecords[DnsRecordType], type: DnsRecordType): DnsRecords[DnsRecordType] {
  if (typeof record !== 'string') return { ...record, exchange: canonicalName(record.exchange) };
  return type === 'PTR' ? canonicalName(record) : record;
}

function isNameOfDns(name: string): boolean {
  const labels = name.split('.');
  return name.length <= 253 && labels.every((label) => label !== '' && label.length <= 63);
}

function answerFrom(
  { fail, ...zone }: SimulatedDnsOptions,
  name: string,
  type: DnsRecordType,
): DnsAnswer<DnsRecordType> {
  if (!isNameOfDns(name)) return { kind: 'no-such-name' };
  const cause = entry(fail, canonicalName(`${type} ${name}`)) ?? entry(fail, name);
  if (cause !== undefined) return { kind: 'failed', cause, detail: `${cause} for ${type} ${name}` };
  const { kind, records } = findInZone(zone, name, type);
  switch (kind) {
    case 'records':
      return { kind, records: records.map((record) => canonicalRecord(record, type)) };
    case 'loop':
      return { kind: 'failed', cause: 'server-failure', detail: `CNAME loop at ${name}` };
    default:
      return { kind };
  }
}

/**
 * Answers from records that a test writes down.
 *
 * A name without a record, and without one below it, is `no-such-name`; one that has others is `no-data`.
 *
 *     simulatedDns({ TXT: { 'example.com': ['v=spf1 -all'] }, fail: { 'TXT example.org': 'silence' } })
 */
export function simulatedDns(options: SimulatedDnsOptions = {}): SimulatedDns {
  const { delayMs = 0, clock = systemClock } = options;
  const asked: string[] = [];
  return {
    asked,
    async resolve<Type extends DnsRecordType>(
      name: string,
      type: Type,
      { signal }: { readonly signal?: AbortSignal } = {},
    ): Promise<DnsAnswer<Type>> {
      const wanted = canonicalName(name);
      asked.push(`${type} ${wanted}`);
      const tooLate = {
        kind: 'failed',
        cause: 'deadline',
        detail: `no time left for ${type} ${wanted}`,
      } as const;
      if (signal?.aborted) return tooLate;
      if (delayMs > 0) {
        const isInTime = await clock.sleep(delayMs, signal === undefined ? {} : { signal }).then(
          () => true,
          () => false,
        );
        if (!isInTime) return tooLate;
      }
      return answerFrom(options, wanted, type) as DnsAnswer<Type>;
    },
  };
}
