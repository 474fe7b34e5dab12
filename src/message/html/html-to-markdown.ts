/**
 * HTML to Markdown, in two passes over the tokens of `htmlparser2`: the first looks at style sheets and
 * tables, the second writes.
 *
 * What a person would not see is left out and counted: `display: none`, text without size, contrast or
 * room and the like (html-style.ts), long comments, `<template>`, `<noscript>` (mail readers in a browser
 * have scripts on). What belongs to no text (scripts, styles, the head) is left out without a count.
 *
 * Linear whatever the nesting: the tokenizer alone is used (its parser searches a stack of open elements
 * for each end tag), and the elements that are open have a bound.
 */

import { type SeenText, withoutInvisible } from '../unicode/invisible-characters.ts';
import { textPieces } from '../unicode/text-pieces.ts';
import { type Declarations, parseDeclarations } from './css-declarations.ts';
import type { Selectable } from './css-selector.ts';
import { SIBLINGS_MAX } from './css-stylesheet.ts';
import { HEAD_CONTENT, HEADINGS, INERT, LINES, PARAGRAPHS, SKIPPED, VOID } from './elements.ts';
import { HiddenText } from './hidden-text.ts';
import { usableLink } from './link.ts';
import { type Emphasis, MarkdownText } from './markdown-text.ts';
import { type OpenElement, OpenElements } from './open-elements.ts';
import { computeStyle, inDoubt, OPACITY_MAX, type Style } from './style.ts';
import { type HtmlSurvey, surveyHtml } from './survey.ts';
import { DataTable } from './table.ts';
import { readHtmlTokens, STYLE_ATTRIBUTE_CHARACTERS_MAX } from './tokens.ts';

export interface MarkdownOfHtml {
  /** LF line ends, no empty line at either end. */
  readonly markdown: string;
  /** Text that a person would not see: how often and how much of it (white space counts as one). */
  readonly hidden: { readonly pieces: number; readonly characters: number };
  /** Text that is shown and that a person may not see, for reasons that are not judged; counted alike. */
  readonly doubtful: { readonly pieces: number; readonly characters: number };
  /** Characters that were left out of shown text because nobody sees them. */
  readonly invisibleCharacters: number;
  /** Links whose text names another domain than they lead to. */
  readonly misleadingLinks: number;
}

const EMPHASIS: ReadonlyMap<string, Emphasis> = new Map([
  ['b', 'strong'],
  ['strong', 'strong'],
  ['i', 'emphasis'],
  ['em', 'emphasis'],
  ['cite', 'emphasis'],
  ['s', 'strike'],
  ['del', 'strike'],
  ['strike', 'strike'],
]);
const CODE: ReadonlySet<string> = new Set(['code', 'tt', 'kbd', 'samp']);
/** The longest description of a picture that is shown; more is prose in the wrong place. */
const ALT_CHARACTERS_MAX = 1_000;
/** The highest number that CommonMark §5.2 reads as a list's. */
const ITEM_NUMBER_MAX = 999_999_999;
/** A picture this small is there to be counted, not to be seen. */
const PIXEL_SIZE_MAX = 2;
/** Style attributes of one mail that are kept parsed; newsletters repeat some hundred. */
const STYLES_KEPT_MAX = 2_000;

/** More than a body shows: text behind it would cost memory and be cut. */
const MARKDOWN_CHARACTERS_MAX = 5 * 1024 * 1024;
/** Classes of one element that selectors are held against. */
const CLASSES_MAX = 32;

class Converter {
  #out = new MarkdownText();
  readonly #sinks: MarkdownText[] = [];
  readonly #open: OpenElements;
  readonly #survey: HtmlSurvey;
  readonly #styles = new Map<string, Declarations>();
  readonly #hidden = new HiddenText();
  readonly #doubtful = new HiddenText();
  /** Elements that are in no other, where style sheets ask for them. */
  readonly #outermost: Selectable[] = [];
  /** Of each open list the number of its next item; null for one without numbers. */
  readonly #lists: (number | null)[] = [];
  /** The next item is the first of a list that is in no other. */
  #isFirstItem = true;
  /** The tables that are open; null for layout. */
  readonly #tables: (DataTable | null)[] = [];
  /** Attributes of the link that was ended last: where it goes on, it is not written again. */
  #writtenLink: ReadonlyMap<string, string> | null = null;
  #tablesSeen = 0;
  #skipping = 0;
  #inert = 0;
  #preformatted = 0;
  #invisibleCharacters = 0;
  #misleadingLinks = 0;

