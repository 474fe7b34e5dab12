/** What a caller writes, whatever it answers: the text, what is attached, and how it is to be sent. */
import { createHash } from 'node:crypto';
import type { DraftAttachment, DraftBody } from '../message/compose/draft.ts';
import { AimxError, type ErrorCode } from '../system/errors.ts';
import { requireConfig } from './access.ts';
import type { Sender } from './correspondents.ts';
import type { OperationContext } from './operation.ts';

export interface Written {
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

/** Attachments of some 8 MiB, in base64: it is read whole. */
export const WRITTEN_BYTES_MAX: number = 12 * 1024 * 1024;

export const SEND_ERRORS: readonly ErrorCode[] = [
  'request.not-found',
  'request.too-large',
  'request.conflict',
  'send.refused',
  'send.limited',
  'journal.no-room',
  'daemon.unreachable',
];

export function attachmentsOf({
  attachments = [],
}: Pick<Written, 'attachments'>): readonly DraftAttachment[] {
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

/**
 * The body, with the signature below the text, set off as RFC 3676 §4.3 has it.
 *
 * @param below What stands under both: a quoted original; `""` for nothing.
 * @throws `request.invalid`.
 */
export function bodyOf(
  { body, text_only, html_body }: Written,
  { mailbox }: Sender,
  context: OperationContext,
  below = '',
): DraftBody {
  const signature = mailbox.signature ?? requireConfig(context).signature ?? '';
  const text = [body.trimEnd(), signature === '' ? '' : `-- \n${signature}`, below]
    .filter((part) => part !== '')
    .join('\n\n');
  if (html_body === undefined) return { format: text_only === true ? 'text' : 'markdown', text };
  if (text_only !== true) return { format: 'html', text, html: html_body };
  throw new AimxError('request.invalid', 'Both text_only and html_body are given', {
    hint: 'leave one of them out',
  });
}

/** Every name that occurs in a value, so that its JSON has one order whoever wrote it. */
function flat(value: unknown): Readonly<Record<string, true>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => ({ [name]: true, ...flat(inner) })),
  );
}

/** What a caller's key stands for: the request and not the octets, whose date differs. Null without a key. */
export function keyOf(
  input: Pick<Written, 'idempotency_key' | 'dry_run'>,
): { readonly key: string; readonly contentHash: string } | null {
  const { idempotency_key: key, dry_run: _, ...content } = input;
  if (key === undefined) return null;
  const sorted = JSON.stringify(content, Object.keys(flat(content)).sort());
  return { key, contentHash: createHash('sha256').update(sorted).digest('hex') };
}
