/** Makes staged messages appear in a mailbox's folder, whole or not at all. */
import { assertNever } from '../system/assert.ts';
import type { Faults } from '../system/faults.ts';
import type { Folder } from '../system/files.ts';
import { entryName, type MessageForm, otherForm } from './layout.ts';
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
  readonly faults: Faults;
}): Promise<readonly PublishOutcome[]> {
  const { staging, mailbox, messages, faults } = options;
  const outcomes: PublishOutcome[] = [];
  for (const message of messages) outcomes.push(await rename(staging, mailbox, message, faults));
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

async function rename(
  staging: Folder,
  mailbox: Folder,
  { stagedName, id, form }: StagedMessage,
  faults: Faults,
): Promise<PublishOutcome> {
  const name = entryName(id, form);
  try {
    if ((await mailbox.statEntry(entryName(id, otherForm(form)))) !== null) {
      // A message that was delivered before and whose owner has put something else there is not taken.
      return { kind: (await staging.statEntry(stagedName)) === null ? 'missing' : 'taken' };
    }
    faults.reach('mailbox.renaming');
    const outcome = await staging.moveTo(stagedName, mailbox, name);
    switch (outcome) {
      case 'moved':
        faults.reach('mailbox.renamed');
        return { kind: 'published' };
      case 'missing':
        return { kind: 'missing' };
      case 'taken':
        return { kind: (await staging.statEntry(stagedName)) === null ? 'missing' : 'taken' };
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
