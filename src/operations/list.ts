/** `list`: the messages of the caller's mailboxes, newest first, from the files (contract §8). */
import type { MailFolder } from '../mailbox/layout.ts';
import { listMessages, type MessageListing } from '../mailbox/list.ts';
import { readableMailboxes } from './mail-folders.ts';
import type { CallOperation } from './operation.ts';
import { type PageInput, pageLimit } from './page.ts';

export interface ListInput extends PageInput {
  readonly mailbox?: string | undefined;
  readonly folder?: MailFolder | undefined;
}

export interface MessageView {
  readonly id: string;
  readonly mailbox: string;
  readonly folder: MailFolder;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly date: string;
  readonly received_at: string;
  readonly read: boolean;
  readonly labels: readonly string[];
  readonly trusted: string;
  readonly has_attachments: boolean;
  readonly size_bytes: number;
  readonly path: string;
  /** Of a message that was sent: `pending`, `deferred`, `delivered` or `failed`; absent where its file says nothing. */
  readonly delivery_status?: string;
}

export interface ListOutput {
  readonly messages: readonly MessageView[];
  readonly next_cursor: string | null;
  /** Files that look like messages and cannot be read; absent where there are none. */
  readonly skipped?: readonly { readonly mailbox: string; readonly name: string; readonly reason: string }[];
}

function viewListing(listing: MessageListing): MessageView {
  const { delivery_status: status } = listing.fields;
  return {
    id: listing.id,
    mailbox: listing.mailbox,
    folder: listing.folder,
    from: listing.from,
    to: listing.to,
    subject: listing.subject,
    date: listing.date,
    received_at: listing.receivedAt,
    read: listing.read,
    labels: listing.labels,
    trusted: listing.trusted,
    has_attachments: listing.hasAttachments,
    size_bytes: listing.sizeBytes,
    path: listing.path,
    ...(typeof status === 'string' ? { delivery_status: status } : {}),
  };
}

export const list: CallOperation<ListInput, ListOutput> = {
  kind: 'call',
  summary: 'Lists messages, newest first.',
  who: 'owner',
  errors: ['request.not-found'],
  changes: false,
  async run(input, context) {
    const folder = input.folder ?? 'inbox';
    const page = await listMessages({
      files: context.files,
      dataDir: context.dataDir,
      mailboxes: await readableMailboxes(context, [folder], input.mailbox),
      folder,
      limit: pageLimit(input),
      cursor: input.cursor ?? null,
    });
    return {
      messages: page.messages.map(viewListing),
      next_cursor: page.nextCursor,
      ...(page.skipped.length === 0 ? {} : { skipped: page.skipped }),
    };
  },
};
