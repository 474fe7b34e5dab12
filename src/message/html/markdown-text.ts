/**
 * Markdown as it grows: lines with their prefixes, paragraphs, and inline marks that vanish when
 * nothing stands between them.
 *
 * Every call costs what it adds. Depth of quotes and lists is bounded, a mark is opened once a line at
 * most, and a link is written once, so that nesting cannot make the text much larger than its source.
 */
import { isMisleadingLink, linkPlace } from './link.ts';
import { escapeMarkdown } from './markdown-escape.ts';

/** Deeper quotes and lists stay at this depth. */
const PREFIX_DEPTH_MAX = 16;

export type Emphasis = 'strong' | 'emphasis' | 'strike';
const MARKS: Readonly<Record<Emphasis, string>> = { strong: '**', emphasis: '*', strike: '~~' };
const EMPHASES: readonly Emphasis[] = ['strong', 'emphasis', 'strike'];

interface Link {
  readonly href: string;
  /** It stands in the text already; what follows of it is plain. */
  isWritten: boolean;
  /** Where in the line it begins, and what its text says without marks. */
  at: number;
  readonly texts: string[];
}

interface Prefix {
  /** Of the first line; `""` once that is written. */
  first: string;
  readonly rest: string;
}

/** Text on a screen has no difference between these. */
const WHITE_SPACE = /[ \t\r\n\f\u00a0]+/g;

export interface MarkdownTextOptions {
  /** One line of inline text: no block begins in it. */
  readonly isCell: boolean;
}

export class MarkdownText {
  readonly #isCell: boolean;
  readonly #lines: string[] = [];
  #characters = 0;
  /** Pieces of the line that is being written. */
  #line: string[] = [];
  #startsLine = true;
  #spaceDue = false;
  #blankDue = false;
  readonly #prefixes: Prefix[] = [];
  /** Quotes and lists that are open beyond what is shown. */
  #prefixesBeyond = 0;
  /** How many prefixes an empty line has in common with both its neighbours. */
  #commonDepth = 0;
  readonly #wanted: Record<Emphasis, number> = { strong: 0, emphasis: 0, strike: 0 };
  #link: Link | null = null;
  readonly #opened: (Emphasis | Link)[] = [];
  #codeDepth = 0;
  #code: string[] = [];
  #spaceBeforeCode = false;
  #heading = 0;
  #headingMark = '';
  #preformatted: string[] | null = null;
  /** Links whose text named another place. */
  misleadingLinks = 0;

  constructor(options: MarkdownTextOptions = { isCell: false }) {
    this.#isCell = options.isCell;
  }

