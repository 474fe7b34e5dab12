/** A forward as the parts of a draft: a few lines that say what it is, and the original itself attached. */
import { wellFormed } from '../charset/charset.ts';
import { oneLine } from '../header/encoded-word.ts';
import { safeAttachmentName } from '../mime/attachment-name.ts';
import type { DraftAttachment } from './draft.ts';
import { type OriginalMessage, referencesAfter, shownDate } from './original.ts';
import { SevenBitScan } from './seven-bit.ts';
import { forwardSubject } from './subject.ts';

/** Of a value in the introduction: the original has the whole. */
const VALUE_CHARACTERS_MAX = 500;
const NAME_CHARACTERS_MAX = 60;
const EXTENSION = '.eml';

export interface ForwardRequest {
  readonly original: Pick<OriginalMessage, 'fields'>;
  /** The original's octets as they were received or sent, as often as asked for. */
  readonly raw: () => AsyncIterable<Uint8Array>;
}

export interface ForwardParts {
  readonly subject: string;
  /** So that the forward lies in the thread; it answers nothing. */
  readonly references: readonly string[];
  /** To stand below what the sender has to say, an empty line between. LF line ends. */
  readonly introduction: string;
  readonly attachment: DraftAttachment;
}

function shown(value: string): string {
  const line = oneLine(wellFormed(value));
  return line.length <= VALUE_CHARACTERS_MAX ? line : `${wellFormed(line.slice(0, VALUE_CHARACTERS_MAX))} …`;
}

function introduction({ fields }: ForwardRequest['original']): string {
  const lines: readonly (readonly [string, string])[] = [
    ['From', fields.from],
    ['Date', shownDate(fields.date)],
    ['Subject', fields.subject],
    ['To', fields.to],
    ['Cc', fields.cc],
  ];
  return [
    '---------- Forwarded message ----------',
    ...lines.flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${shown(value)}`])),
  ].join('\n');
}

/** The original's subject as a file name. */
function filenameOf(subject: string): string {
  const head = [...subject.replace(/[/\\]/g, '_')].slice(0, NAME_CHARACTERS_MAX).join('');
  const name = safeAttachmentName(head);
  return `${name === '' ? 'message' : name}${EXTENSION}`;
}

/**
 * Makes the parts of a forward. The original is read once to see whether it may be attached as a message
 * (attachment-part.ts says what becomes of it otherwise); it is not held.
 *
 * @throws what reading `raw` throws.
 */
export async function forwardDraftParts({ original, raw }: ForwardRequest): Promise<ForwardParts> {
  const scan = new SevenBitScan();
  for await (const piece of raw()) scan.add(piece);
  return {
    subject: forwardSubject(original.fields.subject),
    references: referencesAfter(original.fields),
    introduction: introduction(original),
    attachment: {
      filename: filenameOf(original.fields.subject),
      contentType: 'message/rfc822',
      sizeBytes: scan.sizeBytes,
      open: raw,
      inlineAs: null,
      isSevenBit: scan.isSevenBit,
    },
  };
}
