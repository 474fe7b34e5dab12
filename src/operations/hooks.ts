/** `hooks list`: what the configuration says starts when. */
import { ownMailbox, ownMailboxes } from './access.ts';
import type { CallOperation } from './operation.ts';

export interface HookView {
  readonly name: string;
  readonly mailbox: string;
  readonly event: string;
  readonly cmd: readonly string[];
  readonly timeout_secs: number;
  readonly fire_on_untrusted: boolean;
  readonly retries: number;
  readonly on_interrupt: string;
  readonly max_concurrent: number | null;
}

export interface HooksListInput {
  readonly mailbox?: string | undefined;
}

export interface HooksListOutput {
  readonly hooks: readonly HookView[];
}

export const hooksList: CallOperation<HooksListInput, HooksListOutput> = {
  kind: 'call',
  summary: 'Lists hooks in the order in which they start.',
  who: 'owner',
  errors: ['request.not-found', 'config.missing'],
  changes: false,
  async run(input, context) {
    const mailboxes =
      input.mailbox === undefined ? ownMailboxes(context) : [ownMailbox(context, input.mailbox)];
    return {
      hooks: mailboxes.flatMap((mailbox) =>
        mailbox.hooks.map((hook) => ({
          name: hook.name,
          mailbox: mailbox.name,
          event: hook.event,
          cmd: hook.cmd,
          timeout_secs: hook.timeoutSeconds,
          fire_on_untrusted: hook.fireOnUntrusted,
          retries: hook.retries,
          on_interrupt: hook.onInterrupt,
          max_concurrent: hook.maxConcurrent,
        })),
      ),
    };
  },
};
