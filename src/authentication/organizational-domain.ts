/**
 * Organizational domains: what stands between a public suffix and its tenants (RFC 7489 §3.2).
 *
 * The list is the Public Suffix List as the package `tldts` carries it, so that no message waits for a
 * download and every check of a message comes out the same. Its private section counts too: the tenants
 * of `github.io` share a suffix and nothing else, and one may not speak for another. Owners of such a
 * suffix lose relaxed alignment between its own names, which is the harmless side.
 */
import { getDomain } from 'tldts';
import { parseDomain } from '../address/domain.ts';

/**
 * Suffixes under which strangers sign and which the list lacks: every tenant of Microsoft 365 has a name there
 * for its key, and mail goes out under it. The longer ones come first.
 */
const UNLISTED_SUFFIXES: readonly string[] = [
  'mail.onmicrosoft.com',
  'onmicrosoft.com',
  'mail.onmicrosoft.us',
  'onmicrosoft.us',
  'partner.onmschina.cn',
];

/**
 * A domain in the form in which domains are compared: A-labels, lower case, without a trailing dot.
 *
 * @returns null for what is no domain name: an address, an address literal, an empty text.
 */
export function comparableDomain(text: string): string | null {
  const parsed = parseDomain(text.endsWith('.') ? text.slice(0, -1) : text);
  if (parsed.kind !== 'parsed') return null;
  // No top-level domain is a number (RFC 3696 §2): `127.0.0.1` is an address, whatever its labels.
  return /(?:^|\.)\d+$/.test(parsed.value) ? null : parsed.value;
}

/**
 * The organizational domain of a name: its public suffix and one label more.
 *
 * @param domain As {@link comparableDomain} gives it.
 * @returns The name itself where it is a public suffix or a single label, so that it is an organization
 *   of its own. A suffix that the list does not know has one label (the list's rule `*`).
 */
export function organizationalDomain(domain: string): string {
  const suffix = UNLISTED_SUFFIXES.find((each) => domain === each || domain.endsWith(`.${each}`));
  if (suffix !== undefined) {
    const tenant = domain.slice(0, -suffix.length - 1);
    return tenant === '' ? suffix : `${tenant.slice(tenant.lastIndexOf('.') + 1)}.${suffix}`;
  }
  const found = getDomain(domain, {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
  });
  return found ?? domain;
}
