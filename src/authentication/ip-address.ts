/**
 * IP addresses as octets: what SPF and iprev compare, and the names under which DNS keeps their names.
 *
 * Pure. Every parser answers null for what it cannot read, and never throws.
 */

/** An address of 4 or 16 octets. */
export interface IpAddress {
  readonly family: 'ipv4' | 'ipv6';
  readonly octets: readonly number[];
}

const IPV4_OCTETS = 4;
const IPV6_GROUPS = 8;
/** Longest text of an address: six groups of four, their colons, and a dotted quad. */
const ADDRESS_CHARACTERS_MAX = 45;

/** `qnum` of RFC 7208 §5.6: no leading zero, which elsewhere means octal. */
const QNUM = /^(?:0|[1-9]\d{0,2})$/;

/** Parses a dotted quad. */
export function parseIpv4(text: string): IpAddress | null {
  if (text.length > ADDRESS_CHARACTERS_MAX) return null;
  const parts = text.split('.');
  if (parts.length !== IPV4_OCTETS) return null;
  if (!parts.every((part) => QNUM.test(part) && Number(part) <= 255)) return null;
  return { family: 'ipv4', octets: parts.map(Number) };
}

/** The octets of groups with colons between; null where one is none. */
function parseGroups(text: string, { allowQuad }: { readonly allowQuad: boolean }): number[] | null {
  if (text === '') return [];
  const octets: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      const group = Number.parseInt(part, 16);
      octets.push(group >> 8, group & 0xff);
      continue;
    }
    const quad = allowQuad && index === parts.length - 1 ? parseIpv4(part) : null;
    if (quad === null) return null;
    octets.push(...quad.octets);
  }
  return octets;
}

/** Parses an address in the forms of RFC 4291 §2.2, without a zone. An IPv4-mapped one stays what it is. */
export function parseIpv6(text: string): IpAddress | null {
  if (text.length > ADDRESS_CHARACTERS_MAX) return null;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const before = parseGroups(head, { allowQuad: tail === undefined });
  if (before === null) return null;
  if (tail === undefined)
    return before.length === IPV6_GROUPS * 2 ? { family: 'ipv6', octets: before } : null;
  const after = parseGroups(tail, { allowQuad: true });
  if (after === null) return null;
  const missing = IPV6_GROUPS * 2 - before.length - after.length;
  // "::" stands for one group at least (RFC 4291 §2.2).
  if (missing < 2) return null;
  return { family: 'ipv6', octets: [...before, ...new Array<number>(missing).fill(0), ...after] };
}

/**
 * Parses the address of a client. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the IPv4 address
 * in it (RFC 7208 §5): the client came over IPv4 to a socket that listens to both.
 */
export function parseClientAddress(text: string): IpAddress | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return ipv4;
  const ipv6 = parseIpv6(text);
  if (ipv6 === null) return null;
  const isMapped = ipv6.octets.slice(0, 12).every((octet, index) => octet === (index < 10 ? 0 : 0xff));
  return isMapped ? { family: 'ipv4', octets: ipv6.octets.slice(12) } : ipv6;
}

/** Whether two addresses are of one family and begin with the same `prefixLength` bits. */
export function isInNetwork(address: IpAddress, network: IpAddress, prefixLength: number): boolean {
  if (address.family !== network.family) return false;
  return address.octets.every((octet, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (octet & mask) === ((network.octets[index] ?? 0) & mask);
  });
}

/** Whether two addresses are the same. */
export function isSameAddress(a: IpAddress, b: IpAddress): boolean {
  return isInNetwork(a, b, a.octets.length * 8);
}

/** The address in parts with dots between: octets of IPv4, nibbles of IPv6 (RFC 7208 §7.3, macro `i`). */
export function dottedAddress(address: IpAddress): string {
  if (address.family === 'ipv4') return address.octets.join('.');
  return address.octets
    .flatMap((octet) => [octet >> 4, octet & 0xf].map((nibble) => nibble.toString(16)))
    .join('.');
}

/** Where DNS keeps the names of an address (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: IpAddress): string {
  const suffix = address.family === 'ipv4' ? 'in-addr.arpa' : 'ip6.arpa';
  return `${dottedAddress(address).split('.').reverse().join('.')}.${suffix}`;
}

/** The type of record that holds addresses of this family. */
export function addressRecordType(address: IpAddress): 'A' | 'AAAA' {
  return address.family === 'ipv4' ? 'A' : 'AAAA';
}

/** Parses what an A or AAAA record holds. */
export function parseAddressRecord(type: 'A' | 'AAAA', text: string): IpAddress | null {
  return type === 'A' ? parseIpv4(text) : parseIpv6(text);
}
