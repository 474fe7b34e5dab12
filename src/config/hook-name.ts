/** The name of a hook that was given none: stable over reloads, changes and restarts (contract §6). */
import { createHash } from 'node:crypto';
import type { HookConfig } from './config.ts';

const UNIT_SEPARATOR = '\u001f';
const NAME_DIGITS = 12;

/** @returns The first 12 hexadecimal digits of SHA-256 over event, argv and `fire_on_untrusted`. */
export function deriveHookName(hook: Pick<HookConfig, 'event' | 'cmd' | 'fireOnUntrusted'>): string {
  const text = [hook.event, ...hook.cmd].join(UNIT_SEPARATOR) + UNIT_SEPARATOR;
  return createHash('sha256')
    .update(text, 'utf8')
    .update(Uint8Array.of(hook.fireOnUntrusted ? 1 : 0))
    .digest('hex')
    .slice(0, NAME_DIGITS);
}
