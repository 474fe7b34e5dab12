/**
 * HTML to Markdown, in one pass over the tokens of `htmlparser2`.
 *
 * Linear whatever the nesting: its tokenizer alone is used (its parser searches a stack of open
 * elements for each end tag), and an end tag without an open element is known by a count. Scripts,
 * styles, comments and the head are left out.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { MarkdownText } from './markdown-text.ts';

/** Elements whose content is not shown. */
const SKIPPED = new Set([
  'script',
  'style',
  'head',
  'title',
  'template',
  'object',
  'svg',
  'math',
  'textarea',
]);
/** Elements that have no content and no end tag (HTML §13.1.2). */
const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'wbr',
]);
/** Elements with an empty line before and after. */
const PARAGRAPHS = new Set([
  'p',
  'blockquote',
  'pre',
  'table',
  'address',
  'fieldset',
  'figure',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
]);
/** Elements that begin and end a line. */
const LINES = new Set([
  'div',
  'tr',
  'li',
  'dt',
  'dd',
  'dl',
  'section',
  'article',
  'header',
  'footer',
  'main',
  'nav',
  'form',
  'caption',
  'center',
  'aside',
  'option',
]);
const INLINE_MARKS: ReadonlyMap<string, string> = new Map([
  ['b', '**'],
  ['strong', '**'],
  ['i', '*'],
  ['em', '*'],
  ['s', '~~'],
  ['del', '~~'],
  ['strike', '~~'],
  ['code', '`'],
]);
/** Elements that end where the next of their kind begins (HTML §13.1.2.4). */
const SELF_ENDING = new Set(['p', 'li', 'td', 'th', 'tr', 'dt', 'dd', 'option']);
/** Longer values are `data:` links, which are not shown. */
const ATTRIBUTE_CHARACTERS_MAX = 4_096;

interface OpenElement {
  readonly name: string;
  /** Of a link that can be followed; `""` for all else. */
  readonly href: string;
}

