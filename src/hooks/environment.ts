/** The environment of a hook (contract §6). Pure. */
import type { HookConfig } from '../config/config.ts';
import type { RunRow } from '../journal/journal.ts';
import type { Account } from '../system/passwd.ts';

/** Each value; the whole is in the file. Keeps the sum far below what exec takes (128 KiB a string). */
export const VALUE_BYTES_MAX: number = 16 * 1024;

/** What becomes of one value: no NUL, valid UTF-8, at most {@link VALUE_BYTES_MAX}, cut between characters. */
export function boundValue(value: string): string {
  // Encoding makes U+FFFD of what is no character.
  const bytes = Buffer.from(value.replaceAll('\0', ''), 'utf8');
  if (bytes.length <= VALUE_BYTES_MAX) return bytes.toString('utf8');
  let end = VALUE_BYTES_MAX;
  // Bytes 10xxxxxx go on a character (RFC 3629 §3).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}

export interface EnvironmentInput {
  readonly run: RunRow;
  readonly hook: HookConfig;
  readonly account: Account;
  /** `AIMX_*` of the message, as the pipeline wrote them. Other names are dropped. */
  readonly variables: Readonly<Record<string, string>>;
  readonly path: string;
  readonly lang: string;
}

/**
 * The whole environment. The hook's own `env` may set anything but what tells it about its run and
 * its message, so that a program may rely on `AIMX_*`.
 */
export function makeEnvironment(input: EnvironmentInput): Readonly<Record<string, string>> {
  const { run, hook, account } = input;
  const message = Object.entries(input.variables).filter(([name]) => /^AIMX_[A-Z_]+$/.test(name));
  const all = {
    PATH: input.path,
    LANG: input.lang,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
    ...hook.env,
    ...Object.fromEntries(message),
    AIMX_HOOK_NAME: hook.name,
    AIMX_EVENT: run.event,
    ...(run.sendStatus === null ? {} : { AIMX_SEND_STATUS: run.sendStatus }),
    AIMX_MAILBOX: run.mailbox,
    AIMX_ID: run.id,
    AIMX_RUN_ID: run.runId,
    AIMX_ATTEMPT: String(run.attempt),
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, boundValue(value)]));
}
