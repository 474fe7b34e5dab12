/** Reads a message: raw octets in, what a mailbox file shows out. */
import { alternativesDiffer, COMPARED_HTML_CHARACTERS_MAX } from './alternatives.ts';
import { BodyRemarks } from './body-remarks.ts';
import { attachmentNameOf, readEnclosures } from './enclosures/enclosures.ts';
import { readHeader } from './header/header.ts';
import { htmlToMarkdown } from './html/html-to-markdown.ts';
import { imitatesReader } from './imitation.ts';
import type { Attachment, ReadMessage } from './message.ts';
import { AttachmentNames } from './mime/attachment-name.ts';
import { type BodyParts, selectBodyParts } from './mime/body-parts.ts';
import { withLineFeeds } from './mime/line-ends.ts';
import { type Entity, readMimeTree } from './mime/mime-tree.ts';
import { readPartText } from './mime/text-part.ts';
import { decodeTransfer } from './mime/transfer-encoding.ts';
import { describeReport } from './report/describe.ts';
import { readReport } from './report/read-report.ts';
import { withoutInvisible } from './unicode/invisible-characters.ts';

/** A body is read by people and language models; what is longer is cut and said, and `aimx raw` has the rest. */
export const BODY_BYTES_MAX: number = 4 * 1024 * 1024;
/** Frontmatter stays readable however broken a message is. */
const WARNINGS_MAX = 50;

const IMITATED =
  "imitated-line: the text has lines that look like those which aimx writes; they are the sender's";

class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #warnings = new Set<string>();
  readonly #names = new AttachmentNames();
  readonly attachments: Attachment[] = [];
  readonly remarks: BodyRemarks = new BodyRemarks();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  warn(...warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning);
  }

  get warnings(): readonly string[] {
    const all = [...this.#warnings];
    if (all.length <= WARNINGS_MAX) return all;
    return [
      ...all.slice(0, WARNINGS_MAX - 1),
      `more-warnings: ${all.length - WARNINGS_MAX + 1} more are not listed`,
    ];
  }

  attach(declaredName: string, contentType: string, bytes: Uint8Array): void {
    this.attachments.push({ filename: this.#names.next(declaredName), contentType, bytes });
  }

  attachEntity(entity: Entity): void {
    if (entity.contentType.startsWith('multipart/')) {
      // Its own header section belongs to it: without the boundary nobody could read it.
      const whole = this.#bytes.subarray(entity.start, entity.bodyEnd);
      this.attach(entity.name, 'message/rfc822', whole);
      return;
    }
    const encoded = this.#bytes.subarray(entity.bodyStart, entity.bodyEnd);
    const decoded = decodeTransfer(encoded, entity.encoding);
    if (decoded === null) {
      const encoding = JSON.stringify(entity.encoding.slice(0, 40));
      this.warn(
        `unknown-encoding: an attachment has the Content-Transfer-Encoding ${encoding}, which is unknown`,
      );
    } else if (decoded.damaged) {
      this.warn(`encoding-damaged: an attachment is not proper ${entity.encoding}`);
    }
    const name = attachmentNameOf(this.#bytes, entity);
    this.attach(name, entity.contentType.slice(0, 200), decoded?.bytes ?? encoded);
  }

  /** Text of a part as the body shows it; what is not as declared is attached as well. */
  showEntity(entity: Entity): string {
    const part = readPartText(this.#bytes, entity);
    this.warn(...part.warnings);
    if (part.doubtful) this.attachEntity(entity);
    if (entity.contentType === 'text/html') {
      const html = htmlToMarkdown(part.text);
      this.remarks.addHtml(html);
      return html.markdown;
    }
    const { text, left } = withoutInvisible(part.text);
    this.remarks.addInvisible(left);
    return text;
  }

  /** Text of an HTML part that is compared and not shown: nothing is said of it. */
  peekHtml(entity: Entity): string {
    const { text } = readPartText(this.#bytes, entity);
    return htmlToMarkdown(text.slice(0, COMPARED_HTML_CHARACTERS_MAX)).markdown;
  }
}

/** Texts one after the other, an empty line between. */
function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== '').join('\n\n');
}

function boundBody(body: string): { readonly body: string; readonly cut: boolean } {
  // A UTF-16 unit makes at most three octets: most bodies need no count.
  if (body.length * 3 <= BODY_BYTES_MAX) return { body, cut: false };
  const bytes = Buffer.from(body);
  if (bytes.length <= BODY_BYTES_MAX) return { body, cut: false };
  // Octets of a character that was cut in two are left out.
  const head = new TextDecoder().decode(bytes.subarray(0, BODY_BYTES_MAX), { stream: true });
  return {
    body: `${head}\n\n[The rest was cut here: ${bytes.length - BODY_BYTES_MAX} bytes more are in the raw message.]`,
    cut: true,
  };
}

/** The texts of the body; looks as well whether the alternatives that are not shown say the same. */
function readTexts(reader: MessageReader, { text, html, plainAlternatives, hasRivals }: BodyParts): string {
  if (hasRivals) reader.remarks.alternativesDiffer();
  const texts = new Map(text.map((entity) => [entity, reader.showEntity(entity)]));
  const shown = joinTexts([...texts.values()]);
  const htmlAlternatives = html.filter((entity) => !texts.has(entity));
  if (htmlAlternatives.length === 0) return shown;
  // A plain alternative without a word in it stands in for nothing: the HTML one is the message.
  if (shown === '') return joinTexts(html.map((entity) => reader.showEntity(entity)));
  const plain = joinTexts(plainAlternatives.map((entity) => texts.get(entity) ?? ''));
  const compared = joinTexts(htmlAlternatives.map((entity) => reader.peekHtml(entity)));
  if (alternativesDiffer(plain, compared)) reader.remarks.alternativesDiffer();
  return shown;
}

/**
 * Reads a message. Pure, total, linear in its octets: whatever is broken is mended, attached as it
 * stands or left to the raw message, and named in `warnings`.
 *
 * @param raw The message as received. Attachments may share its memory.
 */
export function readMessage(raw: Uint8Array): ReadMessage {
  const bytes = withLineFeeds(raw);
  const tree = readMimeTree(bytes);
  const reader = new MessageReader(bytes);
  const { header, warnings } = readHeader(tree.root.section);
  reader.warn(...warnings, ...tree.warnings);
  const parts = selectBodyParts(tree.root);
  const text = readTexts(reader, parts);
  reader.warn(...reader.remarks.warnings());
  for (const entity of parts.attachments) reader.attachEntity(entity);
  if (tree.unreadFrom !== null) {
    reader.attach('unread-parts.txt', 'application/octet-stream', bytes.subarray(tree.unreadFrom));
  }
  const report = readReport({ bytes, root: tree.root, text });
  const enclosures = readEnclosures({ bytes, root: tree.root, text });
  reader.warn(...enclosures.warnings);
  // Programs that report write such lines themselves.
  if (report === null && imitatesReader(text)) reader.warn(IMITATED);
  // A report says itself which message it came with.
  const head = report === null ? enclosures.head : describeReport(report);
  const said = text.trim() === '' && report === null ? enclosures.insteadOfText : text;
  const { body, cut } = boundBody(joinTexts([head, said, report === null ? enclosures.foot : '']));
  if (cut) reader.warn(`body-cut: the text is longer than ${BODY_BYTES_MAX} bytes and was cut`);
  return { header, body, attachments: reader.attachments, warnings: reader.warnings, report };
}
