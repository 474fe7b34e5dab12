/** `send`: what somebody writes becomes a message of ours. */
import { isWritableMessageId, writableIds } from '../message/compose/message-id.ts';
import { AimxError } from '../system/errors.ts';
import { recipientsOf, senderOf } from './correspondents.ts';
import type { CallOperation } from './operation.ts';
import { type SendOutput, submitDraft } from './submission.ts';
import { attachmentsOf, bodyOf, keyOf, SEND_ERRORS, WRITTEN_BYTES_MAX, type Written } from './written.ts';

export interface SendInput extends Written {
  readonly from?: string | undefined;
  readonly to: readonly string[];
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
  readonly subject: string;
  /** Message-ID that it answers. */
  readonly in_reply_to?: string | undefined;
  readonly references?: string | undefined;
}

function messageIdOf(field: string, value: string): string {
  const id = value.trim().replace(/^<(.*)>$/s, '$1');
  if (isWritableMessageId(id)) return id;
  throw new AimxError('request.invalid', `${field}: ${JSON.stringify(value)} is no Message-ID`, {
    hint: 'it looks like <something@example.com>',
  });
}

export const send: CallOperation<SendInput, SendOutput> = {
  kind: 'call',
  summary: 'Sends a message, and answers as soon as it is safe.',
  who: 'owner',
  errors: SEND_ERRORS,
  inputBytesMax: WRITTEN_BYTES_MAX,
  changes: true,
  async run(input, context) {
    const from = senderOf(context, input.from);
    const inReplyTo = input.in_reply_to === undefined ? null : messageIdOf('in_reply_to', input.in_reply_to);
    const references = writableIds(input.references ?? '');
    const draft = {
      to: recipientsOf('to', input.to),
      cc: recipientsOf('cc', input.cc ?? []),
      replyTo: null,
      subject: input.subject,
      inReplyTo,
      references: references.length > 0 || inReplyTo === null ? references : [inReplyTo],
      body: bodyOf(input, from, context),
      attachments: attachmentsOf(input),
    };
    const request = { from, bcc: recipientsOf('bcc', input.bcc ?? []), draft, key: keyOf(input) };
    return await submitDraft(context, request, { dryRun: input.dry_run === true });
  },
};
