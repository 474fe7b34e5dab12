/** The hooks that are told what became of a message of ours. */
import type { Trust } from '../authentication/verdict.ts';
import type { MailboxConfig } from '../config/config.ts';
import type { HookPlan } from '../journal/journal.ts';
import { planHooks } from './gate.ts';

/** What a mailbox has written itself needs nobody's trust, and `after_send` asks for none. */
const OWN_MESSAGE: Trust = { trusted: 'none', reason: null };

/**
 * @param mailbox The one that sends; null where it is not in the config any more.
 * @returns Its `after_send` hooks, in config order; none of them held.
 */
export function planSending(mailbox: Pick<MailboxConfig, 'hooks'> | null): readonly HookPlan[] {
  return mailbox === null ? [] : planHooks(mailbox.hooks, 'after_send', OWN_MESSAGE);
}
