/** How many hooks may run at once, as the journal wants to be asked (design §3.5). Pure. */
import type { Config } from '../config/config.ts';
import type { MailboxId, RunLimits } from '../journal/journal.ts';

/** @param mailboxIds The journal's id of each mailbox in the config. */
export function runLimits(config: Config, mailboxIds: Readonly<Record<string, MailboxId>>): RunLimits {
  const perMailbox: Record<MailboxId, number> = {};
  const perHook: Record<string, number> = {};
  for (const mailbox of config.mailboxes) {
    const id = mailboxIds[mailbox.name];
    if (id !== undefined && mailbox.maxConcurrent !== null) perMailbox[id] = mailbox.maxConcurrent;
    for (const hook of mailbox.hooks)
      if (hook.maxConcurrent !== null) perHook[hook.name] = hook.maxConcurrent;
  }
  return { perMailbox, perMailboxDefault: config.hooks.maxPerMailbox, perHook };
}
