/**
 * What the steps may touch: ports and decisions, wired in the composition root.
 */
import type { Config, MailboxConfig } from '../config/config.ts';
import type { Journal, MailboxId } from '../journal/journal.ts';
import type { MailboxPlace, MailboxStore } from '../mailbox/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Faults } from '../system/faults.ts';
import type { Folder } from '../system/files.ts';
import type { Log } from '../system/log.ts';
import type { Authenticator } from './authenticator.ts';
import type { Reader } from './reader.ts';
import type { WaitSchedule } from './waiting.ts';

/** Which mailbox an id stands for today. */
export interface MailboxDirectory {
  /** Null where the mailbox is not in the config any more, or belongs to another owner now. */
  configOf(mailboxId: MailboxId): MailboxConfig | null;
  /** Where the mailbox's files lie and whose they are; null where the mailbox is not in the config any more. */
  placeOf(mailboxId: MailboxId): MailboxPlace | null;
}

export interface World {
  readonly journal: Journal;
  readonly reader: Reader;
  readonly authenticator: Authenticator;
  readonly mailboxes: MailboxStore;
  readonly directory: MailboxDirectory;
  /** The journal's own folder for finished files that are on their way into a mailbox. */
  readonly staging: Folder;
  /** The journal's own folder for what hooks get as stdin. */
  readonly stdin: Folder;
  readonly config: () => Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly faults: Faults;
  readonly waits: WaitSchedule;
}
