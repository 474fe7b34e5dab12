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
  /** Uid of the mailbox's owner; null where the account does not exist. */
  ownerUid(mailbox: string): number | null;
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
  #retry: Timer | undefined;
  #adopted: () => void = () => undefined;

  constructor(options: Parameters<typeof createMailboxRegistry>[0]) {
    this.#options = options;
  }

  get ids(): Readonly<Record<string, MailboxId>> {
    return this.#ids;
  }

  async adopt(config: Config): Promise<void> {
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
    this.#lookAgain(config, owned);
    this.#adopted();
  }

  onAdopted(callback: () => void): void {
    this.#adopted = callback;
    callback();
  }

  async #ownerOf(mailbox: MailboxConfig): Promise<MailboxOwner> {
    if (mailbox.owner === null) return null;
    const account = await this.#options.accounts.lookup(mailbox.owner);
    return account === null ? 'missing' : { uid: account.uid, gid: account.gid };
  }

  #lookAgain(config: Config, owned: readonly Entry[]): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
    if (!owned.some(({ owner }) => owner === 'missing')) return;
    const { clock, log } = this.#options;
    this.#retry = clock.after(MISSING_OWNER_RETRY_MS, () => {
      this.adopt(config).catch((error: unknown) =>
        log.warn('mailbox.owner-lookup-failed', { error: String(error) }),
      );
    });
  }

  configOf(mailboxId: MailboxId): MailboxConfig | null {
    return this.#entries.get(mailboxId)?.config ?? null;
  }

  placeOf(mailboxId: MailboxId): MailboxPlace | null {
    const entry = this.#entries.get(mailboxId);
    return entry === undefined ? null : { mailbox: entry.config.name, owner: entry.owner };
  }

  ownerUid(mailbox: string): number | null {
    const id = this.#ids[mailbox];
    const owner = id === undefined ? undefined : this.#entries.get(id)?.owner;
    if (owner === undefined || owner === 'missing') return null;
    return owner?.uid ?? this.#options.selfUid;
  }

  [Symbol.dispose](): void {
    this.#retry?.[Symbol.dispose]();
  }
}
