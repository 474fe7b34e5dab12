/**
 * Opens a mailbox's folder, which belongs to an owner who may be hostile.
 *
 * The folders above it (`<data>`, `<data>/inbox`) belong to root or to the daemon and nobody else may
 * write there, so the name of a mailbox cannot be moved by its owner; what lies *in* the mailbox can.
 */
import { AimxError, isErrno } from '../system/errors.ts';
import type { FileStat, Folder, Owner } from '../system/files.ts';
import { type ProblemOutcome, problem, problemOf } from './problem.ts';

export const MAILBOX_FOLDER_MODE = 0o700;
export const MESSAGE_FILE_MODE = 0o600;
/** Of the folders above the mailboxes: everybody may pass, and sees names of mailboxes only. */
export const PARENT_FOLDER_MODE = 0o755;
const OTHERS_WRITE = 0o022;
const ALL_BUT_OWNER = 0o077;

/**
 * Checks a folder above the mailboxes and takes others' right to write away.
 *
 * @param self User and group that the daemon runs as.
 * @throws AimxError `files.unsafe` where it belongs to somebody who could swap what is in it.
 */
export async function secureParent(folder: Folder, self: Owner): Promise<void> {
  const stat = await folder.stat();
  if (stat.uid !== 0 && stat.uid !== self.uid)
    throw new AimxError('files.unsafe', `Cannot use "${folder.path}": it belongs to user ${stat.uid}`, {
      hint: `Give it to the user of the daemon: chown ${self.uid} '${folder.path}'`,
    });
  if ((stat.mode & OTHERS_WRITE) !== 0) await folder.setAttributes({ mode: stat.mode & ~OTHERS_WRITE });
}

/** Opens a subfolder of ours, making it where it is absent. */
export async function ensureParent(above: Folder, name: string, self: Owner): Promise<Folder> {
  let folder: Folder;
  try {
    folder = await above.makeFolder(name, { mode: PARENT_FOLDER_MODE });
    await above.sync();
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    folder = await above.openFolder(name);
  }
  await secureParent(folder, self);
  return folder;
}

export type OpenOutcome = { readonly kind: 'open'; readonly folder: Folder } | ProblemOutcome;

/** What is wrong with a mailbox's folder, or null. */
function objection(stat: FileStat, parent: FileStat, account: Owner, path: string): ProblemOutcome | null {
  if (stat.kind !== 'folder')
    return problem(
      'mailbox-unsafe',
      `"${path}" is ${stat.kind === 'link' ? 'a symbolic link' : 'no folder'}`,
      'Move it away; the mailbox is then made anew',
    );
  if (stat.uid !== account.uid)
    return problem(
      'mailbox-unsafe',
      `"${path}" belongs to user ${stat.uid} and not to the mailbox's owner, user ${account.uid}`,
      `Put it right: chown -R --no-dereference ${account.uid}:${account.gid} '${path}'`,
    );
  if (stat.device !== parent.device)
    return problem(
      'other-file-system',
      `"${path}" lies on another file system than the folder above it`,
      'Keep the journal and the mailboxes of a data folder on one file system',
    );
  return null;
}

/**
 * Opens `above/<name>`, making it with mode 0700 for its owner where it is absent; a folder that
 * others may enter is closed to them.
 *
 * @param account Owner of the mailbox; null where the account does not exist.
 * @returns The folder by its handle, or the problem that delivery waits for.
 */
export async function openMailboxFolder(
  above: Folder,
  name: string,
  account: Owner | null,
): Promise<OpenOutcome> {
  const path = `${above.path}/${name}`;
  if (account === null)
    return problem(
      'owner-missing',
      `The owner of mailbox "${name}" is no user of this machine`,
      'Create the user, or set another `owner` in config.toml and reload',
    );
  try {
    const folder = await makeOrOpen(above, name, account);
    try {
      const stat = await folder.stat();
      const wrong = objection(stat, await above.stat(), account, path);
      if (wrong !== null) {
        await folder[Symbol.asyncDispose]();
        return wrong;
      }
      if ((stat.mode & ALL_BUT_OWNER) !== 0)
        await folder.setAttributes({ mode: stat.mode & MAILBOX_FOLDER_MODE });
      return { kind: 'open', folder };
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    return problemOf(error, path);
  }
}

async function makeOrOpen(above: Folder, name: string, account: Owner): Promise<Folder> {
  if ((await above.statEntry(name)) === null) {
    try {
      const made = await above.makeFolder(name, { mode: MAILBOX_FOLDER_MODE, owner: account });
      await above.sync();
      return made;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }
  return await above.openFolder(name);
}

/**
 * Checks that the name still leads to the folder that was opened, and that it is still what it must be.
 *
 * A folder that was moved away stays open under its handle, and a message renamed into it would be
 * out of sight.
 */
export async function isStillThere(
  above: Folder,
  name: string,
  folder: Folder,
  account: Owner,
): Promise<boolean> {
  let stats: readonly [FileStat | null, FileStat, FileStat];
  try {
    stats = await Promise.all([above.statEntry(name), folder.stat(), above.stat()]);
  } catch {
    // Whatever is wrong with it is met again, and named, when it is opened anew.
    return false;
  }
  const [named, opened, parent] = stats;
  return (
    named !== null &&
    named.inode === opened.inode &&
    named.device === opened.device &&
    (named.mode & ALL_BUT_OWNER) === 0 &&
    objection(named, parent, account, `${above.path}/${name}`) === null
  );
}
