/**
 * A better authenticated copy takes the place of the stored one, under the same id (design §3.3).
 *
 * The file is made anew from the better copy; only the owner's `read`, `read_at` and `labels` are
 * carried over. A file that its owner has moved or deleted is not brought back.
 */
import { assertNever } from '../system/assert.ts';
import { AimxError } from '../system/errors.ts';
import type { Faults } from '../system/faults.ts';
import type { Folder, Owner } from '../system/files.ts';
import { HEAD_BYTES_MAX, NO_MARKS, type OwnerMarks, ownerMarks, parseHead } from './head.ts';
import { entryName, type MessageForm, markdownName, otherForm } from './layout.ts';
import { type ProblemOutcome, problem } from './problem.ts';
import { ensureOwner, type StagedMessage } from './publish.ts';

export type StoredMarks =
  | { readonly kind: 'stored'; readonly form: MessageForm; readonly marks: OwnerMarks }
  /** Moved or deleted by its owner, or replaced by something that is no message. */
  | { readonly kind: 'gone' };

/** Reads what the owner has set on the stored message; what cannot be read counts as never set. */
export async function readStoredMarks(mailbox: Folder, id: string): Promise<StoredMarks> {
  const form = await storedForm(mailbox, id);
  if (form === null) return { kind: 'gone' };
  try {
    return { kind: 'stored', form, marks: await marksIn(mailbox, id, form) };
  } catch (error) {
    // A link in its place, or an owner's edit: the better copy still replaces what is there.
    if (error instanceof AimxError && error.code === 'files.unsafe')
      return { kind: 'stored', form, marks: NO_MARKS };
    throw error;
  }
}

async function marksIn(mailbox: Folder, id: string, form: MessageForm): Promise<OwnerMarks> {
  await using bundle = form === 'bundle' ? await mailbox.openFolder(id) : undefined;
  const folder = bundle ?? mailbox;
  const name = markdownName(id);
  if ((await folder.statEntry(name)) === null) return NO_MARKS;
  const { uid } = await mailbox.stat();
  const { bytes } = await folder.readHead(name, { maxBytes: HEAD_BYTES_MAX, owner: { uid } });
  const head = parseHead(bytes);
  return head.kind === 'head' ? ownerMarks(head.fields) : NO_MARKS;
}

/** In which form a message lies there. A link is none: its owner keeps the message elsewhere. */
async function storedForm(mailbox: Folder, id: string): Promise<MessageForm | null> {
  if (await isMessage(mailbox, id, 'file')) return 'file';
  return (await isMessage(mailbox, id, 'bundle')) ? 'bundle' : null;
}

/** An empty folder of the message's name is its owner's and no bundle. */
async function isMessage(mailbox: Folder, id: string, form: MessageForm): Promise<boolean> {
  const stat = await mailbox.statEntry(entryName(id, form));
  if (form === 'file' || stat?.kind !== 'folder') return stat?.kind === 'file' && form === 'file';
  await using bundle = await mailbox.openFolder(entryName(id, form));
  return (await bundle.statEntry(markdownName(id))) !== null;
}

export type PromoteOutcome = { readonly kind: 'replaced' } | { readonly kind: 'gone' } | ProblemOutcome;

/**
 * Puts the staged copy in the place of the stored message, durable when it resolves.
 *
 * `stagedInode` was recorded before the first call; it tells at any later time which of the two a name
 * leads to, so that the exchange is never undone by a second one.
 *
 *     step                                  a crash right after it leaves      the next call
 *     same form
 *     1 exchange  staged ↔ <id>             the old message in staging         goes on at 2
 *     2 sync      mailbox folder            the same                           the same
 *     3 remove    the old one in staging    done                               answers `replaced`
 *     other form (attachments came or went)
 *     1 rename    staged → <id>, other form both forms in the mailbox          goes on at 2
 *     2 move      the old form → staging    the old one in staging             goes on at 3
 *     3 sync, remove the old one            done                               answers `replaced`
 *
 * The old message is removed in the staging folder and not in the mailbox, where its owner could
 * put something else under the name meanwhile.
 */
