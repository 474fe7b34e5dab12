/**
 * Domains as names: LDH labels, A-labels and U-labels.
 *
 *     Domain     = sub-domain *("." sub-domain)                RFC 5321 §4.1.2
 *     sub-domain = Let-dig [Ldh-str] / U-label                 RFC 6531 §3.3
 */
import { domainToASCII } from 'node:url';
import { isAscii, LONE_SURROGATE } from './octets.ts';
import { malformed, type Parsed, type Scanned, whole } from './parsed.ts';

/** Lower case, every label in its ASCII form (A-label, RFC 5890 §2.3.2.1). Made by {@link parseDomain} and {@link scanDomain}. */
export type Domain = string & { readonly __brand: 'Domain' };

/** RFC 5321 §4.5.3.1.2. */
export const DOMAIN_OCTETS_MAX = 255;
/** RFC 1035 §2.3.4. */
export const LABEL_OCTETS_MAX = 63;

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);
}

/** The offset of the first character that breaks the rules of LDH labels, or null. */
function findBadLabel(domain: string): { readonly offset: number; readonly expected: string } | null {
  let start = 0;
  for (const label of domain.split('.')) {
    const end = start + label.length;
    if (label === '') return { offset: start, expected: 'a letter or digit' };
    if (label.startsWith('-')) return { offset: start, expected: 'a letter or digit' };
    if (label.endsWith('-')) return { offset: end - 1, expected: 'a label that ends in a letter or digit' };
    if (label.length > LABEL_OCTETS_MAX) {
      return { offset: start + LABEL_OCTETS_MAX, expected: `a label of at most ${LABEL_OCTETS_MAX} octets` };
    }
    start = end + 1;
  }
  return null;
}

/**
 * A-labels of a domain that has U-labels, or that claims to have A-labels; null where it is no IDN.
 * The mapping may not make labels: an ideographic full stop is no dot here.
 */
function internationalToAscii(domain: string): string | null {
  if (LONE_SURROGATE.test(domain)) return null;
  const ascii = domainToASCII(domain);
  if (ascii === '' || !/^[a-z0-9.-]+$/.test(ascii)) return null;
  return ascii.split('.').length === domain.split('.').length ? ascii : null;
}

/**
 * Scans a domain that begins at `from`, as far as characters of a domain go.
 *
 * @returns The domain in its ASCII form, and where it ended; or the first wrong character.
 */
export function scanDomain(text: string, from: number): Scanned<Domain> {
  let end = from;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (!(isLetterOrDigit(code) || code === 0x2e || code === 0x2d || code > 0x7f)) break;
  }
  const written = text.slice(from, end);
  let ascii = written.toLowerCase();
  if (!isAscii(written) || /(?:^|\.)xn--/.test(ascii)) {
    const mapped = internationalToAscii(ascii);
    if (mapped === null) return malformed(from, 'an internationalized domain name (RFC 5890)');
    ascii = mapped;
  }
  const bad = findBadLabel(ascii);
  // Offsets in a mapped name mean nothing in what was written, so its beginning is named.
  if (bad !== null) {
    const offset = ascii.length === written.length ? from + bad.offset : from;
    return malformed(offset, bad.expected);
  }
  if (ascii.length > DOMAIN_OCTETS_MAX) {
    return malformed(from, `a domain of at most ${DOMAIN_OCTETS_MAX} octets`);
  }
  return { kind: 'scanned', value: ascii as Domain, end };
}

/** Parses `text` as a domain and nothing else. Never throws. */
export function parseDomain(text: string): Parsed<Domain> {
  return whole(text, scanDomain(text, 0));
}
