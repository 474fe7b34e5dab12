/**
 * What the outermost ARC sealer says of the author (RFC 8617 §4.1.1): the passes in its
 * ARC-Authentication-Results that are aligned with From. Pure. Whether anybody believes the sealer is
 * decided per mailbox, and never here.
 */

import type { MethodResult } from './authentication-results.ts';
import { alignmentOf } from './dmarc/alignment.ts';
import type { DmarcModes } from './dmarc/evaluate.ts';
import type { OutermostSet } from './findings.ts';
import { comparableDomain } from './organizational-domain.ts';
import type { Alignment, ArcVouch } from './verdict.ts';

export interface VouchFinding {
  readonly vouch: ArcVouch;
  /** `unknown`: it speaks for the author only if the policy that could not be had is relaxed. */
  readonly alignment: Exclude<Alignment, 'unaligned'>;
}

/** The domain that a sealed pass is about; null for one that says nothing about the author. */
function domainOf({ method, properties }: MethodResult, modes: DmarcModes): string | null {
  const property = (name: string): string | null => comparableDomain(properties[name] ?? '');
  switch (method) {
    // The sealer has judged alignment itself.
    case 'dmarc':
      return property('header.from');
    case 'dkim': {
      const domain = property('header.d');
      // Some sealers name the identity alone, which may be a subdomain of `d=` (RFC 6376 §3.5) and so
      // cannot answer for strict alignment.
      if (domain !== null || modes.adkim === 'strict') return domain;
      const identity = properties['header.i'] ?? '';
      return comparableDomain(identity.slice(identity.lastIndexOf('@') + 1));
    }
    default:
      return null;
  }
}

/**
 * @param author The author's domain, comparable.
 * @returns null where the outermost set names no pass that could be aligned.
 */
export function findVouch(
  outermost: OutermostSet | null,
  options: { readonly author: string; readonly modes: DmarcModes },
): VouchFinding | null {
  if (outermost === null) return null;
  const { author, modes } = options;
  let unknown: VouchFinding | null = null;
  for (const sealed of outermost.methods) {
    const domain = sealed.result === 'pass' ? domainOf(sealed, modes) : null;
    if (domain === null) continue;
    // A DMARC pass is about exactly one domain; it does not reach the domains around it.
    const mode = sealed.method === 'dmarc' ? 'strict' : modes.adkim;
    const alignment = alignmentOf(domain, { author, mode });
    if (alignment === 'unaligned') continue;
    const { sealer, uncovered, signedAt } = outermost;
    const found = { vouch: { sealer, authDomain: domain, uncovered, signedAt }, alignment };
    if (alignment === 'aligned') return found;
    unknown ??= found;
  }
  return unknown;
}
