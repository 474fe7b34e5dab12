/**
 * Address literals: an IP address in place of a domain.
 *
 *     address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"   RFC 5321 §4.1.3
 *
 * `General-address-literal` needs a tag that a standard defines; `IPv6` is the only one there is.
 */
import { malformed, type Parsed, type Scanned, whole } from './parsed.ts';

/** With its brackets, lower case but for the tag: `[192.0.2.1]`, `[IPv6:2001:db8::1]`. Made by {@link parseAddressLiteral} and {@link scanAddressLiteral}. */
export type AddressLiteral = string & { readonly __brand: 'AddressLiteral' };

const TAG = 'IPv6:';

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** How many 16-bit groups `text` writes, where an IPv4 address may stand for the last two; null where it writes none. */
function countGroups(text: string, allowIpv4: boolean): number | null {
  if (text === '') return 0;
  const parts = text.split(':');
  let count = 0;
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) count += 1;
    else if (allowIpv4 && index === parts.length - 1 && isIpv4(part)) count += 2;
    else return null;
  }
  return count;
}

function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return false;
  if (tail === undefined) return countGroups(head, true) === 8;
  const before = countGroups(head, false);
  const after = countGroups(tail, true);
  // "::" stands for at least two groups (RFC 5321 §4.1.3, IPv6-comp).
  return before !== null && after !== null && before + after <= 6;
}

/** Scans an address literal that begins with `[` at `from`; answers it and where it ended. */
export function scanAddressLiteral(text: string, from: number): Scanned<AddressLiteral> {
  if (text.charAt(from) !== '[') return malformed(from, '"["');
  const close = text.indexOf(']', from);
  if (close < 0) return malformed(text.length, '"]"');
  const inner = text.slice(from + 1, close);
  const end = close + 1;
  if (inner.slice(0, TAG.length).toLowerCase() === TAG.toLowerCase()) {
    const address = inner.slice(TAG.length).toLowerCase();
    if (!isIpv6(address)) return malformed(from + 1 + TAG.length, 'an IPv6 address');
    return { kind: 'scanned', value: `[${TAG}${address}]` as AddressLiteral, end };
  }
  if (!isIpv4(inner)) return malformed(from + 1, 'an IPv4 address or "IPv6:" and an IPv6 address');
  return { kind: 'scanned', value: `[${inner}]` as AddressLiteral, end };
}

/** Parses `text` as an address literal and nothing else. Never throws. */
export function parseAddressLiteral(text: string): Parsed<AddressLiteral> {
  return whole(text, scanAddressLiteral(text, 0));
}
