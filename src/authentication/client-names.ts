/**
 * The names of a client's address that lead back to it (RFC 7208 §5.5, RFC 8601 §3): what iprev asks
 * for, and SPF's `ptr` and `%{p}`.
 */
import type { Dns } from '../system/dns.ts';
import {
  addressRecordType,
  type IpAddress,
  isSameAddress,
  parseAddressRecord,
  reverseName,
} from './ip-address.ts';

/** RFC 7208 §4.6.4: names beyond the first ten are ignored, since whoever owns the address writes them. */
const CLIENT_NAMES_MAX = 10;

/**
 * What a name may consist of to be looked at: names go into fields and logs. A backslash stands for a
 * dot or an octet inside of a label, which no host has.
 */
const VISIBLE_NAME = /^[!-[\]-~]{1,253}$/;

export type ClientNames =
  /** DNS did not say which names there are. */
  | { readonly kind: 'failed'; readonly detail: string }
  /** The address has no name. */
  | { readonly kind: 'nameless' }
  | {
      readonly kind: 'names';
      /** Names that lead back, in order of the answer, lower case; may be empty. */
      readonly validated: readonly string[];
      /** The first name of the answer. */
      readonly first: string;
      /** Of some name DNS did not say where it leads. */
      readonly isIncomplete: boolean;
    };

export interface ClientNamesOptions {
  readonly dns: Dns;
  readonly signal: AbortSignal;
}

/**
 * Asks for the names of `address`, and at once for the addresses of the first {@link CLIENT_NAMES_MAX}.
 * Never rejects.
 */
export async function findClientNames(
  address: IpAddress,
  { dns, signal }: ClientNamesOptions,
): Promise<ClientNames> {
  const answer = await dns.resolve(reverseName(address), 'PTR', { signal });
  if (answer.kind === 'failed') return { kind: 'failed', detail: answer.detail };
  if (answer.kind !== 'records') return { kind: 'nameless' };
  const names = [...new Set(answer.records.map((name) => name.toLowerCase().replace(/\.$/, '')))].filter(
    (name) => VISIBLE_NAME.test(name),
  );
  const [first] = names;
  if (first === undefined) return { kind: 'nameless' };
  const type = addressRecordType(address);
  const asked = await Promise.all(
    names.slice(0, CLIENT_NAMES_MAX).map(async (name) => {
      const addresses = await dns.resolve(name, type, { signal });
      const leadsBack =
        addresses.kind === 'records' &&
        addresses.records.some((text) => {
          const found = parseAddressRecord(type, text);
          return found !== null && isSameAddress(found, address);
        });
      return { name, leadsBack, isUnanswered: addresses.kind === 'failed' };
    }),
  );
  return {
    kind: 'names',
    validated: asked.filter(({ leadsBack }) => leadsBack).map(({ name }) => name),
    first,
    isIncomplete: asked.some(({ isUnanswered }) => isUnanswered),
  };
}
