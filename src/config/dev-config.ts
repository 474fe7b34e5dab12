/** The configuration that `aimx dev` writes on its first start (contract §8). */
import { stringify } from 'smol-toml';

/** Agents work for minutes: the default of 60 seconds would cut them short. */
const DEV_HOOK_TIMEOUT_SECONDS = 900;

export interface DevConfigOptions {
  /** Absolute. */
  readonly dataDir: string;
  /** User who starts `dev`; the mailbox's owner. */
  readonly owner: string;
  /** `host:port` on loopback. */
  readonly bind: string;
  /** A shell command, or null for no hook. */
  readonly hook: string | null;
}

/** One TOML value on one line. */
function toml(value: string | readonly string[]): string {
  return stringify({ value })
    .replace(/^value = /, '')
    .trimEnd();
}

/** @returns The text of a `config.toml` that receives mail for `agent@localhost` on loopback. */
export function devConfig({ dataDir, owner, bind, hook }: DevConfigOptions): string {
  const lines = [
    '# A server for trying things out, written by `aimx dev`. Change it as you like.',
    'domain = "localhost"',
    `data_dir = ${toml(dataDir)}`,
    '',
    '[smtp]',
    `bind = ${toml([bind])}`,
    '',
    '[hooks]',
    `timeout_secs = ${DEV_HOOK_TIMEOUT_SECONDS}`,
    '',
    '# Nobody is asked who wrote a message: nothing leaves the machine. Without it, senders are authenticated.',
    '[dns]',
    'servers = []',
    '',
    '# Folders for trying things out may lie in memory.',
    '[journal]',
    'allow_memory = true',
    '',
    '[mailboxes.agent]',
    'address = "agent@localhost"',
    `owner = ${toml(owner)}`,
  ];
  if (hook !== null)
    lines.push(
      '',
      '# Starts once for each message: the message is on stdin, its fields are in AIMX_… variables.',
      '[[mailboxes.agent.hooks]]',
      'event = "on_receive"',
      `cmd = ${toml(['/bin/sh', '-c', hook])}`,
      'fire_on_untrusted = true',
      `timeout_secs = ${DEV_HOOK_TIMEOUT_SECONDS}`,
    );
  return `${lines.join('\n')}\n`;
}
