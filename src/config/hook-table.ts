/** `[[mailboxes.<name>.hooks]]`: what starts when a message has been delivered. */
import type { HookConfig } from './config.ts';
import { deriveHookName } from './hook-name.ts';
import { choice, flag, type Key, list, type RawTable, required, section, text, whole } from './keys.ts';
import type { KeyPath } from './line-map.ts';
import { documentKeys, type KeyDoc, readTable } from './read-table.ts';
import { type Report, UNSAID } from './report.ts';
import { hookName } from './rules.ts';
import type { Claims } from './unique.ts';

/** As long as the longest agent may work: a day. */
const TIMEOUT_SECONDS_MAX = 86_400;

const argument = {
  allowed: 'a string without NUL',
  parse: (argument: string) => (argument.includes('\0') ? null : argument),
};

const hookKeys = {
  name: text(hookName, {
    fallback: null,
    shown: '(derived)',
    describe: 'Unique over all mailboxes. Derived from event, command and `fire_on_untrusted` when absent.',
  }),
  event: required(
    choice(['on_receive', 'after_send'], {
      fallback: 'on_receive' as const,
      describe: 'When it starts: a message has been delivered, or the fate of a sent one is known.',
    }),
  ),
  type: choice(['cmd'], { fallback: 'cmd' as const, describe: 'What it is: a program.' }),
  cmd: required(
    list(argument, {
      fallback: [],
      describe:
        'The program and its arguments, started as they are: no shell, no expansion. The first is an absolute ' +
        'path. The message is on stdin, its fields are in the environment (`AIMX_…`).',
    }),
  ),
  timeout_secs: whole(
    { min: 1, max: TIMEOUT_SECONDS_MAX },
    {
      fallback: null,
      shown: '(`[hooks] timeout_secs`)',
      describe: 'Time limit in seconds: then SIGTERM to all it started, SIGKILL five seconds later.',
    },
  ),
  fire_on_untrusted: flag({
    fallback: false,
    describe: 'Start for every message, not only where `trusted = "true"`. Only with `on_receive`.',
  }),
  retries: whole(
    { min: 0, max: 100 },
    { fallback: 0, describe: 'How often it is started again after exit status 75 (EX_TEMPFAIL).' },
  ),
  on_interrupt: choice(['report', 'retry'], {
    fallback: 'report' as const,
    describe:
      'What follows when a run was cut short and nobody knows how far it came: wait for a decision, or start ' +
      'again once nothing of the old attempt lives.',
  }),
  max_concurrent: whole(
    { min: 1, max: 10_000 },
    { fallback: null, shown: "(the mailbox's)", describe: 'Runs of this hook at once.' },
  ),
  env: section('Variables for its environment, beside those of the owner and `AIMX_…`.'),
};

const REMOVED_KEYS = {
  stdin: 'the whole message is always on stdin',
  template: 'write the program and its arguments as `cmd = ["/path/to/program", "argument"]`',
  params: 'what differs per message is in the environment (`AIMX_…`), the rest goes into `cmd` or `env`',
  run_as: "a hook runs as the mailbox's `owner`",
  origin: 'remove it: every hook is treated alike',
  dangerously_support_untrusted: 'write `fire_on_untrusted = true`',
};

/** @returns null where the hook cannot be used; the report says why. */
export function readHook(raw: RawTable, at: KeyPath, context: HookContext): HookConfig | null {
  const { report } = context;
  const values = readTable(hookKeys, raw, { at, report, unknownKeys: 'error', removed: REMOVED_KEYS });
  const cmd = checkCommand(values.cmd, raw, at, report);
  if (values.fire_on_untrusted && values.event === 'after_send')
    report.error({
      at: [...at, 'fire_on_untrusted'],
      found: true,
      allowed: 'it goes with event = "on_receive" only: what we sent ourselves is not judged',
    });
  const env = readEnvironment(values.env, [...at, 'env'], report);
  if (cmd === null) return null;
  const named = { event: values.event, cmd, fireOnUntrusted: values.fire_on_untrusted };
  const name = values.name ?? deriveHookName(named);
  context.claims.claimHookName({ name, isDerived: values.name === null }, context.mailbox, at);
  return {
    name,
    ...named,
    timeoutSeconds: values.timeout_secs ?? context.timeoutSeconds,
    retries: values.retries,
    onInterrupt: values.on_interrupt,
    maxConcurrent: values.max_concurrent,
    env,
  };
}

export interface HookContext {
  readonly report: Report;
  readonly claims: Claims;
  readonly mailbox: string;
  /** `[hooks] timeout_secs`. */
  readonly timeoutSeconds: number;
}

function checkCommand(
  cmd: readonly string[],
  raw: RawTable,
  at: KeyPath,
  report: Report,
): readonly [string, ...string[]] | null {
  const [program, ...rest] = cmd;
  const written = raw['cmd'];
  // Absent, of another type, or with a wrong entry: reported already.
  if (!Array.isArray(written) || written.length !== cmd.length) return null;
  if (program === undefined) {
    report.error({ at: [...at, 'cmd'], found: written, allowed: 'allowed is a program and its arguments' });
    return null;
  }
  if (!program.startsWith('/')) {
    report.error({
      at: [...at, 'cmd', 0],
      found: program,
      allowed: 'allowed is an absolute path: PATH is not searched (for a shell: ["/bin/sh", "-c", "…"])',
    });
    return null;
  }
  return [program, ...rest];
}

function readEnvironment(raw: RawTable, at: KeyPath, report: Report): Readonly<Record<string, string>> {
  const kept = Object.entries(raw).flatMap(([name, value]): [string, string][] => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('AIMX_')) {
      report.error({
        at: [...at, name],
        found: UNSAID,
        allowed: 'allowed is a name of letters, digits and "_" that does not begin with AIMX_',
      });
      return [];
    }
    if (typeof value !== 'string' || value.includes('\0')) {
      report.error({ at: [...at, name], found: value, allowed: 'allowed is a string without NUL' });
      return [];
    }
    return [[name, value]];
  });
  return Object.fromEntries(kept);
}

export function documentHookKeys(): readonly KeyDoc[] {
  return documentKeys(hookKeys satisfies Record<string, Key<unknown>>);
}
