/**
 * Who is let in: a limit on connections in all, and one per address, so that one client cannot take
 * every place. Loopback has no limit of its own: relays, tests and agents on this machine share it.
 */

export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly why: RefusalReason };
export type RefusalReason = 'connections' | 'connections-per-address' | 'stopping' | 'slow-disk' | 'broken';

export interface AdmissionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export interface AdmissionCounts {
  readonly connections: number;
  /** Counts the connection in unless a limit is reached. */
  admit(remoteAddress: string, limits: AdmissionLimits): Admission;
  /** Counts out one that was admitted. */
  leave(remoteAddress: string): void;
}

export function admissionCounts(): AdmissionCounts {
  let connections = 0;
  const byParty = new Map<string, number>();
  return {
    get connections() {
      return connections;
    },
    admit(remoteAddress, { maxConnections, maxConnectionsPerAddress }) {
      if (connections >= maxConnections) return { kind: 'refused', why: 'connections' };
      const party = partyOf(remoteAddress);
      if (party !== null) {
        const count = byParty.get(party) ?? 0;
        if (count >= maxConnectionsPerAddress) return { kind: 'refused', why: 'connections-per-address' };
        byParty.set(party, count + 1);
      }
      connections += 1;
      return { kind: 'admitted' };
    },
    leave(remoteAddress) {
      connections -= 1;
      const party = partyOf(remoteAddress);
      if (party === null) return;
      const count = (byParty.get(party) ?? 1) - 1;
      if (count === 0) byParty.delete(party);
      else byParty.set(party, count);
    },
  };
}

/** Groups of an IPv6 address that one customer is usually given as a whole: a /64 (RFC 6177 §2). */
const IPV6_PARTY_GROUPS = 4;

/** What counts as one client: an IPv4 address, the /64 of an IPv6 address; null for loopback. */
export function partyOf(remoteAddress: string): string | null {
  if (remoteAddress === '::1' || remoteAddress.startsWith('127.')) return null;
  if (!remoteAddress.includes(':')) return remoteAddress;
  const [head = '', tail] = remoteAddress.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return `${groups.slice(0, IPV6_PARTY_GROUPS).join(':')}::/64`;
}
