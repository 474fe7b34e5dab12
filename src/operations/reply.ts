/** `reply`: the answer to a message, in its thread. */
import { replyToWarning } from '../authentication/reply-to.ts';
import { replyDraftParts } from '../message/compose/reply.ts';
import { AimxError } from '../system/errors.ts';
import { requireRows } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { answererOf, isSentByUs, type Original, openOriginal } from './original.ts';
import { type SendOutput, submitDraft } from './submission.ts';
import { attachmentsOf, bodyOf, keyOf, SEND_ERRORS, WRITTEN_BYTES_MAX, type Written } from './written.ts';

export interface ReplyInput extends Written {
  readonly message: string;
  readonly mailbox?: string | undefined;
  /** Also to the other recipients. */
  readonly all?: boolean | undefined;
  readonly quote?: boolean | undefined;
}

/**
 * Whether Reply-To may say where an answer goes: not where the file warns that it is not used, which is
 * where somebody vouches for a trusted message and not for that field (design §3.4).
 */
async function mayUseReplyTo(context: OperationContext, { file, document }: Original): Promise<boolean> {
  const found = await requireRows(context).query('find', { reference: file.id, mailboxes: [file.mailbox] });
  const came = found.find(({ delivery }) => delivery.folder === 'inbox' && delivery.absorbedInto === null);
  if (came?.message.verdict == null || came.delivery.trusted === null) return true;
  const { verdict } = came.message;
  return replyToWarning(verdict, came.delivery.trusted, document.frontmatter.reply_to) === null;
}

export const reply: CallOperation<ReplyInput, SendOutput> = {
  kind: 'call',
  summary: 'Answers a message, in its thread, and answers as soon as that is safe.',
  who: 'owner',
  errors: ['request.ambiguous', ...SEND_ERRORS],
  inputBytesMax: WRITTEN_BYTES_MAX,
  changes: true,
  async run(input, context) {
    const original = await openOriginal(context, input);
    const { document, mailbox } = original;
    const parts = replyDraftParts({
      original: { fields: document.frontmatter, body: document.body },
      mode: input.all === true ? 'reply-all' : 'reply',
      ownAddresses: [mailbox.address, ...mailbox.aliases],
      isSentByUs: isSentByUs(original),
      replyToMayBeUsed: await mayUseReplyTo(context, original),
      quote: input.quote === true,
    });
    if (parts.to.length === 0)
      throw new AimxError('request.conflict', `${input.message} names nobody who could be answered`, {
        hint: 'use aimx send with --to and --reply-to',
      });
    const from = answererOf(context, original);
    const draft = {
      to: parts.to,
      cc: parts.cc,
      replyTo: null,
      subject: parts.subject,
      inReplyTo: parts.inReplyTo,
      references: parts.references,
      body: bodyOf(input, from, context, parts.quoted),
      attachments: attachmentsOf(input),
    };
    return await submitDraft(
      context,
      { from, bcc: [], draft, key: keyOf(input) },
      { dryRun: input.dry_run === true },
    );
  },
};
