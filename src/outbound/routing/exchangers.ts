/**
 * Mail exchangers of a domain in the order in which they are tried, without ourselves. Pure
 * (RFC 5321 §5.1, RFC 7505).
 */
import { isSameAddress, parseClientAddress } from '../../authentication/ip-address.ts';

export interface MxRecord {
  readonly preference: number;
  /** '' is the root, which says that a domain takes no mail. */
  readonly exchange: string;
}

/** More hosts than this are no help to anybody who waits for an answer. */
const HOSTS_MAX = 20;

/** A host that may take the mail, with what DNS knows of it. */
export interface Exchanger {
  readonly host: string;
  readonly preference: number;
  readonly addresses: readonly string[];
  /** What DNS could not say of it. */
  readonly failures: readonly string[];
}

/**
 * By preference; equal ones in the order of their draws, so that a domain's load is spread.
 *
 * @returns Null where the domain says that it takes no mail: its one MX is the root (RFC 7505 §3).
 */
export function orderRecords(records: readonly MxRecord[], draw: () => string): readonly MxRecord[] | null {
  const named = records.filter(({ exchange }) => exchange !== '');
  // The root beside other hosts is a mistake, and no statement (RFC 7505 §3).
  if (named.length === 0) return null;
  return named
    .map((record) => ({ record, drawn: draw() }))
    .sort((a, b) => a.record.preference - b.record.preference || (a.drawn < b.drawn ? -1 : 1))
    .map(({ record }) => record)
    .slice(0, HOSTS_MAX);
}

export interface Ourselves {
  /** Lower case; null: only addresses tell. */
  readonly hostname: string | null;
  /** Addresses at which we listen on the port that mail would be sent to. */
  readonly addresses: readonly string[];
}

/**
 * Leaves out ourselves and every host that is as far from the mailbox as we are, or farther: it would
 * hand the mail back to us (RFC 5321 §5.1).
 */
export function nearerThanOurselves(
  exchangers: readonly Exchanger[],
  { hostname, addresses }: Ourselves,
): readonly Exchanger[] {
  const own = addresses.flatMap((text) => parseClientAddress(text) ?? []);
  const isOwn = (text: string): boolean => {
    const address = parseClientAddress(text);
    return address !== null && own.some((one) => isSameAddress(one, address));
  };
  const ours = exchangers
    .filter((exchanger) => exchanger.host === hostname || exchanger.addresses.some(isOwn))
    .map(({ preference }) => preference);
  const nearest = Math.min(...ours);
  return exchangers.filter(({ preference }) => preference < nearest);
}
