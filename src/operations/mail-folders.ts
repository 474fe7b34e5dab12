/**
 * The mailboxes whose files a caller may read.
 *
 * A peer's rights come from the config; a local caller's from the kernel, at every folder: `list` and
 * `read` need no daemon and no config, only the right to the files.
 */
import { MAIL_FOLDERS, type MailFolder } from '../mailbox/layout.ts';
import { AimxError, isErrno } from '../system/errors.ts';
import type { Folder } from '../system/files.ts';
import { noSuchMailbox, ownMailbox, ownMailboxes } from './access.ts';
import type { OperationContext } from './operation.ts';

export interface ReadableName {
  readonly mailbox: string;
  /** Whose it must be, where the config says it. */
  readonly ownerUid?: number;
}

/** A name that can be a mailbox's folder: one component, and none that begins with a dot. */
function isFolderName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/\0]/.test(name);
}

async function openOrNull(open: () => Promise<Folder>): Promise<Folder | null> {
  try {
    return await open();
  } catch (error) {
    // Not there, not ours, or no folder: none that this caller can read.
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'ENOTDIR')) return null;
    if (error instanceof AimxError && error.code === 'files.unsafe') return null;
    throw error;
  }
}

async function openableNames(
  context: OperationContext,
  folder: MailFolder,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const parent = await openOrNull(() => context.files.openRoot(`${context.dataDir}/${folder}`));
  if (parent === null) return [];
  await using opened = parent;
  const openable: string[] = [];
  for (const name of wanted === undefined ? await opened.list() : [wanted]) {
    if (!isFolderName(name)) continue;
    const inner = await openOrNull(() => opened.openFolder(name));
    if (inner === null) continue;
    await inner[Symbol.asyncDispose]();
    openable.push(name);
  }
  return openable;
}

/** True for a mailbox of the caller's in which nothing has been delivered yet. */
async function mayHaveMail({ config, accounts, caller }: OperationContext, name: string): Promise<boolean> {
  const mailbox = config?.mailboxes.find((one) => one.name === name);
  if (mailbox === undefined) return false;
  if (caller.uid === 0 || mailbox.owner === null) return true;
  return (await accounts.lookup(mailbox.owner).catch(() => null))?.uid === caller.uid;
}

/**
 * The names of the mailboxes to look into.
 *
 * @param folders Where to look for a local caller's mailboxes; a mailbox without mail has no folder.
 * @param wanted One mailbox's name; undefined for all of the caller's.
 * @throws `request.not-found` for a wanted mailbox that is absent, or that the caller may not read.
 */
export async function readableMailboxes(
  context: OperationContext,
  folders: readonly MailFolder[] = MAIL_FOLDERS,
  wanted?: string,
): Promise<readonly ReadableName[]> {
  if (context.caller.kind === 'peer') {
    const ownerUid = context.caller.uid === 0 ? {} : { ownerUid: context.caller.uid };
    const own = wanted === undefined ? ownMailboxes(context) : [ownMailbox(context, wanted)];
    return own.map(({ name }) => ({ mailbox: name, ...ownerUid }));
  }
  const names = new Set<string>();
  for (const folder of folders)
    for (const name of await openableNames(context, folder, wanted)) names.add(name);
  if (wanted !== undefined && names.size === 0 && !(await mayHaveMail(context, wanted)))
    throw noSuchMailbox(wanted);
  return [...names].sort().map((mailbox) => ({ mailbox }));
}
