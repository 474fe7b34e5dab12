/** `forward`: a message to others, whole: the original is attached as it came. */

import type { RawSource } from '../journal/journal.ts';
import type { DraftAttachment } from '../message/compose/draft.ts';
import { forwardDraftParts } from '../message/compose/forward.ts';
import { requireRows } from './access.ts';
import { recipientsOf, senderOf } from './correspondents.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { answererOf, type Original, openOriginal } from './original.ts';
import { type SendOutput, submitDraft } from './submission.ts';
import { attachmentsOf, bodyOf, keyOf, SEND_ERRORS, WRITTEN_BYTES_MAX, type Written } from './written.ts';

export interface ForwardInput extends Omit<Written, 'body'> {
  readonly message: string;
  readonly mailbox?: string | undefined;
  /** The mailbox that has the message where absent. */
  readonly from?: string | undefined;
  readonly to: readonly string[];
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
  /** What is said before it. */
  readonly body?: string | undefined;
}

/** Where the bytes of a message lie; null where they are gone, or it came before there was a journal. */
async function rawOf(context: OperationContext, { file }: Original): Promise<RawSource | null> {
  const found = await requireRows(context).query('find', { reference: file.id, mailboxes: [file.mailbox] });
  const kept = found.find(
    ({ delivery, message }) => delivery.id === file.id && delivery.absorbedInto === null && message.rawKept,
  );
  return kept?.message.raw ?? null;
}

/**
 * The text, for a message of which nothing but the file is left. Its frontmatter stays here: whom we trust
 * and to whom it went blind is nobody else's business.
 */
function asText({ document }: Original): DraftAttachment {
  const octets = new TextEncoder().encode(document.body);
  return {
    filename: 'original.md',
    contentType: 'text/markdown',
    sizeBytes: octets.length,
    async *open() {
      yield octets;
    },
    inlineAs: null,
  };
}

export const forward: CallOperation<ForwardInput, SendOutput> = {
  kind: 'call',
  summary: 'Sends a message on to others, with the original attached, and answers as soon as that is safe.',
  who: 'owner',
  errors: ['request.ambiguous', 'journal.damaged', ...SEND_ERRORS],
  inputBytesMax: WRITTEN_BYTES_MAX,
  changes: true,
  async run(input, context) {
    const original = await openOriginal(context, input);
    const from = input.from === undefined ? answererOf(context, original) : senderOf(context, input.from);
    const raw = await rawOf(context, original);
    const text = asText(original);
    const parts = await forwardDraftParts({
      original: { fields: original.document.frontmatter },
      raw: raw === null ? text.open : () => context.openRaw(raw),
    });
    const draft = {
      to: recipientsOf('to', input.to),
      cc: recipientsOf('cc', input.cc ?? []),
      replyTo: null,
      subject: parts.subject,
      inReplyTo: null,
      references: parts.references,
      body: bodyOf({ ...input, body: input.body ?? '' }, from, context, parts.introduction),
      attachments: [raw === null ? text : parts.attachment, ...attachmentsOf(input)],
    };
    const request = {
      from,
      bcc: recipientsOf('bcc', input.bcc ?? []),
      draft,
      key: keyOf(input),
      warnings:
        raw === null
          ? [
              'original-gone: its bytes as they came are no longer kept (keep_raw); its text is attached instead',
            ]
          : [],
    };
    return await submitDraft(context, request, { dryRun: input.dry_run === true });
  },
};
