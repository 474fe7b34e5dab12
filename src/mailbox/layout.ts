/**
 * Where a message lies under the data folder (contract §3).
 *
 *     <data>/<folder>/<mailbox>/<id>.md         the form `file`: a message without attachments
 *     <data>/<folder>/<mailbox>/<id>/<id>.md    the form `bundle`: with its attachments beside it
 *
 * Pure: names and paths only.
 */

/** The folders of the data folder that hold mail; values of `--folder`. */
export const MAIL_FOLDERS = ['inbox', 'sent', 'archive', 'trash', 'drafts'] as const;
export type MailFolder = (typeof MAIL_FOLDERS)[number];

export type MessageForm = 'file' | 'bundle';

const EXTENSION = '.md';

/** Name of a message's Markdown, in its mailbox's folder or in its bundle. */
export function markdownName(id: string): string {
  return `${id}${EXTENSION}`;
}

/** Name of a message in its mailbox's folder. */
export function entryName(id: string, form: MessageForm): string {
  return form === 'file' ? markdownName(id) : id;
}

export function otherForm(form: MessageForm): MessageForm {
  return form === 'file' ? 'bundle' : 'file';
}

/** Path of a message's Markdown below the data folder. */
export function messagePath(options: {
  readonly dataDir: string;
  readonly folder: MailFolder;
  readonly mailbox: string;
  readonly id: string;
  readonly form: MessageForm;
}): string {
  const { dataDir, folder, mailbox, id, form } = options;
  const beside = form === 'file' ? '' : `/${id}`;
  return `${dataDir}/${folder}/${mailbox}${beside}/${markdownName(id)}`;
}

/** The most bytes of a file name on Linux (NAME_MAX). */
const NAME_BYTES_MAX = 255;

/** True where `id` can be the name of a message: one visible path component, with room for `.md`. */
export function isMessageId(id: string): boolean {
  return (
    id !== '' &&
    !id.startsWith('.') &&
    !/[/\0]/.test(id) &&
    new TextEncoder().encode(markdownName(id)).byteLength <= NAME_BYTES_MAX
  );
}

/** What an entry of a mailbox's folder may be, by its name alone; null for what is no message. */
export function messageOfEntry(name: string): { readonly id: string; readonly form: MessageForm } | null {
  const isFile = name.endsWith(EXTENSION);
  const id = isFile ? name.slice(0, -EXTENSION.length) : name;
  return isMessageId(id) ? { id, form: isFile ? 'file' : 'bundle' } : null;
}

const ID_TIME = /^(\d{4})-(\d\d)-(\d\d)-(\d\d)(\d\d)(\d\d)-/;

/** Time of receipt as the id says it, in milliseconds since 1970 (contract §4); null where it says none. */
export function timeOfId(id: string): number | null {
  const match = ID_TIME.exec(id);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const time = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return Number.isNaN(time) ? null : time;
}
