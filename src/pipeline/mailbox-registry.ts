/**
 * Which mailbox an id stands for today: the config's mailboxes, their owners' accounts, and the ids
 * that the journal has given them.
 *
 * An id belongs to a name *and* an owner. A mailbox that is deleted and made again for somebody else
 * gets another id, so that rows of the old one lead nowhere.
 */
import type { Config, MailboxConfig } from '../config/config.ts';
import type { Journal, MailboxId } from '../journal/journal.ts';
import type { MailboxOwner, MailboxPlace } from '../mailbox/store.ts';
import type { Accounts } from '../system/accounts.ts';
import type { Clock, Timer } from '../system/clock.ts';
import type { Log } from '../system/log.ts';
import type { MailboxDirectory } from './world.ts';

/** How soon an account that was missing is looked for again; its mail waits meanwhile. */
const MISSING_OWNER_RETRY_MS = 15_000;

export interface MailboxRegistry extends MailboxDirectory, Disposable {
  /** Looks up owners and takes ids for every mailbox of a config; what was known before is replaced. */
  adopt(config: Config): Promise<void>;
  /** Calls back now and whenever a config has been adopted. */
  onAdopted(callback: () => void): void;
  /** Mailbox name → id. */
  readonly ids: Readonly<Record<string, MailboxId>>;
}

interface Entry {
  readonly config: MailboxConfig;
  readonly owner: MailboxOwner;
}

export function createMailboxRegistry(options: {
  readonly journal: Journal;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
  /** The user that the daemon runs as: owner of mailboxes that name none. */
  readonly selfUid: number;
}): MailboxRegistry {
  return new Registry(options);
}

class Registry implements MailboxRegistry {
  readonly #options: Parameters<typeof createMailboxRegistry>[0];
  #ids: Readonly<Record<string, MailboxId>> = {};
  #entries: ReadonlyMap<MailboxId, Entry> = new Map();
  /** The config that was adopted last. */
  #config: Config | null = null;
  #last: Promise<void> = Promise.resolve();
  #retry: Timer | undefined;
  #adopted: () => void = () => undefined;
  #isDisposed = false;

  constructor(options: Parameters<typeof createMailboxRegistry>[0]) {
    this.#options = options;
  }

  get ids(): Readonly<Record<string, MailboxId>> {
    return this.#ids;
  }

  adopt(config: Config): Promise<void> {
    return this.#inTurn(() => this.#adopt(config));
  }

  /** Of two reloads, and of a reload and a look for missing accounts, the one that was begun last stands. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    // Who asked for it is told; the next one begins all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #adopt(config: Config): Promise<void> {
    const { journal, clock, selfUid } = this.#options;
    const owned = await Promise.all(
      config.mailboxes.map(async (mailbox) => ({ config: mailbox, owner: await this.#ownerOf(mailbox) })),
    );
    const { ids } = await journal.advance('register-mailboxes', {
      mailboxes: owned.map(({ config: { name }, owner }) => ({
        name,
        ownerUid: owner === 'missing' ? null : (owner?.uid ?? selfUid),
      })),
      at: clock.now(),
    });
    const entries = new Map<MailboxId, Entry>();
    for (const entry of owned) {
      const id = ids[entry.config.name];
      if (id !== undefined) entries.set(id, entry);
    }
    this.#ids = ids;
    this.#entries = entries;
    this.#config = config;
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    if (owned.some(({ owner }) => owner === 'missing')) this.#lookAgain();
    this.#adopted();
  }

  onAdopted(callback: () => void): void {
    this.#adopted = callback;
    callback();
  }

  /** An account database that does not answer stops the mail of its accounts, and not the daemon. */
  async #ownerOf({ name, owner }: MailboxConfig): Promise<MailboxOwner> {
    if (owner === null) return null;
    try {
      const account = await this.#options.accounts.lookup(owner);
      return account === null ? 'missing' : { uid: account.uid, gid: account.gid };
    } catch (error) {
      this.#options.log.warn('mailbox.owner-lookup-failed', { mailbox: name, error: String(error) });
      return 'missing';
    }
  }

  #lookAgain(): void {
    const { clock, log } = this.#options;
    if (this.#isDisposed) return;
    this.#retry = clock.after(MISSING_OWNER_RETRY_MS, () => {
      this.#inTurn(async () => {
        if (this.#config !== null) await this.#adopt(this.#config);
      }).catch((error: unknown) => {
        log.warn('mailbox.ids-not-stored', { error: String(error) });
        this.#lookAgain();
      });
    });
  }

  configOf(mailboxId: MailboxId): MailboxConfig | null {
    return this.#entries.get(mailboxId)?.config ?? null;
  }

  placeOf(mailboxId: MailboxId): MailboxPlace | null {
    const entry = this.#entries.get(mailboxId);
    return entry === undefined ? null : { mailbox: entry.config.name, owner: entry.owner };
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#retry?.[Symbol.dispose]();
  }
}
