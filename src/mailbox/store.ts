/**
 * The mailboxes' folders, as the daemon writes to them.
 *
 * Terms:
 * - *form*: a message is one `file` or, with attachments, a `bundle` (layout.ts).
 * - *staged*: finished and flushed in the journal's staging folder, where its owner cannot reach it.
 * - *publish*: visible at its final name and durable, or not at all.
 * - *problem*: why a mailbox cannot be written to now (problem.ts).
 *
 * What stands here must not know: rows, MIME, hooks. Every operation may be asked for again after a
 * crash, and is one of a queue for its mailbox (queue.ts).
 */
import type { Clock, EpochMs } from '../system/clock.ts';
import type { Faults } from '../system/faults.ts';
import type { Files, Folder, Owner } from '../system/files.ts';
import type { MailFolder } from './layout.ts';
import { LEGACY_SLICE_ENTRIES, type LegacySlice, legacyNames, takeOverSlice } from './legacy.ts';
import { OpenFolders } from './open-folders.ts';
import { ensureParent, PARENT_FOLDER_MODE, secureParent } from './open-mailbox.ts';
import { type MailboxProblem, type ProblemOutcome, problemOf } from './problem.ts';
import { type PromoteOutcome, promoteMessage, readStoredMarks, type StoredMarks } from './promote.ts';
import { type PublishOutcome, publishAll, type StagedMessage } from './publish.ts';
import { FILE_OPERATION_MS_MAX, MailboxQueue } from './queue.ts';
import { ensureReadme } from './readme.ts';

/** Whose mailbox: null is the daemon's own user, `missing` an account that does not exist. */
export type MailboxOwner = Owner | null | 'missing';

export interface MailboxPlace {
  readonly mailbox: string;
  readonly owner: MailboxOwner;
  /** Which of its folders; absent: the inbox. */
  readonly folder?: WrittenFolder;
}

/** The folders that the daemon writes into by itself. */
export type WrittenFolder = Extract<MailFolder, 'inbox' | 'sent'>;

export interface MailboxStore extends AsyncDisposable {
  /** Publishes a staged message in a folder of its mailbox (publish.ts). */
  publish(place: MailboxPlace, message: StagedMessage): Promise<PublishOutcome>;
  /** What the owner has set on the stored message, for the better copy that is to replace it. */
  storedMarks(place: MailboxPlace, id: string): Promise<StoredMarks | ProblemOutcome>;
  /**
   * Puts the staged better copy in the place of the stored message (promote.ts).
   *
   * @param stagedInode Inode of the staged file or bundle, recorded before the first call.
   */
  promote(place: MailboxPlace, message: StagedMessage, stagedInode: string): Promise<PromoteOutcome>;
  /**
   * Takes over what the earlier version has written in the mailbox's folder (legacy.ts), in slices
   * between which other operations of the mailbox go on. Ends early, with a problem, where the folder
   * cannot be used.
   *
   * @param since Messages that came before are mended and not read.
   */
  takeOver(
    place: MailboxPlace,
    since: EpochMs,
  ): AsyncIterable<({ readonly kind: 'slice' } & LegacySlice) | ProblemOutcome>;
  /** Opens the mailbox's folder as a delivery would, making it where absent; null where all is well. */
  check(place: MailboxPlace): Promise<MailboxProblem | null>;
}

export interface MailboxStoreOptions {
  readonly files: Files;
  readonly dataDir: string;
  /** The journal's staging folder, on the file system of the mailboxes. Not disposed from here. */
  readonly staging: Folder;
  /** User and group that the daemon runs as. */
  readonly self: Owner;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly operationMsMax?: number;
}

const WRITTEN_FOLDERS: readonly WrittenFolder[] = ['inbox', 'sent'];

/** Messages that share one flush of their mailbox's folder; more would keep the first one waiting. */
const PUBLISH_BATCH_MAX = 64;

interface Batch {
  readonly messages: StagedMessage[];
  readonly outcomes: Promise<readonly PublishOutcome[]>;
}

/**
 * Opens the data folder, makes `inbox/` and `sent/` where they are absent, and checks that nobody else may write there.
 *
 * @throws AimxError `files.unsafe` where the data folder or one of these belongs to somebody else.
 */
export async function openMailboxStore(options: MailboxStoreOptions): Promise<MailboxStore> {
  await using data = await options.files.ensureRoot(options.dataDir, { mode: PARENT_FOLDER_MODE });
  await secureParent(data, options.self);
  // A text for readers: a full or read-only disk must not keep mail from coming in because of it.
  await ensureReadme(data).catch((error: unknown) => problemOf(error, options.dataDir));
  return new FolderStore(options, {
    inbox: await ensureParent(data, 'inbox', options.self),
    sent: await ensureParent(data, 'sent', options.self),
  });
}