  constructor(survey: HtmlSurvey) {
    this.#survey = survey;
    this.#open = new OpenElements({
      opened: (element) => this.#opened(element),
      closed: (element) => this.#closed(element),
      again: ({ name, attributes }) => ({
        ...this.#element(name, attributes),
        isAgain: attributes === this.#writtenLink,
      }),
      restyle: (element, parent) => this.#styleOf(element, parent),
    });
  }

  finish(): MarkdownOfHtml {
    this.#open.endAll();
    const markdown = this.#out.finish();
    return {
      markdown,
      hidden: this.#hidden.counts,
      doubtful: this.#doubtful.counts,
      invisibleCharacters: this.#invisibleCharacters,
      misleadingLinks: this.#misleadingLinks + this.#out.misleadingLinks,
    };
  }

  text(text: string): void {
    // Text in the head begins the body (HTML §13.2.6.4.4).
    if (this.#open.all.at(-1)?.name === 'head' && text.trim() !== '') this.#open.end('head');
    if (this.#skipping > 0) return;
    if (text.trim() !== '') this.#beginPage('');
    const { style } = this.#open;
    if (style.isHidden || this.#inert > 0) {
      this.#hidden.add(text);
      return;
    }
    if (this.#out.characters > MARKDOWN_CHARACTERS_MAX) return;
    if (style.isDoubtful) this.#doubtful.add(text);
    for (const piece of textPieces(text)) this.#show(withoutInvisible(piece), style.keepsLines);
  }

  #show({ text, left }: SeenText, keepsLines: boolean): void {
    this.#invisibleCharacters += left;
    if (/[^\s\u00a0]/.test(text)) this.#hidden.seen();
    if (!keepsLines || this.#preformatted > 0) {
      this.#out.text(text);
      return;
    }
    text.split(/\r\n?|\n/).forEach((line, index) => {
      if (index > 0) this.#out.lineBreak();
      this.#out.text(line);
    });
  }

  comment(text: string): void {
    if (this.#skipping === 0) this.#hidden.addComment(text);
  }

  #declarationsOf(style: string): Declarations {
    const known = this.#styles.get(style);
    if (known !== undefined) return known;
    const declarations = parseDeclarations(style);
    if (this.#styles.size < STYLES_KEPT_MAX) this.#styles.set(style, declarations);
    return declarations;
  }

  #element(name: string, attributes: ReadonlyMap<string, string>): OpenElement {
    const classes = (attributes.get('class') ?? '').split(/\s+/, CLASSES_MAX).filter((item) => item !== '');
    const selectable = {
      name,
      id: (attributes.get('id') ?? '').trim(),
      classes,
      attributes,
      before: this.#siblings(),
    };
    const style = this.#styleOf(selectable, this.#open.style);
    const isText = this.#skipping === 0 && this.#inert === 0 && !SKIPPED.has(name) && !INERT.has(name);
    this.#began(selectable);
    return { ...selectable, style, children: [], isAgain: false, isShown: isText && !style.isGone };
  }

  #siblings(): readonly Selectable[] {
    if (!this.#survey.stylesheet.asksForSiblings) return [];
    return [...(this.#open.all.at(-1)?.children ?? this.#outermost)];
  }

  /** Its own siblings are not kept: those after it have them. */
  #began(element: Selectable): void {
    if (!this.#survey.stylesheet.asksForSiblings) return;
    const siblings = this.#open.all.at(-1)?.children ?? this.#outermost;
    if (siblings.length >= SIBLINGS_MAX) siblings.shift();
    siblings.push({ ...element, before: [] });
  }

  #styleOf(element: Selectable, parent: Style): Style {
    // Nothing in an element that is gone can come back: it needs no style of its own.
    if (parent.isGone) return parent;
    const { stylesheet } = this.#survey;
    const { sure, possible } = stylesheet.match(element, this.#open.all);
    const style = element.attributes.get('style');
    const own = style === undefined ? [] : [this.#declarationsOf(style)];
    const computed = computeStyle(parent, element, [...sure, ...own]);
    if (possible !== null) {
      const other = computeStyle(parent, element, [...possible, ...own]);
      if (other.isHidden !== computed.isHidden) return inDoubt(computed.isHidden ? other : computed);
    }
    const isCut = stylesheet.isCut || isCutOff(element, style ?? '');
    return isCut ? inDoubt(computed) : computed;
  }

  /** Style sheets may be for the page itself, whose tags need not be written (HTML §13.1.2.4). */
  #beginPage(name: string): void {
    if (this.#survey.stylesheet.isEmpty || name === 'html' || this.#skipping > 0 || this.#inert > 0) return;
    if (!this.#open.has('html')) this.#open.push(this.#element('html', new Map()));
    if (name === 'head' || name === 'body' || HEAD_CONTENT.has(name) || this.#open.has('body')) return;
    this.#open.push(this.#element('body', new Map()));
  }

  start(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#open.endImplied(name);
    this.#beginPage(name);
    const element = this.#element(name, attributes);
    if (VOID.has(name)) {
      if (element.isShown) this.#showVoid(element);
    } else this.#open.push(element);
  }

  end(name: string): void {
    if (this.#open.end(name) || this.#skipping > 0 || this.#inert > 0) return;
    // HTML §13.2.6.4.7: `</p>` and `</br>` stand for an empty element.
    if (name === 'p') this.#out.paragraph();
    else if (name === 'br') this.#out.lineBreak();
  }

  #showVoid({ name, attributes, style }: OpenElement): void {
    if (name === 'br') this.#out.lineBreak();
    else if (name === 'hr') this.#out.rule();
    else if (name === 'img' && this.#preformatted === 0) this.#showPicture(attributes, style);
  }

  #showPicture(attributes: ReadonlyMap<string, string>, style: Style): void {
    const alt = withoutInvisible(
      (attributes.get('alt') ?? '').replace(/\s+/g, ' ').trim().slice(0, ALT_CHARACTERS_MAX),
    );
    const isPixel = ['width', 'height'].some((side) => {
      const size = Number.parseFloat(attributes.get(side) ?? '');
      return size <= PIXEL_SIZE_MAX;
    });
    // Colour and size of text do not hide a picture.
    const isHidden = isPixel || style.isTiny || !style.isVisible || style.opacity <= OPACITY_MAX;
    if (isHidden) this.#hidden.add(alt.text);
    else if (this.#out.isInLink)
      this.#out.text(alt.text === '' ? (this.#out.linkHasText ? '' : 'image') : `image: ${alt.text}`);
    else if (alt.text !== '') this.#out.text(`[image: ${alt.text}]`);
  }

  #opened(element: OpenElement): void {
    const { name } = element;
    if (name === 'table') this.#tablesSeen += 1;
    if (SKIPPED.has(name)) this.#skipping += 1;
    if (INERT.has(name)) this.#inert += 1;
    if (element.isShown) this.#showStart(element);
  }

  #closed(element: OpenElement): void {
    if (element.isShown) this.#showEnd(element);
    if (SKIPPED.has(element.name)) this.#skipping -= 1;
    if (INERT.has(element.name)) this.#inert -= 1;
  }

  #showStart(element: OpenElement): void {
    const { name, attributes, isAgain } = element;
    const out = this.#out;
    if (PARAGRAPHS.has(name)) out.paragraph();
    else if (LINES.has(name) || element.style.isBlock) out.line();
    if (name === 'ul' || name === 'ol' || name === 'menu') this.#startList(name, attributes);
    else if (name === 'li') this.#startItem(attributes);
    else if (name === 'table') this.#startTable();
    else if (name === 'tr') this.#tables.at(-1)?.row();
    else if (name === 'td' || name === 'th') this.#startCell();
    else if (name === 'blockquote') out.quote();
    else if (name === 'pre') this.#startPreformatted();
    else if (HEADINGS.has(name)) out.heading(Number(name.slice(1)));
    else if (name === 'a') out.startLink(isAgain ? '' : usableLink(attributes.get('href') ?? ''));
    else this.#showMark(name, 1);
  }

  #showEnd(element: OpenElement): void {
    const { name } = element;
    if (name === 'ul' || name === 'ol' || name === 'menu') this.#endList();
    else if (name === 'li') this.#out.endItem();
    else if (name === 'table') this.#endTable();
    else if (name === 'td' || name === 'th') this.#endCell(element);
    else if (name === 'blockquote') this.#out.endQuote();
    else if (name === 'pre') this.#endPreformatted();
    else if (HEADINGS.has(name)) this.#out.endHeading();
    else if (name === 'a') this.#endLink(element);
    else this.#showMark(name, -1);
    if (PARAGRAPHS.has(name)) this.#out.paragraph();
    else if (LINES.has(name) || element.style.isBlock) this.#out.line();
  }

  #showMark(name: string, step: 1 | -1): void {
    const emphasis = EMPHASIS.get(name);
    if (emphasis !== undefined) this.#out.emphasize(emphasis, step);
    else if (CODE.has(name)) this.#out.code(step);
    else if (name === 'q') this.#out.text('"');
  }

  #endLink({ attributes }: OpenElement): void {
    if (this.#out.endLink()) this.#writtenLink = attributes;
  }

  #startPreformatted(): void {
    if (this.#preformatted === 0) this.#out.startPreformatted();
    this.#preformatted += 1;
  }

  #endPreformatted(): void {
    this.#preformatted -= 1;
    if (this.#preformatted === 0) this.#out.endPreformatted();
  }

  #startList(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#isFirstItem = this.#lists.length === 0;
    if (this.#isFirstItem) this.#out.paragraph();
    else this.#out.line();
    const start = Number.parseInt(attributes.get('start') ?? '1', 10);
    this.#lists.push(name === 'ol' ? itemNumber(start, 1) : null);
  }

  #endList(): void {
    this.#out.line();
    this.#lists.pop();
    if (this.#lists.length === 0) this.#out.paragraph();
  }

  #startItem(attributes: ReadonlyMap<string, string>): void {
    const next = this.#lists.at(-1) ?? null;
    const options = { standsClose: !this.#isFirstItem };
    this.#isFirstItem = false;
    if (next === null) {
      this.#out.item('- ', options);
      return;
    }
    const number = itemNumber(Number.parseInt(attributes.get('value') ?? '', 10), next);
    this.#lists[this.#lists.length - 1] = number + 1;
    this.#out.item(`${number}. `, options);
  }

  #startTable(): void {
    const isData = this.#survey.isDataTable[this.#tablesSeen - 1] === true && this.#preformatted === 0;
    this.#tables.push(isData ? new DataTable() : null);
  }

  #endTable(): void {
    const table = this.#tables.pop() ?? null;
    if (table !== null) this.#out.lines(table.lines());
  }

  #startCell(): void {
    if ((this.#tables.at(-1) ?? null) === null) return;
    this.#sinks.push(this.#out);
    this.#out = new MarkdownText({ isCell: true });
  }

  #endCell({ name, attributes }: OpenElement): void {
    const table = this.#tables.at(-1) ?? null;
    const outer = table === null ? undefined : this.#sinks.pop();
    if (table === null || outer === undefined) return;
    const text = this.#out.finish().replace(/\s*\n\s*/g, ' ');
    this.#misleadingLinks += this.#out.misleadingLinks;
    this.#out = outer;
    const span = Number.parseInt(attributes.get('colspan') ?? '1', 10);
    table.cell(text, { isHeader: name === 'th', span });
  }
}

/** Whether more is written of its style than is read. */
function isCutOff({ classes }: Selectable, style: string): boolean {
  return classes.length >= CLASSES_MAX || style.length >= STYLE_ATTRIBUTE_CHARACTERS_MAX;
}

function itemNumber(number: number, otherwise: number): number {
  return number >= 0 && number < ITEM_NUMBER_MAX ? number : Math.min(otherwise, ITEM_NUMBER_MAX);
}

/** Turns HTML into Markdown. Never throws; linear in its characters. */
export function htmlToMarkdown(html: string): MarkdownOfHtml {
  const survey = surveyHtml(html);
  const converter = new Converter(survey);
  readHtmlTokens(html, converter, survey.stylesheet.attributes);
  return converter.finish();
}
