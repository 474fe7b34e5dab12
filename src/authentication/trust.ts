/**
 * Whether a mailbox trusts a message (contract §6, design §3.4): a pure decision over a verdict.
 *
 * Trust decides whether a hook may start by itself. It is never raised by anything but a verdict that
 * is aligned with From; a message nobody has authenticated is not trusted.
 */
import type { MailboxConfig } from '../config/config.ts';
import type { Trust, Verdict } from './verdict.ts';

/**
 * @param mailbox What the mailbox asks for.
 * @returns `none` where the mailbox asks for nothing; else `false` with a reason that says what is
 *   missing and what would change it.
 */
export function decideTrust(mailbox: Pick<MailboxConfig, 'trust'>, verdict: Verdict): Trust {
  if (mailbox.trust === 'none') return { trusted: 'none', reason: null };
  if (verdict.spf === 'temperror' || verdict.dkim === 'temperror' || verdict.dmarc === 'temperror')
    return {
      trusted: 'false',
      reason: 'temperror: the sender could not be authenticated because DNS did not answer',
    };
  return {
    trusted: 'false',
    reason: 'unauthenticated: no DKIM signature aligned with From was verified on this message',
  };
}
