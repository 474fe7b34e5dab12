/** Finds the DMARC policy of an author's domain (RFC 7489 §6.6.3). */
import type { Dns } from '../../system/dns.ts';
import { organizationalDomain } from '../organizational-domain.ts';
import { type DmarcRecord, parseDmarcRecord } from './record.ts';

export type DmarcDiscovery =
  | {
      readonly kind: 'found';
      /** The domain whose record it is: the author's own or its organizational domain. */
      readonly domain: string;
      readonly record: DmarcRecord;
    }
  /** The domain takes no part in DMARC. */
  | { readonly kind: 'none'; readonly reason: string }
  /** There is one, and it cannot be used. */
  | { readonly kind: 'unusable'; readonly domain: string; readonly reason: string }
  /** DNS did not say. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface DiscoveryWorld {
  readonly dns: Dns;
  readonly signal: AbortSignal;
}

/** One name's answer; `empty` where no record of it is DMARC's, which sends the search on (step 3). */
type NameAnswer = DmarcDiscovery | { readonly kind: 'empty' };

async function askName(domain: string, { dns, signal }: DiscoveryWorld): Promise<NameAnswer> {
  const answer = await dns.resolve(`_dmarc.${domain}`, 'TXT', { signal });
  if (answer.kind === 'failed')
    return { kind: 'failed', reason: `the DMARC record of ${domain} could not be had: ${answer.detail}` };
  if (answer.kind !== 'records') return { kind: 'empty' };
  const parsed = answer.records.map(parseDmarcRecord).filter((record) => record.kind !== 'foreign');
  const [only] = parsed;
  if (only === undefined) return { kind: 'empty' };
  // Step 5: of several nobody could say which one counts.
  if (parsed.length > 1)
    return { kind: 'none', reason: `${domain} has ${parsed.length} DMARC records, so none counts` };
  if (only.kind === 'unusable') return { kind: 'unusable', domain, reason: `${only.reason} (${domain})` };
  return { kind: 'found', domain, record: only.record };
}

/**
 * Asks `_dmarc.<domain>`, then `_dmarc.<organizational domain>`. Never rejects.
 *
 * @param domain The author's domain, comparable (A-labels, lower case).
 */
export async function discoverDmarc(domain: string, world: DiscoveryWorld): Promise<DmarcDiscovery> {
  const own = await askName(domain, world);
  if (own.kind !== 'empty') return own;
  const organizational = organizationalDomain(domain);
  const parent = organizational === domain ? own : await askName(organizational, world);
  return parent.kind === 'empty' ? { kind: 'none', reason: `${domain} has no DMARC record` } : parent;
}
