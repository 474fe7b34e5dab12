/** Makes staged messages appear in a mailbox's folder, whole or not at all. */
import { assertNever } from '../system/assert.ts';
import type { Faults } from '../system/faults.ts';
import type { Folder, Owner } from '../system/files.ts';
import { entryName, type MessageForm, otherForm } from './layout.ts';
import { MAILBOX_FOLDER_MODE, MESSAGE_FILE_MODE } from './open-mailbox.ts';
import { type ProblemOutcome, problem, problemOf } from './problem.ts';

/** One finished, flushed file or bundle in the staging folder. */
export interface StagedMessage {
  readonly stagedName: string;
  readonly id: string;
  readonly form: MessageForm;
}

export type PublishOutcome =
  /** It is there, and stays through power loss. */
  | { readonly kind: 'published' }
  /** It left the staging folder before: it was delivered, whatever its owner has done with it since. */
  | { readonly kind: 'missing' }
  /** `<id>.md` or `<id>/` exists; nothing was touched. */
  | { readonly kind: 'taken' }
  | ProblemOutcome;

/**
 * Publishes staged messages, with one flush of the mailbox's folder for all of them.
 *
 * Once this resolves with `published` or `missing` the message survives power loss, and only then may
 * the caller record the delivery. To call it again with the same arguments is always safe.
 *
 *     step                        a crash right after it leaves
 *     0 (staged and flushed)      the staged copy; published by the next call
 *     1 rename  staged → <id>     one of the two names, never both, never half; where it is the new one
 *                                 the next call answers `missing`, and flushes before it does
 *     2 sync    mailbox folder    the message at its name
 *
 * The rename replaces nothing (RENAME_NOREPLACE). The other form of the id is looked for before: its
 * owner may make it in the instant between, and then has two messages of one id, both whole.
 * A failed flush is reported as a problem. File systems end their journal on such an error and refuse
 * what comes after, so that a later flush which succeeds is no lie here, where no data is flushed but
 * the name.
 */
export async function publishAll(options: {
  readonly staging: Folder;
  readonly mailbox: Folder;
  readonly messages: readonly StagedMessage[];
  /** Who the messages must belong to before their owner can see them. */
  readonly account: Owner;
  readonly faults: Faults;
}): Promise<readonly PublishOutcome[]> {
  const { mailbox, messages, faults } = options;
  const outcomes: PublishOutcome[] = [];
  for (const message of messages) outcomes.push(await publishOne(message, options));
  if (!outcomes.some(({ kind }) => kind === 'published' || kind === 'missing')) return outcomes;
  try {
    await mailbox.sync();
  } catch (error) {
    const failed = problemOf(error, mailbox.path);
    return outcomes.map((outcome) => (outcome.kind === 'taken' ? outcome : failed));
  }
  faults.reach('mailbox.synced');
  return outcomes;
}

async function publishOne(
  message: StagedMessage,
  { staging, mailbox, account, faults }: Omit<Parameters<typeof publishAll>[0], 'messages'>,
): Promise<PublishOutcome> {
  const { stagedName, id, form } = message;
  const name = entryName(id, form);
  try {
    const staged = await staging.statEntry(stagedName);
    if (staged === null) return { kind: 'missing' };
    if ((await mailbox.statEntry(entryName(id, otherForm(form)))) !== null) return { kind: 'taken' };
    if (staged.uid !== account.uid) await giveTo(account, staging, message);
    faults.reach('mailbox.renaming');
    const outcome = await staging.moveTo(stagedName, mailbox, name);
    switch (outcome) {
      case 'moved':
        faults.reach('mailbox.renamed');
        return { kind: 'published' };
      case 'missing':
      case 'taken':
        return { kind: outcome };
      case 'target-gone':
        return problem('mailbox-missing', `"${mailbox.path}" was removed`, 'Nothing: it is made anew');
      case 'other-file-system':
        return problem(
          'other-file-system',
          `"${mailbox.path}" lies on another file system than "${staging.path}"`,
          'Keep the journal and the mailboxes of a data folder on one file system',
        );
      default:
        return assertNever(outcome);
    }
  } catch (error) {
    return problemOf(error, `${mailbox.path}/${name}`);
  }
}

/**
 * Gives a staged message to its mailbox's owner where it is not his yet: the account was absent, or
 * another, when it was staged. A bundle's folder goes last, so that one that has its owner is done.
 */
export async function ensureOwner(owner: Owner, staging: Folder, message: StagedMessage): Promise<void> {
  if ((await staging.statEntry(message.stagedName))?.uid !== owner.uid) await giveTo(owner, staging, message);
}

async function giveTo(owner: Owner, staging: Folder, message: StagedMessage): Promise<void> {
  const { stagedName, form } = message;
  const file = { mode: MESSAGE_FILE_MODE, owner, durable: true };
  if (form === 'file') return await staging.sealFile(stagedName, file);
  await using bundle = await staging.openFolder(stagedName);
  for (const name of await bundle.list()) await bundle.sealFile(name, file);
  await bundle.setAttributes({ mode: MAILBOX_FOLDER_MODE, owner });
  await bundle.sync();
}
