/** The body of a composed message: its text, the HTML beside it, pictures in it, and what is attached. */
import { createHash } from 'node:crypto';
import { wellFormed } from '../charset/charset.ts';
import { AttachmentNames } from '../mime/attachment-name.ts';
import { attachmentPart } from './attachment-part.ts';
import { encodeText } from './body-octets.ts';
import type { Draft, DraftAttachment } from './draft.ts';
import { MARKDOWN_CHARACTERS_MAX, markdownToHtml, type RenderedMarkdown } from './markdown-to-html.ts';
import { type MimePart, multipart, textPart } from './mime-part.ts';

/**
 * What the parts of one message are told apart by. The same message has the same at every call, and
 * nobody knows them before it has its id. `=_` occurs in no quoted-printable and no base64
 * (RFC 2045 §6.7), and a plain text with a line that begins so is not sent as it stands.
 */
class PartMarks {
  readonly #stem: string;
  readonly #domain: string;
  #boundaries = 0;

  constructor(draft: Draft, domain: string) {
    this.#stem = createHash('sha256').update(draft.messageId).digest('hex').slice(0, 32);
    this.#domain = domain;
  }

  boundary(): string {
    this.#boundaries += 1;
    return `=_${this.#boundaries}_${this.#stem}`;
  }

  contentId(index: number): string {
    return `${this.#stem}.${index}@${this.#domain}`;
  }
}

/**
 * Text as it is sent: LF line ends (a lone CR is one, too), well-formed. NUL, which no text may have
 * (RFC 5321 §4.5.2), becomes U+FFFD, as half a surrogate pair does. Its last line end is the message's own.
 */
function sentText(text: string): string {
  return wellFormed(text.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd')).replace(/\n$/, '');
}

interface Picture {
  readonly attachment: DraftAttachment;
  readonly contentId: string;
}

/** The sender's HTML with `cid:<name>` leading to the picture of that name, within quotes or `url(`. */
function withContentIds(html: string, pictures: ReadonlyMap<string, string>): RenderedMarkdown {
  const shown = new Set<string>();
  const replaced = html.replace(/(["'(]\s?)cid:([^"')\s>]{1,300})/gi, (whole, lead: string, name: string) => {
    const contentId = pictures.get(name);
    if (contentId === undefined) return whole;
    shown.add(name);
    return `${lead}cid:${contentId}`;
  });
  return { html: replaced, shown };
}

/** The HTML side; null where there is none. */
function htmlOf(draft: Draft, pictures: ReadonlyMap<string, Picture>): RenderedMarkdown | null {
  const ids = new Map([...pictures].map(([name, { contentId }]) => [name, contentId]));
  switch (draft.body.format) {
    case 'text':
      return null;
    case 'html':
      return withContentIds(sentText(draft.body.html), ids);
    case 'markdown': {
      const text = sentText(draft.body.text);
      return text.length > MARKDOWN_CHARACTERS_MAX ? null : markdownToHtml(text, ids);
    }
  }
}

function picturesOf(draft: Draft, marks: PartMarks): ReadonlyMap<string, Picture> {
  const pictures = new Map<string, Picture>();
  draft.attachments.forEach((attachment, index) => {
    const { inlineAs, contentType } = attachment;
    if (inlineAs === null || !contentType.startsWith('image/') || pictures.has(inlineAs)) return;
    pictures.set(inlineAs, { attachment, contentId: marks.contentId(index) });
  });
  return pictures;
}

/**
 * The part that is the whole body.
 *
 *     mixed ─ alternative ─ text/plain
 *           │             └ related ─ text/html
 *           │                       └ pictures that the HTML shows
 *           └ attachments
 *
 * with every level left out that would have one part. Plain text stands first: the last alternative is
 * the one that is shown where HTML is (RFC 2046 §5.1.4).
 *
 * @param domain Of the author, for Content-IDs.
 */
export function bodyPart(draft: Draft, domain: string): MimePart {
  const marks = new PartMarks(draft, domain);
  const pictures = picturesOf(draft, marks);
  const names = new AttachmentNames();
  const filenames = new Map(draft.attachments.map((each) => [each, names.next(each.filename)]));
  const attached = (attachment: DraftAttachment, contentId: string | null): MimePart =>
    attachmentPart(attachment, { filename: filenames.get(attachment) as string, contentId });
  const html = htmlOf(draft, pictures);
  const shown = [...pictures].flatMap(([name, picture]) => (html?.shown.has(name) ? [picture] : []));
  const inPlace = new Set(shown.map(({ attachment }) => attachment));
  const beside = draft.attachments.filter((attachment) => !inPlace.has(attachment));
  const grouped = (
    subtype: 'mixed' | 'alternative' | 'related',
    children: readonly [MimePart, ...MimePart[]],
  ): MimePart =>
    children.length === 1 ? children[0] : multipart({ subtype, boundary: marks.boundary(), children });

  const plain = textPart('text/plain', encodeText(sentText(draft.body.text)));
  const alternatives =
    html === null
      ? []
      : [
          grouped('related', [
            textPart('text/html', encodeText(html.html)),
            ...shown.map(({ attachment, contentId }) => attached(attachment, contentId)),
          ]),
        ];
  const text = grouped('alternative', [plain, ...alternatives]);
  return grouped('mixed', [text, ...beside.map((attachment) => attached(attachment, null))]);
}
