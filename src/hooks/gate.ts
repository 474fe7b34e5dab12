/**
 * The gate: which hooks a delivery has, and which of them must wait for somebody's decision.
 *
 * `on_receive` fires when the message is trusted or the hook says `fire_on_untrusted` (contract §6).
 * One that does not fire is a run in state `held` with the reason, so that "why did it not run?" has
 * an answer and a way to go on.
 */
import type { Trust } from '../authentication/verdict.ts';
import type { HookConfig } from '../config/config.ts';
import type { HookEvent, HookPlan } from '../journal/journal.ts';

/**
 * @param hooks The mailbox's hooks, in config order.
 * @param options.startsRepeats The mailbox does not ask whether it has a message already (`dedup = "off"`).
 * @returns One plan a hook of this event, in config order.
 */
export function planHooks(
  hooks: readonly HookConfig[],
  event: HookEvent,
  trust: Trust,
  { startsRepeats = false }: { readonly startsRepeats?: boolean } = {},
): readonly HookPlan[] {
  return hooks
    .filter((hook) => hook.event === event)
    .map((hook, ordinal) => {
      const held = heldBecause(hook, event, trust);
      const plan = { hook: hook.name, event, ordinal, held };
      const restsOnTrust = held === null && event === 'on_receive' && !hook.fireOnUntrusted;
      return restsOnTrust && !startsRepeats ? { ...plan, oncePerLetter: true } : plan;
    });
}

function heldBecause(hook: HookConfig, event: HookEvent, trust: Trust): string | null {
  if (event !== 'on_receive' || hook.fireOnUntrusted || trust.trusted === 'true') return null;
  return (
    trust.reason ??
    'untrusted: the mailbox has trust = "none" and the hook does not say fire_on_untrusted = true'
  );
}