/** A link that a reader may follow; others (`javascript:`, `data:`, relative ones) stay plain text. */
function usableLink(href: string): string {
  const link = href.replace(/[\s\p{Cc}]+/gu, '');
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(link)) return '';
  return link.replace(/[()<>\\]/g, (mark) => `%${mark.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

class Converter {
  readonly #out = new MarkdownText();
  readonly #open: OpenElement[] = [];
  readonly #openCounts = new Map<string, number>();
  /** Of each open list the number of its last item; null for one without numbers. */
  readonly #lists: (number | null)[] = [];
  #skipping = 0;
  #preformatted = 0;

  finish(): string {
    while (this.#open.length > 0) this.#endTop();
    return this.#out.finish();
  }

  text(text: string): void {
    if (this.#skipping === 0) this.#out.text(text, { verbatim: this.#preformatted > 0 });
  }

  start(name: string, attributes: ReadonlyMap<string, string>): void {
    if (VOID.has(name)) {
      if (this.#skipping === 0) this.#showVoid(name, attributes.get('alt') ?? '');
      return;
    }
    if (SELF_ENDING.has(name) && this.#open.at(-1)?.name === name) this.#endTop();
    const href = name === 'a' ? usableLink(attributes.get('href') ?? '') : '';
    this.#open.push({ name, href });
    this.#openCounts.set(name, (this.#openCounts.get(name) ?? 0) + 1);
    if (SKIPPED.has(name)) this.#skipping += 1;
    if (this.#skipping === 0) this.#showStart(name, href);
  }

  #showVoid(name: string, alt: string): void {
    if (name === 'br') this.#out.lineBreak();
    else if (name === 'hr') this.#out.rule();
    else if (name === 'img' && alt.trim() !== '')
      this.#out.text(`[image: ${alt.trim()}]`, { verbatim: false });
  }

  #showStart(name: string, href: string): void {
    const out = this.#out;
    if (PARAGRAPHS.has(name)) out.paragraph();
    else if (LINES.has(name)) out.line();
    if (name === 'ul' || name === 'ol') this.#startList(name);
    else if (name === 'li') out.item(this.#nextItemMark());
    else if (name === 'td' || name === 'th') out.cell();
    else if (name === 'blockquote') out.quote(1);
    else if (name === 'pre') {
      out.fence();
      this.#preformatted += 1;
    } else if (name === 'a') {
      if (href !== '') out.mark('[');
    } else if (/^h[1-6]$/.test(name)) out.mark(`${'#'.repeat(Number(name.slice(1)))} `);
    else if (this.#preformatted === 0) this.#showInline(name);
  }

  #showInline(name: string): void {
    const mark = INLINE_MARKS.get(name);
    if (mark !== undefined) this.#out.mark(mark);
  }

  #startList(name: 'ul' | 'ol'): void {
    if (this.#lists.length === 0) this.#out.paragraph();
    this.#lists.push(name === 'ol' ? 0 : null);
    this.#out.list(1);
  }

  #nextItemMark(): string {
    const last = this.#lists.at(-1) ?? null;
    if (last === null) return '- ';
    this.#lists[this.#lists.length - 1] = last + 1;
    return `${last + 1}. `;
  }

  end(name: string): void {
    if ((this.#openCounts.get(name) ?? 0) === 0) {
      // HTML §13.2.6.4.7: `</p>` and `</br>` stand for an empty element.
      if (this.#skipping === 0 && name === 'p') this.#out.paragraph();
      if (this.#skipping === 0 && name === 'br') this.#out.lineBreak();
      return;
    }
    while (this.#endTop() !== name);
  }

  /** Ends the innermost element and answers its name. */
  #endTop(): string {
    const element = this.#open.pop();
    if (element === undefined) return '';
    const { name } = element;
    this.#openCounts.set(name, (this.#openCounts.get(name) ?? 1) - 1);
    if (this.#skipping === 0) this.#showEnd(element);
    if (SKIPPED.has(name)) this.#skipping -= 1;
    return name;
  }

  #showEnd({ name, href }: OpenElement): void {
    const out = this.#out;
    if (name === 'ul' || name === 'ol') {
      out.list(-1);
      this.#lists.pop();
      if (this.#lists.length === 0) out.paragraph();
    } else if (name === 'blockquote') out.quote(-1);
    else if (name === 'pre') {
      this.#preformatted -= 1;
      out.fence();
    } else if (name === 'a') {
      if (href !== '') out.endMark('[', `](${href})`);
    } else if (this.#preformatted === 0) {
      const mark = INLINE_MARKS.get(name);
      if (mark !== undefined) out.endMark(mark, mark);
    }
    if (PARAGRAPHS.has(name)) out.paragraph();
    else if (LINES.has(name)) out.line();
  }
}

/** The tokens of `html` as calls to a converter; attributes are read where they are used. */
function callbacks(html: string, converter: Converter): TokenizerCallbacks {
  let tag = '';
  let attribute = '';
  let value = '';
  let attributes = new Map<string, string>();
  const isWanted = (): boolean =>
    (tag === 'a' && attribute === 'href') || (tag === 'img' && attribute === 'alt');
  const add = (text: string): void => {
    if (isWanted() && value.length < ATTRIBUTE_CHARACTERS_MAX) value += text;
  };
  return {
    ontext: (start, end) => converter.text(html.slice(start, end)),
    ontextentity: (codePoint) => converter.text(String.fromCodePoint(codePoint)),
    onopentagname(start, end) {
      tag = html.slice(start, end).toLowerCase();
      attributes = new Map();
    },
    onattribname(start, end) {
      attribute = html.slice(start, Math.min(end, start + ATTRIBUTE_CHARACTERS_MAX)).toLowerCase();
      value = '';
    },
    onattribdata: (start, end) => add(html.slice(start, Math.min(end, start + ATTRIBUTE_CHARACTERS_MAX))),
    onattribentity: (codePoint) => add(String.fromCodePoint(codePoint)),
    onattribend() {
      if (isWanted() && !attributes.has(attribute)) attributes.set(attribute, value);
    },
    onopentagend: () => converter.start(tag, attributes),
    onselfclosingtag: () => converter.start(tag, attributes),
    onclosetag: (start, end) => converter.end(html.slice(start, end).toLowerCase()),
    oncdata: (start, end) => converter.text(html.slice(start, end)),
    oncomment: () => undefined,
    ondeclaration: () => undefined,
    onprocessinginstruction: () => undefined,
    onend: () => undefined,
  };
}

/**
 * Turns HTML into Markdown: paragraphs, line breaks, links, lists, headings, emphasis, quotes,
 * preformatted text; tables as lines with ` | ` between cells. Never throws; linear.
 */
export function htmlToMarkdown(html: string): string {
  const converter = new Converter();
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks(html, converter));
  tokenizer.write(html);
  tokenizer.end();
  return converter.finish();
}
