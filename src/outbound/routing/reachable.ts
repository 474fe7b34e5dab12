/** Which addresses mail may be sent to: a stranger's MX must not make us talk to our own network. Pure. */
import { type IpAddress, isInNetwork, parseClientAddress } from '../../authentication/ip-address.ts';

/** Loopback, private, link-local, shared, multicast and what is for documentation or nothing (RFC 6890). */
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
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

const NETWORKS: readonly (readonly [IpAddress, number])[] = PRIVATE.flatMap(([text, bits]) => {
  const address = parseClientAddress(text);
  return address === null ? [] : [[address, bits] as const];
});

/** True for an address of the public internet; an IPv4 address written as IPv6 is judged as what it is. */
export function isPublicAddress(text: string): boolean {
  const address = parseClientAddress(text);
  return address !== null && !NETWORKS.some(([network, bits]) => isInNetwork(address, network, bits));
}