  get #isLineEmpty(): boolean {
    return this.#line.length === 0;
  }

  #takePrefix(): string {
    return this.#prefixes
      .map((prefix) => {
        const mark = prefix.first === '' ? prefix.rest : prefix.first;
        prefix.first = '';
        return mark;
      })
      .join('');
  }

  #pushBlank(): void {
    const common = this.#prefixes.slice(0, this.#commonDepth).map(({ rest }) => rest);
    this.#pushLine(common.join(''));
  }

  #pushLine(line: string): void {
    this.#lines.push(line.trimEnd());
    this.#characters += line.length;
  }

  /** How long the text is, without the line that is being written. */
  get characters(): number {
    return this.#characters;
  }

  #beginLine(): void {
    if (!this.#isLineEmpty) return;
    if (this.#blankDue && this.#lines.length > 0) this.#pushBlank();
    this.#blankDue = false;
    this.#spaceDue = false;
    this.#line.push(`${this.#takePrefix()}${this.#headingMark}`);
    this.#startsLine = this.#headingMark === '';
    this.#headingMark = '';
    this.#commonDepth = this.#prefixes.length;
  }

  #isWanted(mark: Emphasis | Link): boolean {
    if (typeof mark !== 'string') return mark === this.#link;
    return this.#wanted[mark] > 0 && !(mark === 'strong' && this.#heading > 0);
  }

  #closeFrom(index: number): void {
    while (this.#opened.length > index) {
      const mark = this.#opened.pop();
      if (mark === undefined) return;
      if (typeof mark === 'string') this.#line.push(MARKS[mark]);
      else this.#closeLink(mark);
    }
  }

  #closeLink(link: Link): void {
    const text = link.texts.join('').replaceAll('`', '');
    const place = linkPlace(link.href);
    if (text === link.href || `mailto:${text}` === link.href) {
      // `Ann <ann@a.test>` with a link between its brackets needs no others.
      const before = this.#line[link.at - 1] ?? '';
      const isInBrackets = before.endsWith('\\<');
      if (isInBrackets) this.#line[link.at - 1] = before.replace(/\\<$/, '<');
      this.#line.splice(link.at, Number.POSITIVE_INFINITY, isInBrackets ? text : `<${text}>`);
    } else if (isMisleadingLink(text, link.href)) {
      this.#line[link.at] = '';
      this.#line.push(` ([${place}](${link.href}))`);
      this.misleadingLinks += 1;
    } else this.#line.push(`](${link.href})`);
  }

  /** Closes marks that are over, writes the space that is due, opens marks that are wanted. */
  #syncMarks(): void {
    const over = this.#opened.findIndex((mark) => !this.#isWanted(mark));
    if (over >= 0) this.#closeFrom(over);
    // `**a***b*` would be read in another way: what follows a mark at once is written without one.
    const marksTouch = over >= 0 && !this.#spaceDue && /[*~]$/.test(this.#line.at(-1) ?? '');
    if (this.#spaceDue) {
      this.#line.push(' ');
      const inside = this.#opened.at(-1);
      if (inside !== undefined && typeof inside !== 'string') inside.texts.push(' ');
    }
    this.#spaceDue = false;
    const link = this.#link;
    if (link !== null && !link.isWritten) {
      link.isWritten = true;
      link.at = this.#line.push('[') - 1;
      this.#opened.push(link);
      this.#startsLine = false;
    }
    for (const mark of marksTouch ? [] : EMPHASES) {
      if (!this.#isWanted(mark) || this.#opened.includes(mark)) continue;
      this.#opened.push(mark);
      this.#line.push(MARKS[mark]);
      this.#startsLine = false;
    }
  }

  #isInLink(): boolean {
    return this.#link !== null && this.#opened.includes(this.#link);
  }

  /** Writes text, which is escaped, or code, which is not. */
  #write(piece: string, options: { readonly isCode: boolean; readonly spaceFollows: boolean }): void {
    this.#beginLine();
    this.#syncMarks();
    const inLink = this.#isInLink();
    const place = {
      startsLine: this.#startsLine && !this.#isCell,
      before: (this.#line.at(-1)?.at(-1) ?? '').trim(),
      // A mark that is open may be closed right behind it.
      spaceFollows: options.spaceFollows && this.#opened.length === 0,
      inLink,
    };
    const written = options.isCode ? piece : escapeMarkdown(piece, place);
    this.#line.push(written);
    if (inLink) this.#link?.texts.push(piece);
    this.#startsLine = false;
  }

  #flushCode(): void {
    if (this.#code.length === 0) return;
    const code = this.#code.join('');
    this.#code = [];
    const spaceAfter = this.#spaceDue;
    this.#spaceDue = this.#spaceBeforeCode;
    // With more ticks around it the line could be taken for a fence.
    if (longestRun(code) > 1) {
      this.#write(code, { isCode: false, spaceFollows: spaceAfter });
      this.#spaceDue = spaceAfter;
      return;
    }
    const fence = code.includes('`') ? '``' : '`';
    const padding = /^`|`$/.test(code) ? ' ' : '';
    this.#write(`${fence}${padding}${code}${padding}${fence}`, { isCode: true, spaceFollows: false });
    this.#spaceDue = spaceAfter;
  }

  /** Adds text; white space is one space. */
  text(text: string): void {
    if (this.#preformatted !== null) {
      this.#preformatted.push(text);
      return;
    }
    const collapsed = text.replace(WHITE_SPACE, ' ');
    const hasSpaceBefore = collapsed.startsWith(' ');
    const isInCode = this.#code.length > 0;
    if (hasSpaceBefore && (isInCode || !this.#isLineEmpty)) this.#spaceDue = true;
    if (collapsed === ' ' || collapsed === '') return;
    const spaceFollows = collapsed.endsWith(' ');
    const piece = collapsed.slice(hasSpaceBefore ? 1 : 0, spaceFollows ? -1 : undefined);
    if (this.#codeDepth === 0) this.#write(piece, { isCode: false, spaceFollows });
    else {
      // The space before code is written with it, when it is whole.
      if (!isInCode) this.#spaceBeforeCode = this.#spaceDue;
      else if (this.#spaceDue) this.#code.push(' ');
      this.#code.push(piece);
    }
    this.#spaceDue = spaceFollows;
  }

  /** Begins (1) or ends (-1) emphasis; inside its own kind nothing changes. */
  emphasize(mark: Emphasis, step: 1 | -1): void {
    this.#flushCode();
    this.#wanted[mark] += step;
  }

  /** Begins (1) or ends (-1) code, in which nothing is escaped. */
  code(step: 1 | -1): void {
    if (step === -1 && this.#codeDepth === 1) this.#flushCode();
    this.#codeDepth += step;
  }

  /** Begins a link; `""` is one that cannot be followed, and no mark. */
  startLink(href: string): void {
    this.#flushCode();
    this.#link = href === '' ? null : { href, isWritten: false, at: 0, texts: [] };
  }

  /** @returns Whether it was written, which happens once. */
  endLink(): boolean {
    this.#flushCode();
    const isWritten = this.#link?.isWritten ?? false;
    this.#link = null;
    return isWritten;
  }

  /** A link that can be followed is open. */
  get isInLink(): boolean {
    return this.#link !== null;
  }

  /** Whether text has been written into the link that is open. */
  get linkHasText(): boolean {
    return this.#link === null || this.#link.isWritten || this.#code.length > 0;
  }

  /** Ends the line that is being written, if there is one. */
  line(): void {
    if (this.#preformatted !== null) {
      const last = this.#preformatted.at(-1);
      if (last !== undefined && !last.endsWith('\n')) this.#preformatted.push('\n');
      return;
    }
    this.#flushCode();
    if (this.#isLineEmpty) return;
    this.#closeFrom(0);
    this.#pushLine(this.#line.join(''));
    this.#line = [];
    this.#spaceDue = false;
  }

  /** Ends the line; twice makes an empty one. A heading is one line, so there it is a space. */
  lineBreak(): void {
    if (this.#preformatted !== null) this.#preformatted.push('\n');
    else if (this.#heading > 0 && !this.#isLineEmpty) this.#spaceDue = true;
    else if (this.#isLineEmpty && this.#code.length === 0) this.#wantBlank();
    else this.line();
  }

  /** An empty line before what follows. */
  paragraph(): void {
    this.line();
    if (this.#preformatted === null) this.#wantBlank();
  }

  #wantBlank(): void {
    // The first paragraph of an item stands behind its mark.
    if ((this.#prefixes.at(-1)?.first ?? '') !== '') return;
    this.#blankDue = true;
    this.#commonDepth = Math.min(this.#commonDepth, this.#prefixes.length);
  }

  rule(): void {
    if (this.#preformatted !== null) return;
    this.lines(['---']);
  }

  heading(level: number): void {
    this.paragraph();
    this.#heading += 1;
    if (this.#preformatted === null) this.#headingMark = `${'#'.repeat(level)} `;
  }

  endHeading(): void {
    this.paragraph();
    this.#heading -= 1;
    this.#headingMark = '';
  }

  /** Lines that are Markdown already, as a block of their own. */
  lines(lines: readonly string[]): void {
    this.paragraph();
    const marks = this.#headingMark;
    this.#headingMark = '';
    for (const line of lines) {
      this.#beginLine();
      this.#line.push(line);
      this.line();
    }
    this.#headingMark = marks;
    this.paragraph();
  }

  #pushPrefix(prefix: Prefix): void {
    if (this.#prefixes.length < PREFIX_DEPTH_MAX) this.#prefixes.push(prefix);
    else this.#prefixesBeyond += 1;
  }

  #popPrefix(): void {
    if (this.#prefixesBeyond > 0) this.#prefixesBeyond -= 1;
    else this.#prefixes.pop();
    this.#commonDepth = Math.min(this.#commonDepth, this.#prefixes.length);
  }

  quote(): void {
    this.paragraph();
    this.#pushPrefix({ first: '', rest: '> ' });
  }

  endQuote(): void {
    this.line();
    this.#popPrefix();
    this.paragraph();
  }

  /** Begins an item of a list: close to the one before, or behind an empty line if one is due. */
  item(mark: string, options: { readonly standsClose: boolean }): void {
    this.line();
    if (options.standsClose) this.#blankDue = false;
    this.#pushPrefix({ first: mark, rest: ' '.repeat(mark.length) });
  }

  endItem(): void {
    this.line();
    this.#popPrefix();
  }

  startPreformatted(): void {
    this.paragraph();
    this.#preformatted = [];
  }

  endPreformatted(): void {
    const text = (this.#preformatted ?? []).join('').replaceAll('\u00a0', ' ').replace(/\r\n?/g, '\n');
    this.#preformatted = null;
    const lines = text.split('\n').map((line) => line.trimEnd());
    const first = lines.findIndex((line) => line !== '');
    if (first < 0) return;
    const shown = lines.slice(first, lines.findLastIndex((line) => line !== '') + 1);
    const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
    this.lines([fence, ...shown, fence]);
  }

  /** The text: no empty line at either end, no white space at the ends of lines. */
  finish(): string {
    this.line();
    return this.#lines.join('\n').replace(/^\n+/, '').trimEnd();
  }
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
