/**
 * Whether a mailbox trusts a message (contract §6, design §3.4): a pure decision over a verdict.
 *
 * Trust decides whether a hook may start by itself. It is never raised by anything but a verdict that
 * is aligned with From; a message nobody has authenticated is not trusted.
 */
import type { MailboxConfig } from '../config/config.ts';
import type { EpochMs } from '../system/clock.ts';
import type { Trust, Verdict } from './verdict.ts';

/** What a mailbox asks for. */
export type TrustRules = Pick<
  MailboxConfig,
  'trust' | 'trustedSenders' | 'trustSpf' | 'requireAddressed' | 'address' | 'aliases'
>;

/** What else the decision rests on. */
export interface TrustContext {
  readonly receivedAt: EpochMs;
  /** `[dedup] window`: a message older than that could start hooks again. */
  readonly windowMs: number;
  /** `arc_sealers`, lower case. */
  readonly arcSealers: readonly string[];
  /** Forward-paths that led the message here. */
  readonly deliveredTo: readonly string[];
}

/**
 * @param rules What the mailbox asks for.
 * @returns `none` where the mailbox asks for nothing; else `false` with a reason that says what is
 *   missing and what would change it.
 */
export function decideTrust(rules: TrustRules, verdict: Verdict, _context: TrustContext): Trust {
  if (rules.trust === 'none') return { trusted: 'none', reason: null };
  if (verdict.provisional)
    return {
      trusted: 'false',
      reason: 'temperror: the sender could not be authenticated because DNS did not answer',
    };
  return {
    trusted: 'false',
    reason: 'unauthenticated: no DKIM signature aligned with From was verified on this message',
  };
}
