/** Which addresses mail may be sent to: a stranger's MX must not make us talk to our own network. Pure. */
import { type IpAddress, isInNetwork, parseClientAddress } from '../../authentication/ip-address.ts';

/** Not globally reachable, for documentation, or for more than one receiver (RFC 6890, as IANA's registries have it). */
const PRIVATE: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // The unspecified address, loopback, and IPv4 in the old compatible form (RFC 4291 §2.5.5.1).
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/** IPv6 that a gateway turns into the IPv4 address in it: 6to4 (RFC 3056 §2) and NAT64 (RFC 6052 §2.1). */
const EMBEDDED: readonly (readonly [string, number])[] = [
  ['2002::', 16],
  ['64:ff9b::', 96],
];

interface Network {
  readonly network: IpAddress;
  readonly bits: number;
}

function networks(table: readonly (readonly [string, number])[]): readonly Network[] {
  return table.flatMap(([text, bits]) => {
    const network = parseClientAddress(text);
    return network === null ? [] : [{ network, bits }];
  });
}

const PRIVATE_NETWORKS = networks(PRIVATE);
const EMBEDDING_NETWORKS = networks(EMBEDDED);

function isPublic(address: IpAddress): boolean {
  return !PRIVATE_NETWORKS.some(({ network, bits }) => isInNetwork(address, network, bits));
}

/** True for an address of the public internet; an IPv4 address inside of an IPv6 one is judged as what it is. */
export function isPublicAddress(text: string): boolean {
  const address = parseClientAddress(text);
  if (address === null || !isPublic(address)) return false;
  const embedding = EMBEDDING_NETWORKS.find(({ network, bits }) => isInNetwork(address, network, bits));
  if (embedding === undefined) return true;
  const from = embedding.bits / 8;
  return isPublic({ family: 'ipv4', octets: address.octets.slice(from, from + 4) });
}
