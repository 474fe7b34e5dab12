/** `read`: one message's file, from the mailbox's folder. */
import { findMessage, readMessage } from '../mailbox/find.ts';
import { parseHead } from '../mailbox/head.ts';
import { MAIL_FOLDERS, type MailFolder } from '../mailbox/layout.ts';
import { type NewText, newText } from '../message/quotation/quoted-rest.ts';
import { readableMailboxes } from './mail-folders.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { ambiguousMessage, type MessageReference, noSuchMessage, splitReference } from './reference.ts';

export interface ReadInput extends MessageReference {
  /** Every folder is looked into where absent. */
  readonly folder?: MailFolder | undefined;
  /** Only what is new in a reply. */
  readonly new?: boolean | undefined;
}

export interface ReadOutput {
  readonly mailbox: string;
  readonly folder: MailFolder;
  readonly id: string;
  readonly path: string;
  /** The whole file, frontmatter included. */
  readonly content: string;
  /** Values of the frontmatter; null where its owner has made it unreadable. */
  readonly frontmatter: Readonly<Record<string, unknown>> | null;
  /** Of a reply that only what is new was asked of: that. */
  readonly body: string;
  /** What was left out of `body`; null where nothing was to be. */
  readonly quoted: NewText['quoted'] | null;
}

/** What stands behind the frontmatter's closing line and the empty line after it. */
function bodyOf(content: string): string {
  const end = content.startsWith('+++\n') ? content.indexOf('\n+++\n', 3) : -1;
  return end === -1 ? content : content.slice(end + 5).replace(/^\n/, '');
}

/** The folders in which a message of that name does lie. */
async function otherFolders(
  context: OperationContext,
  input: ReadInput,
  reference: string,
): Promise<readonly MailFolder[]> {
  const { mailbox } = splitReference(input.message, input.mailbox);
  const { files, dataDir } = context;
  const mailboxes = await readableMailboxes(context, MAIL_FOLDERS, mailbox);
  const found = await findMessage({ files, dataDir, mailboxes, reference });
  if (found.kind === 'absent') return [];
  return found.kind === 'found' ? [found.place.folder] : found.candidates.map((place) => place.folder);
}

export const read: CallOperation<ReadInput, ReadOutput> = {
  kind: 'call',
  summary: 'Prints a message as its file has it.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'files.too-large'],
  changes: false,
  async run(input, context) {
    const { mailbox, name } = splitReference(input.message, input.mailbox);
    const { folder } = input;
    const folders = folder === undefined ? MAIL_FOLDERS : [folder];
    const root = { files: context.files, dataDir: context.dataDir };
    const mailboxes = await readableMailboxes(context, folders, mailbox);
    const found = await findMessage({
      ...root,
      mailboxes,
      reference: name,
      ...(folder === undefined ? {} : { folder }),
    });
    if (found.kind === 'absent') {
      const elsewhere = folder === undefined ? [] : await otherFolders(context, input, name);
      throw noSuchMessage(input.message, elsewhere.map((other) => `--folder ${other}`).join(' or '));
    }
    if (found.kind === 'ambiguous') {
      const candidates = found.candidates.map((place) => `${place.mailbox}/${place.id} in ${place.folder}`);
      throw ambiguousMessage(input.message, candidates);
    }
    const ownerUid = mailboxes.find((one) => one.mailbox === found.place.mailbox)?.ownerUid;
    const bytes = await readMessage(root, {
      ...found.place,
      ...(ownerUid === undefined ? {} : { ownerUid }),
    });
    if (bytes === null) throw noSuchMessage(input.message);
    const content = new TextDecoder('utf-8').decode(bytes);
    const head = parseHead(bytes);
    const frontmatter = head.kind === 'head' ? head.fields : null;
    const body = frontmatter === null ? content : bodyOf(content);
    const { subject } = frontmatter ?? {};
    const shown =
      input.new === true
        ? newText(body, typeof subject === 'string' ? subject : '')
        : { text: body, quoted: null };
    return {
      mailbox: found.place.mailbox,
      folder: found.place.folder,
      id: found.place.id,
      path: found.path,
      content,
      frontmatter,
      body: shown.text,
      quoted: shown.quoted,
    };
  },
};