export async function promoteMessage(options: {
  readonly staging: Folder;
  readonly mailbox: Folder;
  readonly message: StagedMessage;
  readonly account: Owner;
  readonly stagedInode: string;
  readonly faults: Faults;
}): Promise<PromoteOutcome> {
  const { staging, mailbox, message, account, stagedInode, faults } = options;
  const step = await nextStep(staging, mailbox, message, stagedInode);
  if (step === 'exchange' || step === 'rename') await ensureOwner(account, staging, message);
  switch (step) {
    case 'exchange': {
      const outcome = await staging.exchangeWith(
        message.stagedName,
        mailbox,
        entryName(message.id, message.form),
      );
      if (outcome === 'missing') return await giveUp(staging, message);
      if (outcome !== 'moved') return refused(outcome, staging, mailbox);
      faults.reach('mailbox.exchanged');
      return await finish(options, 'same-form');
    }
    case 'rename': {
      const outcome = await staging.moveTo(message.stagedName, mailbox, entryName(message.id, message.form));
      if (outcome !== 'moved') return refused(outcome, staging, mailbox);
      faults.reach('mailbox.promoted');
      return await finish(options, 'other-form');
    }
    case 'finish-exchange':
      return await finish(options, 'same-form');
    case 'finish-rename':
      return await finish(options, 'other-form');
    case 'give-up':
      return await giveUp(staging, message);
    default:
      return assertNever(step);
  }
}

type Step = 'exchange' | 'rename' | 'finish-exchange' | 'finish-rename' | 'give-up';

async function nextStep(
  staging: Folder,
  mailbox: Folder,
  { stagedName, id, form }: StagedMessage,
  stagedInode: string,
): Promise<Step> {
  const staged = await staging.statEntry(stagedName);
  if (staged === null) {
    // It has left the staging folder: into the mailbox, or its owner had none to replace.
    const named = await mailbox.statEntry(entryName(id, form));
    return String(named?.inode) === stagedInode ? 'finish-rename' : 'give-up';
  }
  if (String(staged.inode) !== stagedInode) return 'finish-exchange';
  const stored = await storedForm(mailbox, id);
  if (stored === null) return 'give-up';
  return stored === form ? 'exchange' : 'rename';
}

function asideName(stagedName: string): string {
  return `${stagedName}.replaced`;
}

async function finish(
  options: Parameters<typeof promoteMessage>[0],
  replaced: 'same-form' | 'other-form',
): Promise<PromoteOutcome> {
  const { staging, mailbox, message, faults } = options;
  const aside = asideName(message.stagedName);
  if (replaced === 'other-form') {
    const form = otherForm(message.form);
    if (await isMessage(mailbox, message.id, form)) {
      await staging.removeTree(aside);
      const outcome = await mailbox.moveTo(entryName(message.id, form), staging, aside);
      if (outcome !== 'moved' && outcome !== 'missing') return refused(outcome, staging, mailbox);
      faults.reach('mailbox.set-aside');
    }
  }
  await mailbox.sync();
  faults.reach('mailbox.synced');
  await staging.removeTree(message.stagedName);
  await staging.removeTree(aside);
  return { kind: 'replaced' };
}

async function giveUp(staging: Folder, { stagedName }: StagedMessage): Promise<PromoteOutcome> {
  await staging.removeTree(stagedName);
  await staging.removeTree(asideName(stagedName));
  return { kind: 'gone' };
}

function refused(
  outcome: 'taken' | 'missing' | 'target-gone' | 'other-file-system',
  staging: Folder,
  mailbox: Folder,
): ProblemOutcome {
  switch (outcome) {
    case 'taken':
      return problem('mailbox-unsafe', `Another file has the name in "${mailbox.path}"`, 'Move it away');
    case 'missing':
    case 'target-gone':
      return problem(
        'mailbox-missing',
        `"${mailbox.path}" was changed meanwhile`,
        'Nothing: it is tried again',
      );
    case 'other-file-system':
      return problem(
        'other-file-system',
        `"${mailbox.path}" lies on another file system than "${staging.path}"`,
        'Keep the journal and the mailboxes of a data folder on one file system',
      );
    default:
      return assertNever(outcome);
  }
}
