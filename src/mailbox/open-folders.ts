/**
 * Handles of mailboxes' folders that are kept open between messages.
 *
 * Opening and checking a folder takes half a dozen calls; that an open one is still the right one
 * takes three, and they are made before every use.
 */
import { assert } from '../system/assert.ts';
import type { Folder, Owner } from '../system/files.ts';
import { isStillThere, type OpenOutcome, openMailboxFolder } from './open-mailbox.ts';
import type { ProblemOutcome } from './problem.ts';

/** Handles kept; a machine with more active mailboxes opens some of them anew. */
const HANDLES_MAX = 256;

export class OpenFolders implements AsyncDisposable {
  readonly #above: Folder;
  /** In order of use, the least recent first. */
  readonly #open = new Map<string, Folder>();
  /** A handle that is in use is never closed: its number would soon mean another file. */
  readonly #inUse = new Set<Folder>();

  /** @param above The folder that the mailboxes' folders lie in; it is not closed from here. */
  constructor(above: Folder) {
    this.#above = above;
  }

  /** Runs `use` on the folder of a mailbox, checked. One caller at a time for each mailbox. */
  async use<Result>(
    mailbox: string,
    account: Owner | null,
    use: (folder: Folder, account: Owner) => Promise<Result>,
  ): Promise<Result | ProblemOutcome> {
    const opened = await this.#get(mailbox, account);
    if (opened.kind === 'problem') return opened;
    assert(account !== null, 'a mailbox without an owner is not opened');
    const { folder } = opened;
    this.#inUse.add(folder);
    let isSound = false;
    try {
      const result = await use(folder, account);
      isSound = !isProblem(result);
      return result;
    } finally {
      this.#inUse.delete(folder);
      if (!isSound) await this.#drop(mailbox, folder);
    }
  }

  /** A handle outlives what it was opened through, such as a mount that has been taken away: the next try opens anew. */
  async #drop(mailbox: string, folder: Folder): Promise<void> {
    if (this.#open.get(mailbox) === folder) this.#open.delete(mailbox);
    await folder[Symbol.asyncDispose]();
  }

  async #get(mailbox: string, account: Owner | null): Promise<OpenOutcome> {
    const held = this.#open.get(mailbox);
    if (held !== undefined) {
      this.#open.delete(mailbox);
      if (account !== null && (await isStillThere(this.#above, mailbox, held, account))) {
        this.#keep(mailbox, held);
        return { kind: 'open', folder: held };
      }
      await held[Symbol.asyncDispose]();
    }
    const outcome = await openMailboxFolder(this.#above, mailbox, account);
    if (outcome.kind === 'open') this.#keep(mailbox, outcome.folder);
    return outcome;
  }

  #keep(mailbox: string, folder: Folder): void {
    this.#open.set(mailbox, folder);
    for (const [name, oldest] of this.#open) {
      if (this.#open.size <= HANDLES_MAX) return;
      if (this.#inUse.has(oldest) || oldest === folder) continue;
      this.#open.delete(name);
      // Nothing is lost with a handle that only read names; an error on close has nobody to tell.
      void Promise.allSettled([oldest[Symbol.asyncDispose]()]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const idle = [...this.#open.values()].filter((folder) => !this.#inUse.has(folder));
    this.#open.clear();
    await Promise.allSettled(idle.map((folder) => folder[Symbol.asyncDispose]()));
  }
}

/** A problem, or a list of outcomes with one among them. */
function isProblem(result: unknown): boolean {
  if (Array.isArray(result)) return result.some(isProblem);
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'problem';
}
