/**
 * SPF records: which TXT record is one, and its terms (RFC 7208 §4.5, §4.6.1, §12).
 *
 *     record    = version terms *SP
 *     terms     = *( 1*SP ( directive / modifier ) )
 *     directive = [ qualifier ] mechanism
 *     modifier  = name "=" macro-string
 *
 * Pure and total. The whole record is parsed before anything is evaluated, since an error anywhere in
 * it is a permerror (§4.6).
 */
import { excerpt } from '../excerpt.ts';
import { type IpAddress, parseIpv4, parseIpv6 } from '../ip-address.ts';
import { isMacroString, type MacroString, parseDomainSpec } from './macro.ts';

/** What a directive says of a client that it matches (§4.6.2). */
export type Qualified = 'pass' | 'fail' | 'softfail' | 'neutral';

/** What of a client's address must be the same. */
export interface PrefixLengths {
  readonly ipv4: number;
  readonly ipv6: number;
}

export type Mechanism =
  | { readonly name: 'all' }
  | { readonly name: 'include' | 'exists'; readonly target: MacroString }
  | { readonly name: 'a' | 'mx'; readonly target: MacroString | null; readonly prefixLengths: PrefixLengths }
  | { readonly name: 'ptr'; readonly target: MacroString | null }
  | { readonly name: 'ip4' | 'ip6'; readonly network: IpAddress; readonly prefixLength: number };

export interface Directive {
  readonly qualified: Qualified;
  readonly mechanism: Mechanism;
  /** As the record has it, for reasons. */
  readonly text: string;
}

export interface SpfRecord {
  readonly directives: readonly Directive[];
  /** Where evaluation goes on when no directive matches (§6.1). */
  readonly redirect: { readonly target: MacroString; readonly text: string } | null;
}

export type ParsedSpfRecord =
  | { readonly kind: 'parsed'; readonly record: SpfRecord }
  /** `problem` ends a sentence about the record: `has the term "moo", which is none`. */
  | { readonly kind: 'malformed'; readonly problem: string };

/**
 * Records beyond it are not read. §3.4 asks for 512 octets in all; the longest in use have a few
 * thousand.
 */
export const RECORD_OCTETS_MAX = 16_384;

const QUALIFIERS: Readonly<Record<string, Qualified>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
};

/** §4.5: the version ends at a space or at the end, and has no case. */
const VERSION = /^v=spf1(?: |$)/i;
const MODIFIER = /^([a-z][a-z0-9._-]*)=/i;
const MECHANISM = /^([-+~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|$)/i;
/** `dual-cidr-length` (§5.6), of which an error leaves a slash over that nothing else takes. */
const DUAL_PREFIX = /(?:\/(0|[1-9]\d?))?(?:\/\/(0|[1-9]\d{0,2}))?$/;
const PREFIX = /^(0|[1-9]\d{0,2})$/;
const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** Whether a TXT record is an SPF record. */
export function isSpfRecord(text: string): boolean {
  return VERSION.test(text);
}

/** Parses a record that {@link isSpfRecord}: one character an octet. Never throws; linear. */
export function parseSpfRecord(text: string): ParsedSpfRecord {
  if (text.length > RECORD_OCTETS_MAX) return malformed(`is longer than ${RECORD_OCTETS_MAX} octets`);
  const directives: Directive[] = [];
  const seen = new Set<string>();
  let redirect: SpfRecord['redirect'] = null;
  for (const term of text.split(' ').slice(1)) {
    if (term === '') continue;
    const modifier = MODIFIER.exec(term);
    if (modifier === null) {
      const directive = parseDirective(term);
      if (directive === null) return malformed(`has the term ${excerpt(term)}, which is not valid`);
      directives.push(directive);
      continue;
    }
    const name = modifier[1]?.toLowerCase() ?? '';
    const value = term.slice(modifier[0].length);
    if (name !== 'redirect' && name !== 'exp') {
      if (!isMacroString(value)) return malformed(`has the term ${excerpt(term)}, which is not valid`);
      continue;
    }
    const target = parseDomainSpec(value);
    if (target === null) return malformed(`has the term ${excerpt(term)}, which is not valid`);
    // §6: each at most once.
    if (seen.has(name)) return malformed(`has "${name}" more than once`);
    seen.add(name);
    if (name === 'redirect') redirect = { target, text: term };
  }
  return { kind: 'parsed', record: { directives, redirect } };
}

function malformed(problem: string): ParsedSpfRecord {
  return { kind: 'malformed', problem };
}

function parseDirective(term: string): Directive | null {
  const match = MECHANISM.exec(term);
  if (match === null) return null;
  const [start, qualifier = '', name = ''] = match;
  const mechanism = parseMechanism(name.toLowerCase(), term.slice(start.length));
  const qualified = QUALIFIERS[qualifier === '' ? '+' : qualifier];
  return mechanism === null || qualified === undefined ? null : { qualified, mechanism, text: term };
}

/** @param rest What follows the name: nothing, or from the colon or slash on. */
function parseMechanism(name: string, rest: string): Mechanism | null {
  switch (name) {
    case 'all':
      return rest === '' ? { name } : null;
    case 'include':
    case 'exists': {
      const target = parseTarget(rest);
      return target === null ? null : { name, target };
    }
    case 'ptr': {
      if (rest === '') return { name, target: null };
      const target = parseTarget(rest);
      return target === null ? null : { name, target };
    }
    case 'a':
    case 'mx':
      return parseAddressed(name, rest);
    case 'ip4':
    case 'ip6':
      return parseNetwork(name, rest);
    default:
      return null;
  }
}

function parseTarget(rest: string): MacroString | null {
  return rest.startsWith(':') ? parseDomainSpec(rest.slice(1)) : null;
}

/** `a` and `mx`: a domain-spec may hold slashes itself, so the lengths are taken from the end (§5.3). */
function parseAddressed(name: 'a' | 'mx', rest: string): Mechanism | null {
  const match = DUAL_PREFIX.exec(rest);
  const prefixLengths = {
    ipv4: Number(match?.[1] ?? IPV4_BITS),
    ipv6: Number(match?.[2] ?? IPV6_BITS),
  };
  if (prefixLengths.ipv4 > IPV4_BITS || prefixLengths.ipv6 > IPV6_BITS) return null;
  const before = rest.slice(0, rest.length - (match?.[0].length ?? 0));
  if (before === '') return { name, target: null, prefixLengths };
  const target = parseTarget(before);
  return target === null ? null : { name, target, prefixLengths };
}

/** `ip4` and `ip6`: addresses are checked whatever the client's family is (§5.6). */
function parseNetwork(name: 'ip4' | 'ip6', rest: string): Mechanism | null {
  if (!rest.startsWith(':')) return null;
  const slash = rest.indexOf('/');
  const address = rest.slice(1, slash < 0 ? undefined : slash);
  const bits = name === 'ip4' ? IPV4_BITS : IPV6_BITS;
  const length = slash < 0 ? String(bits) : rest.slice(slash + 1);
  const network = name === 'ip4' ? parseIpv4(address) : parseIpv6(address);
  if (network === null || !PREFIX.test(length) || Number(length) > bits) return null;
  return { name, network, prefixLength: Number(length) };
}
