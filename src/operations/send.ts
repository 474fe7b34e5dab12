/** `send` and `reply`: what somebody writes becomes a message of ours. */
import { createHash } from 'node:crypto';
import { type ReplyToStanding, replyToStanding } from '../authentication/reply-to.ts';
import type { Draft, DraftAttachment, DraftBody } from '../message/compose/draft.ts';
import { isWritableMessageId, writableIds } from '../message/compose/message-id.ts';
import { replyDraftParts } from '../message/compose/reply.ts';
import { parseDocument } from '../message/document/document.ts';
import { AimxError } from '../system/errors.ts';
import { ownMailbox, requireConfig, requireRows } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { read } from './read.ts';
import { recipientsOf, type Sender, type SendOutput, senderOf, submitDraft } from './submission.ts';

interface Written {
  readonly body: string;
  /** The text alone, without HTML made from it. */
  readonly text_only?: boolean | undefined;
  readonly html_body?: string | undefined;
  readonly attachments?:
    | readonly {
        readonly filename: string;
        readonly content_type?: string | undefined;
        readonly content_base64: string;
        /** The path by which the text shows it as a picture. */
        readonly inline_as?: string | undefined;
      }[]
    | undefined;
  readonly idempotency_key?: string | undefined;
  /** Shows the message as it would leave, and sends nothing. */
  readonly dry_run?: boolean | undefined;
}

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

export interface ReplyInput extends Written {
  readonly message: string;
  readonly mailbox?: string | undefined;
  /** Also to the other recipients. */
  readonly all?: boolean | undefined;
  readonly quote?: boolean | undefined;
}

/** Attachments of some 8 MiB, in base64: it is read whole. */
const INPUT_BYTES_MAX = 12 * 1024 * 1024;

const SEND_ERRORS = [
  'request.not-found',
  'request.too-large',
  'request.conflict',
  'send.refused',
  'send.limited',
  'journal.no-room',
  'daemon.unreachable',
] as const;

function attachmentsOf({ attachments = [] }: Written): readonly DraftAttachment[] {
  return attachments.map(({ filename, content_type, content_base64, inline_as }) => {
    const octets = Buffer.from(content_base64, 'base64');
    return {
      filename,
      contentType: (content_type ?? 'application/octet-stream').toLowerCase(),
      sizeBytes: octets.length,
      async *open() {
        yield octets;
      },
      inlineAs: inline_as ?? null,
    };
  });
}

/** The text with the signature below it, set off as RFC 3676 §4.3 has it. */
function textOf(
  { body }: Pick<Written, 'body'>,
  { mailbox }: Sender,
  context: OperationContext,
  below = '',
): string {
  const signature = mailbox.signature ?? requireConfig(context).signature ?? '';
  const parts = [
    body.trimEnd(),
    ...(signature === '' ? [] : [`-- \n${signature}`]),
    ...(below === '' ? [] : [below]),
  ];
  return parts.join('\n\n');
}

function bodyOf(written: Written, text: string): DraftBody {
  if (written.html_body !== undefined) return { format: 'html', text, html: written.html_body };
  return { format: written.text_only === true ? 'text' : 'markdown', text };
}

/** What a caller's key stands for: the request and not the octets, whose date differs. */
function keyOf(input: Written): { readonly key: string; readonly contentHash: string } | null {
  const { idempotency_key: key, dry_run: _, ...content } = input;
  if (key === undefined) return null;
  const sorted = JSON.stringify(content, Object.keys(flat(content)).sort());
  return { key, contentHash: createHash('sha256').update(sorted).digest('hex') };
}

/** Every name that occurs in a value, so that its JSON has one order whoever wrote it. */
function flat(value: unknown): Readonly<Record<string, true>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => ({ [name]: true, ...flat(inner) })),
  );
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
  inputBytesMax: INPUT_BYTES_MAX,
  changes: true,
  async run(input, context) {
    const from = senderOf(context, input.from);
    const inReplyTo = input.in_reply_to === undefined ? null : messageIdOf('in_reply_to', input.in_reply_to);
    const references = writableIds(input.references ?? '');
    const draft: Omit<Draft, 'from' | 'date' | 'messageId' | 'autoSubmitted'> = {
      to: recipientsOf('to', input.to),
      cc: recipientsOf('cc', input.cc ?? []),
      replyTo: null,
      subject: input.subject,
      inReplyTo,
      references: references.length > 0 || inReplyTo === null ? references : [inReplyTo],
      body: bodyOf(input, textOf(input, from, context)),
      attachments: attachmentsOf(input),
    };
    const request = { from, bcc: recipientsOf('bcc', input.bcc ?? []), draft, key: keyOf(input) };
    return await submitDraft(context, request, { dryRun: input.dry_run === true });
  },
};

/** Whether Reply-To may say where an answer goes: not where nobody vouches for it (design §3.4). */
async function mayUseReplyTo(context: OperationContext, mailbox: string, id: string): Promise<boolean> {
  const found = await requireRows(context).query('find', { reference: id, mailboxes: [mailbox] });
  const first = found.find(({ delivery }) => delivery.folder === 'inbox');
  if (first?.message.verdict == null) return true;
  const standing: ReplyToStanding = replyToStanding(first.message.verdict);
  return first.delivery.trusted !== 'true' || standing.kind !== 'uncovered';
}

export const reply: CallOperation<ReplyInput, SendOutput> = {
  kind: 'call',
  summary: 'Answers a message, in its thread, and answers as soon as that is safe.',
  who: 'owner',
  errors: ['request.ambiguous', ...SEND_ERRORS],
  inputBytesMax: INPUT_BYTES_MAX,
  changes: true,
  async run(input, context) {
    const original = await read.run({ message: input.message, mailbox: input.mailbox }, context);
    const document = parseDocument(new TextEncoder().encode(original.content));
    if (document.kind === 'malformed')
      throw new AimxError('request.conflict', `Cannot answer ${input.message}: ${document.reason}`, {
        hint: 'use aimx send with --to and --reply-to',
      });
    const mailbox = ownMailbox(context, original.mailbox);
    const parts = replyDraftParts({
      original: { fields: document.frontmatter, body: document.body },
      mode: input.all === true ? 'reply-all' : 'reply',
      ownAddresses: [mailbox.address, ...mailbox.aliases],
      isSentByUs: original.folder === 'sent',
      replyToMayBeUsed: await mayUseReplyTo(context, original.mailbox, original.id),
      quote: input.quote === true,
    });
    if (parts.to.length === 0)
      throw new AimxError('request.conflict', `${input.message} names nobody who could be answered`, {
        hint: 'use aimx send with --to and --reply-to',
      });
    const from = mailbox.address.startsWith('*@')
      ? senderOf(context, document.frontmatter.delivered_to.split(',')[0]?.trim())
      : senderOf(context, mailbox.name);
    const request = {
      from,
      bcc: [],
      draft: {
        to: parts.to,
        cc: parts.cc,
        replyTo: null,
        subject: parts.subject,
        inReplyTo: parts.inReplyTo,
        references: parts.references,
        body: bodyOf(input, textOf(input, from, context, parts.quoted)),
        attachments: attachmentsOf(input),
      },
      key: keyOf(input),
    };
    return await submitDraft(context, request, { dryRun: input.dry_run === true });
  },
};
