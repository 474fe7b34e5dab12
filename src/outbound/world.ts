/** What the worker may touch: ports and decisions, wired in the composition root. */
import type { Config } from '../config/config.ts';
import type { Journal, MailboxId, RawSource } from '../journal/journal.ts';
import type { Clock } from '../system/clock.ts';
import type { Faults } from '../system/faults.ts';
import type { Log } from '../system/log.ts';
import type { Random } from '../system/random.ts';
import type { Router } from './route.ts';
import type { SmtpClient } from './transmission.ts';

export interface World {
  readonly journal: Journal;
  readonly config: () => Config;
  readonly client: SmtpClient;
  readonly router: Router;
  /** The octets of a stored message, checked against their SHA-256 at the end. */
  readonly openRaw: (source: RawSource) => AsyncIterable<Uint8Array>;
  /** @throws the file system's error. */
  readonly readPassword: (path: string) => Promise<string>;
  /** Mailbox name → id, as the config has them now. */
  readonly mailboxIds: () => Readonly<Record<string, MailboxId>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
}
