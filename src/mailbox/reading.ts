/**
 * Reads mailboxes from their files alone: no daemon, and no more rights than the caller has.
 *
 * Whoever reads may be root and the mailbox's owner hostile: folders are held by handle, no link is
 * followed, and a file that does not belong to the folder's owner is not read, since the owner may
 * have moved it there to see what it says.
 */
import { AimxError, isErrno } from '../system/errors.ts';
import type { FileStat, Files, Folder } from '../system/files.ts';
import { HEAD_BYTES_FIRST, HEAD_BYTES_MAX, type Head, parseHead } from './head.ts';
import { isMessageId, type MailFolder, type MessageForm, markdownName } from './layout.ts';

/** A message of 25 MiB whose body is decoded to text of three times its size still fits. */
export const MARKDOWN_BYTES_MAX: number = 96 * 1024 * 1024;

/** Where a message lies. */
export interface MessagePlace {
  readonly mailbox: string;
  readonly folder: MailFolder;
  readonly id: string;
  readonly form: MessageForm;
}

/** One mailbox's folder, open for reading. */
export class ReadableMailbox implements AsyncDisposable {
  readonly mailbox: string;
  readonly folder: MailFolder;
  readonly #handle: Folder;
  readonly #uid: number;

  private constructor(handle: Folder, mailbox: string, folder: MailFolder, uid: number) {
    this.#handle = handle;
    this.mailbox = mailbox;
    this.folder = folder;
    this.#uid = uid;
  }

  /**
   * @param ownerUid Whose the mailbox is, where the caller knows; else whose folder it is.
   * @returns Null where there is no such folder.
   * @throws AimxError `files.unsafe`, or `request.forbidden` where the caller may not read it.
   */
  static async open(
    root: { readonly files: Files; readonly dataDir: string },
    place: { readonly mailbox: string; readonly folder: MailFolder; readonly ownerUid?: number },
  ): Promise<ReadableMailbox | null> {
    const { mailbox, folder, ownerUid } = place;
    try {
      await using data = await root.files.openRoot(root.dataDir);
      await using above = await data.openFolder(folder);
      const handle = await above.openFolder(mailbox);
      const { uid } = await handle.stat();
      return new ReadableMailbox(handle, mailbox, folder, ownerUid ?? uid);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null;
      if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
      throw new AimxError('request.forbidden', `Cannot read mailbox "${mailbox}": it is not yours`, {
        hint: 'Ask as the owner of the mailbox or as root',
        cause: error,
      });
    }
  }

  async entryNames(): Promise<readonly string[]> {
    return await this.#handle.list();
  }

  async statEntry(name: string): Promise<FileStat | null> {
    return await this.#handle.statEntry(name);
  }

  /** In which form the id is there; null where in none. A link is none. */
  async formOf(id: string): Promise<MessageForm | null> {
    if (!isMessageId(id)) return null;
    if ((await this.#handle.statEntry(markdownName(id)))?.kind === 'file') return 'file';
    return (await this.#handle.statEntry(id))?.kind === 'folder' ? 'bundle' : null;
  }

  /**
   * The frontmatter of a message, from as few bytes as it takes, and the file as it was.
   *
   * @throws `files.unsafe`, or the file system's `ENOENT`, `EACCES`.
   */
  async readHead(id: string, form: MessageForm): Promise<{ readonly head: Head; readonly stat: FileStat }> {
    return await readHeadOf(this.#handle, { id, form, ownerUid: this.#uid });
  }

  /** The whole Markdown of a message. @throws as {@link readHead}, and `files.too-large`. */
  async readMarkdown(id: string, form: MessageForm): Promise<Uint8Array> {
    const read = (folder: Folder): Promise<Uint8Array> =>
      folder.readFile(markdownName(id), { maxBytes: MARKDOWN_BYTES_MAX, owner: { uid: this.#uid } });
    if (form === 'file') return await read(this.#handle);
    await using bundle = await this.#handle.openFolder(id);
    return await read(bundle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle[Symbol.asyncDispose]();
  }
}

/**
 * The frontmatter of a message in an open mailbox folder; it must belong to `ownerUid`.
 *
 * @throws `files.unsafe`, or the file system's own error.
 */
export async function readHeadOf(
  mailbox: Folder,
  { id, form, ownerUid }: { readonly id: string; readonly form: MessageForm; readonly ownerUid: number },
): Promise<{ readonly head: Head; readonly stat: FileStat }> {
  if (form === 'file') return await readHeadIn(mailbox, id, ownerUid);
  await using bundle = await mailbox.openFolder(id);
  return await readHeadIn(bundle, id, ownerUid);
}

async function readHeadIn(
  folder: Folder,
  id: string,
  uid: number,
): Promise<{ readonly head: Head; readonly stat: FileStat }> {
  const name = markdownName(id);
  const { bytes, stat } = await folder.readHead(name, { maxBytes: HEAD_BYTES_FIRST, owner: { uid } });
  let head = parseHead(bytes);
  if (head.kind === 'cut' && stat.sizeBytes > HEAD_BYTES_FIRST)
    head = parseHead((await folder.readHead(name, { maxBytes: HEAD_BYTES_MAX, owner: { uid } })).bytes);
  if (head.kind === 'cut') head = { kind: 'broken', reason: 'Its frontmatter has no closing line +++' };
  return { head, stat };
}
