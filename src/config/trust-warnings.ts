/** What is allowed and rarely meant: trust that nobody can earn, and patterns that leave more open than they seem to. */
import { parseAddressPattern } from '../address/address-pattern.ts';
import type { TrustPolicy } from './config.ts';
import type { KeyPath } from './line-map.ts';
import { type Report, UNSAID } from './report.ts';

/** Of the top level: a mailbox may still have a list of its own. */
export function warnOfTrust(trust: TrustPolicy, senders: readonly string[], report: Report): void {
  if (trust === 'verified' && senders.length === 0)
    report.warn({
      at: ['trust'],
      found: trust,
      allowed: 'without trusted_senders nobody is trusted, but where a mailbox has its own list',
    });
  warnOfOpenSenders(senders, ['trusted_senders'], report);
}

/** As the table of a mailbox says them; null where it says nothing and the top level's count. */
export interface WrittenTrust {
  readonly trust: TrustPolicy | null;
  readonly trusted_senders: readonly string[] | null;
  readonly trust_spf: boolean;
  readonly require_addressed: boolean;
}

export function warnOfMailboxTrust(
  written: WrittenTrust,
  inherited: { readonly trust: TrustPolicy; readonly trustedSenders: readonly string[] },
  at: KeyPath,
  report: Report,
): void {
  const trust = written.trust ?? inherited.trust;
  const senders = written.trusted_senders ?? inherited.trustedSenders;
  if (trust === 'verified' && senders.length === 0 && (written.trust ?? written.trusted_senders) !== null)
    report.warn({
      at: [...at, written.trusted_senders === null ? 'trust' : 'trusted_senders'],
      found: UNSAID,
      allowed: 'trust = "verified" without trusted_senders trusts nobody',
    });
  for (const key of ['trust_spf', 'require_addressed'] as const)
    if (trust === 'none' && written[key])
      report.warn({ at: [...at, key], found: true, allowed: 'it changes nothing while trust is "none"' });
  warnOfOpenSenders(written.trusted_senders ?? [], [...at, 'trusted_senders'], report);
}

function warnOfOpenSenders(senders: readonly string[], at: KeyPath, report: Report): void {
  for (const [index, found] of senders.entries()) {
    const pattern = parseAddressPattern(found);
    if (pattern.kind === 'malformed') continue;
    switch (pattern.value.leavesOpen) {
      case 'every-domain':
        report.warn({
          at: [...at, index],
          found,
          allowed: 'it trusts a sender at every domain, so anybody who can sign mail of his own starts hooks',
        });
        break;
      case 'domain-end':
        report.warn({
          at: [...at, index],
          found,
          allowed:
            'without "@" it also fits other domains that end so; write where the domain begins: "*@example.com"',
        });
        break;
      case 'nothing':
        break;
    }
  }
}
