/** What the parts of the runner share: the ports and the open folders. */
import type { Config, HookConfig, MailboxConfig } from '../config/config.ts';
import type { Journal, MailboxId, RunRow } from '../journal/journal.ts';
import type { Accounts } from '../system/accounts.ts';
import type { Clock } from '../system/clock.ts';
import type { Faults } from '../system/faults.ts';
import type { Files, Folder } from '../system/files.ts';
import type { Log } from '../system/log.ts';
import type { ProcessTable } from '../system/process-table.ts';
import type { Processes } from '../system/processes.ts';
import type { Random } from '../system/random.ts';
import type { Helper } from './helper.ts';
import type { Confinement } from './mechanisms.ts';

export interface HookRunnerOptions {
  readonly journal: Pick<Journal, 'advance' | 'query' | 'onChange' | 'folders'>;
  /** Asked at each claim and each start, so that a reload is seen. */
  readonly config: () => Config;
  /** The journal's id of each mailbox in the config, by name. */
  readonly mailboxIds: () => Readonly<Record<string, MailboxId>>;
  readonly processes: Processes;
  readonly processTable: ProcessTable;
  readonly files: Files;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
  /** PATH and LANG of hooks that run as our own account; null: a usual PATH, `C.UTF-8`. */
  readonly environment: {
    readonly path: string | null;
    readonly lang: string | null;
    /** Where this daemon is found, if not where commands look for one: so that a hook can answer through it. */
    readonly places?: Readonly<Record<string, string>>;
  };
  /** Private memory of each process of a hook; {@link DATA_BYTES_MAX} where absent. */
  readonly dataBytesMax?: number;
}

/**
 * Private memory of each process of a hook: beyond what an agent's runtime needs (some 2 GiB), below
 * what a leak must not take.
 */
export const DATA_BYTES_MAX: number = 16 * 1024 ** 3;

export interface RunnerWorld extends HookRunnerOptions {
  readonly runs: Folder;
  readonly stdin: Folder;
  readonly helper: Helper;
  readonly confinement: Extract<Confinement, { kind: 'usable' }>;
  /** Aborted when the runner is disposed; hooks live on. */
  readonly stopping: AbortSignal;
}

/** Where a run's hook is defined now; null where it, or its mailbox, is gone or belongs to others now. */
export function findHook(
  world: Pick<RunnerWorld, 'config' | 'mailboxIds'>,
  run: RunRow,
): { readonly mailbox: MailboxConfig; readonly hook: HookConfig } | null {
  // A mailbox that was deleted and made again for somebody else has another id and inherits nothing.
  if (world.mailboxIds()[run.mailbox] !== run.mailboxId) return null;
  const mailbox = world.config().mailboxes.find(({ name }) => name === run.mailbox);
  const hook = mailbox?.hooks.find(({ name, event }) => name === run.hook && event === run.event);
  return mailbox === undefined || hook === undefined ? null : { mailbox, hook };
}
