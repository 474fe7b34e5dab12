/** The DMARC result of a message (RFC 7489 §6.6.2), from what SPF and DKIM found. Pure. */
import { assertNever } from '../../system/assert.ts';
import type { Alignment, AuthenticationResult, DmarcCheck } from '../verdict.ts';
import type { DmarcDiscovery } from './discovery.ts';
import type { AlignmentMode } from './record.ts';

/** An identifier that SPF or DKIM looked at. */
export interface Identifier {
  readonly result: AuthenticationResult;
  readonly alignment: Alignment;
}

export interface DmarcModes {
  readonly adkim: AlignmentMode | 'unknown';
  readonly aspf: AlignmentMode | 'unknown';
}

/** How alignment is to be judged: relaxed where no record says anything else (§6.3), unknown where it could not be had. */
export function modesOf(discovery: DmarcDiscovery | null): DmarcModes {
  if (discovery?.kind === 'found') return { adkim: discovery.record.adkim, aspf: discovery.record.aspf };
  const mode = discovery?.kind === 'failed' ? 'unknown' : 'relaxed';
  return { adkim: mode, aspf: mode };
}

const NO_RECORD = { recordDomain: null, policy: null, pct: null, adkim: null, aspf: null } as const;

function resultOf(identifiers: readonly Identifier[]): AuthenticationResult {
  const ofAuthor = identifiers.filter(({ alignment }) => alignment === 'aligned');
  if (ofAuthor.some(({ result }) => result === 'pass')) return 'pass';
  // A check that DNS did not let end could still have passed (§11.2).
  return ofAuthor.some(({ result }) => result === 'temperror') ? 'temperror' : 'fail';
}

const RESULT_REASONS: Readonly<Partial<Record<AuthenticationResult, string>>> = {
  fail: 'neither SPF nor a DKIM signature passes for a domain aligned with From',
  temperror: 'DNS did not answer for a domain aligned with From',
};

/**
 * Decides the result. `pct` is kept and not applied: it samples what a receiver does, not what is true.
 *
 * @param author The only address's domain, comparable.
 */
export function evaluateDmarc(input: {
  readonly author: string;
  readonly discovery: DmarcDiscovery;
  readonly identifiers: readonly Identifier[];
}): DmarcCheck {
  const { author, discovery, identifiers } = input;
  switch (discovery.kind) {
    case 'failed':
      return { ...NO_RECORD, result: 'temperror', reason: discovery.reason };
    case 'none':
      return { ...NO_RECORD, result: 'none', reason: discovery.reason };
    case 'unusable':
      return { ...NO_RECORD, result: 'permerror', recordDomain: discovery.domain, reason: discovery.reason };
    case 'found': {
      const { record, domain } = discovery;
      const result = resultOf(identifiers);
      return {
        result,
        recordDomain: domain,
        // `sp` is meant for subdomains of the domain that has the record (§6.3).
        policy: domain === author ? record.policy : record.subdomainPolicy,
        pct: record.pct,
        adkim: record.adkim,
        aspf: record.aspf,
        reason: RESULT_REASONS[result] ?? null,
      };
    }
    default:
      return assertNever(discovery);
  }
}

/** The result where From names no author, or more than one (§6.6.1): there is no domain to ask. */
export function dmarcWithoutAuthor(addresses: number): DmarcCheck {
  if (addresses === 0)
    return { ...NO_RECORD, result: 'none', reason: 'From names no address, so there is no domain to ask' };
  const reason =
    addresses === 1
      ? 'there is not one From field with one address at a domain, in a header section of ordinary size'
      : `From names ${addresses} addresses, so there is no one domain to ask`;
  return { ...NO_RECORD, result: 'permerror', reason };
}