class FolderStore implements MailboxStore {
  readonly #options: MailboxStoreOptions;
  readonly #parents: Readonly<Record<WrittenFolder, Folder>>;
  readonly #open: Readonly<Record<WrittenFolder, OpenFolders>>;
  readonly #queue: MailboxQueue;
  readonly #batches = new Map<string, Batch>();

  constructor(options: MailboxStoreOptions, parents: Readonly<Record<WrittenFolder, Folder>>) {
    this.#options = options;
    this.#parents = parents;
    this.#open = { inbox: new OpenFolders(parents.inbox), sent: new OpenFolders(parents.sent) };
    this.#queue = new MailboxQueue({
      clock: options.clock,
      limitMs: options.operationMsMax ?? FILE_OPERATION_MS_MAX,
    });
  }

  async publish(place: MailboxPlace, message: StagedMessage): Promise<PublishOutcome> {
    // Two owners of one name are two mailboxes, for the moment in which the config changes.
    const owner = this.#account(place.owner);
    const key = `${owner?.uid ?? ''}/${place.folder ?? 'inbox'}/${place.mailbox}`;
    let batch = this.#batches.get(key);
    if (batch === undefined || batch.messages.length >= PUBLISH_BATCH_MAX) {
      batch = this.#beginBatch(key, place);
      this.#batches.set(key, batch);
    }
    const index = batch.messages.push(message) - 1;
    const outcomes = await batch.outcomes;
    // A problem of the whole mailbox stands for every message of the batch.
    return outcomes[index] ?? (outcomes[0] as PublishOutcome);
  }

  #beginBatch(key: string, place: MailboxPlace): Batch {
    const messages: StagedMessage[] = [];
    const close = (): void => {
      if (this.#batches.get(key)?.messages === messages) this.#batches.delete(key);
    };
    const outcomes = this.#with(place, async (mailbox, account): Promise<readonly PublishOutcome[]> => {
      close();
      return await publishAll({
        staging: this.#options.staging,
        mailbox,
        messages,
        account,
        faults: this.#options.faults,
      });
    })
      .then((outcome) => ('kind' in outcome ? [outcome] : outcome))
      .finally(close);
    return { messages, outcomes };
  }

  async storedMarks(place: MailboxPlace, id: string): Promise<StoredMarks | ProblemOutcome> {
    return await this.#with(place, (mailbox) => readStoredMarks(mailbox, id));
  }

  async promote(place: MailboxPlace, message: StagedMessage, stagedInode: string): Promise<PromoteOutcome> {
    const { staging, faults } = this.#options;
    return await this.#with(place, (mailbox, account) =>
      promoteMessage({ staging, mailbox, message, account, stagedInode, faults }),
    );
  }

  async *takeOver(
    place: MailboxPlace,
    since: EpochMs,
  ): AsyncGenerator<({ readonly kind: 'slice' } & LegacySlice) | ProblemOutcome> {
    const listed = await this.#with(place, async (mailbox) => ({
      kind: 'names' as const,
      names: await legacyNames(mailbox),
    }));
    if (listed.kind === 'problem') return yield listed;
    for (let first = 0; first < listed.names.length; first += LEGACY_SLICE_ENTRIES) {
      const names = listed.names.slice(first, first + LEGACY_SLICE_ENTRIES);
      const slice = await this.#with(place, async (mailbox, account) => ({
        kind: 'slice' as const,
        ...(await takeOverSlice(mailbox, { names, account, since })),
      }));
      yield slice;
      if (slice.kind === 'problem') return;
    }
  }

  async check(place: MailboxPlace): Promise<MailboxProblem | null> {
    const outcome = await this.#with(place, async () => null);
    return outcome?.problem ?? null;
  }

  #account(owner: MailboxOwner): Owner | null {
    return owner === 'missing' ? null : (owner ?? this.#options.self);
  }

  /** Runs `use` on the mailbox's folder when its turn comes; a file system's error becomes a problem. */
  async #with<Result>(
    { mailbox, owner, folder = 'inbox' }: MailboxPlace,
    use: (folder: Folder, account: Owner) => Promise<Result>,
  ): Promise<Result | ProblemOutcome> {
    const path = `${this.#parents[folder].path}/${mailbox}`;
    try {
      return await this.#queue.run(mailbox, () => this.#open[folder].use(mailbox, this.#account(owner), use));
    } catch (error) {
      return problemOf(error, path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of WRITTEN_FOLDERS) {
      await this.#open[folder][Symbol.asyncDispose]();
      await this.#parents[folder][Symbol.asyncDispose]();
    }
  }
}
