/** The message that is answered or forwarded: its file, and who of us it came to. */
import type { MailboxConfig } from '../config/config.ts';
import { type ParsedDocument, parseDocument } from '../message/document/document.ts';
import { AimxError } from '../system/errors.ts';
import { ownMailbox } from './access.ts';
import { type Sender, senderOf } from './correspondents.ts';
import type { OperationContext } from './operation.ts';
import { type ReadOutput, read } from './read.ts';
import { type MessageReference, resolveDelivery } from './reference.ts';

export interface Original {
  /** As `read` has it: where it lies, and the whole file. */
  readonly file: ReadOutput;
  readonly document: Extract<ParsedDocument, { kind: 'document' }>;
  readonly mailbox: MailboxConfig;
}

/** Files are named by ids; which id a Message-ID stands for, the rows know. */
async function byId(context: OperationContext, reference: MessageReference): Promise<MessageReference> {
  if (!reference.message.includes('@')) return reference;
  const { delivery } = await resolveDelivery(context, reference);
  if (delivery.id === null)
    throw new AimxError('request.conflict', `${reference.message} has no file yet`, {
      hint: 'ask again in a moment',
    });
  return { message: `${delivery.mailbox}/${delivery.id}` };
}

/**
 * Reads the message as its mailbox's owner has it.
 *
 * @throws `request.not-found`, `request.ambiguous`, `request.conflict` where its owner has made it unreadable.
 */
export async function openOriginal(
  context: OperationContext,
  reference: MessageReference,
): Promise<Original> {
  const { message, mailbox } = await byId(context, reference);
  const file = await read.run({ message, mailbox }, context);
  const document = parseDocument(new TextEncoder().encode(file.content));
  if (document.kind === 'malformed')
    throw new AimxError('request.conflict', `Cannot answer ${reference.message}: ${document.reason}`, {
      hint: 'use aimx send with --to and --reply-to',
    });
  return { file, document, mailbox: ownMailbox(context, file.mailbox) };
}

/** Whether it is a message of ours, wherever its owner has put the file since. */
export function isSentByUs({ file, document }: Pick<Original, 'file' | 'document'>): boolean {
  return file.folder === 'sent' || document.frontmatter.sent !== null;
}

/** Who answers: the mailbox that has the message; of one that takes every address, the one that it came to. */
export function answererOf(context: OperationContext, original: Original): Sender {
  const { mailbox, document } = original;
  if (!mailbox.address.startsWith('*@')) return senderOf(context, mailbox.name);
  const { delivered_to, from } = document.frontmatter;
  return senderOf(context, isSentByUs(original) ? from : delivered_to.split(',')[0]?.trim());
}
