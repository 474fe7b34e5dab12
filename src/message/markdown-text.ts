/**
 * Markdown as it grows: lines with their prefixes, paragraphs, and inline marks that vanish when
 * nothing stands between them.
 *
 * Every call costs what it adds; depth of quotes and lists is bounded, so that nesting cannot make the
 * text larger than its source.
 */

/** Deeper quotes and lists stay at this depth. */
const PREFIX_DEPTH_MAX = 16;
/** `[`, `**` and the like that wait for text. More are dropped: they come from nesting, not from writers. */
const WAITING_MARKS_MAX = 64;

export class MarkdownText {
  readonly #lines: string[] = [];
  /** Pieces of the line that is being written. */
  #line: string[] = [];
  #spaceDue = false;
  #blankDue = false;
  /** Quote depth that an empty line, when it is due, has in common with both its neighbours. */
  #blankQuotes = 0;
  #marks: string[] = [];
  #itemMark = '';
  #quotes = 0;
  #lists = 0;

  get #isLineEmpty(): boolean {
    return this.#line.length === 0;
  }

  #prefix(): string {
    const quotes = '> '.repeat(Math.min(this.#quotes, PREFIX_DEPTH_MAX));
    const indentation = '  '.repeat(Math.max(0, Math.min(this.#lists, PREFIX_DEPTH_MAX) - 1));
    // Further lines of an item stand below its text.
    const item = this.#itemMark !== '' ? this.#itemMark : this.#lists > 0 ? '  ' : '';
    this.#itemMark = '';
    return `${quotes}${indentation}${item}`;
  }

  #beginLine(): void {
    if (!this.#isLineEmpty) return;
    if (this.#blankDue && this.#lines.length > 0) {
      const depth = Math.min(this.#blankQuotes, this.#quotes, PREFIX_DEPTH_MAX);
      this.#lines.push('> '.repeat(depth).trimEnd());
    }
    this.#blankDue = false;
    this.#spaceDue = false;
    this.#line.push(this.#prefix());
  }

  /** Writes a piece with the space and the marks that were due before it. */
  #write(piece: string): void {
    this.#beginLine();
    if (this.#spaceDue) this.#line.push(' ');
    this.#spaceDue = false;
    if (this.#marks.length > 0) this.#line.push(...this.#marks.splice(0));
    this.#line.push(piece);
  }

  /** Adds text; white space is one space unless it is `verbatim`. */
  text(text: string, options: { readonly verbatim: boolean }): void {
    if (options.verbatim) {
      text.split('\n').forEach((line, index) => {
        if (index > 0) this.lineBreak();
        if (line !== '') this.#write(line);
      });
      return;
    }
    const collapsed = text.replace(/[ \t\r\n\f]+/g, ' ');
    if (collapsed === '') return;
    if (collapsed.startsWith(' ') && !this.#isLineEmpty) this.#spaceDue = true;
    if (collapsed === ' ') return;
    const piece = collapsed.slice(
      collapsed.startsWith(' ') ? 1 : 0,
      collapsed.endsWith(' ') ? -1 : undefined,
    );
    // A no-break space holds words together on a screen; here it is a space.
    this.#write(piece.replaceAll('\u00a0', ' '));
    this.#spaceDue = collapsed.endsWith(' ');
  }

  /** An opening mark, written with the text that follows. */
  mark(mark: string): void {
    if (this.#marks.length < WAITING_MARKS_MAX) this.#marks.push(mark);
  }

  /** Closes `opening`; where nothing was written since, both vanish. */
  endMark(opening: string, closing: string): void {
    if (this.#marks.at(-1) === opening) {
      this.#marks.pop();
      return;
    }
    if (!this.#isLineEmpty) this.#line.push(closing);
  }

  /** Ends the line that is being written, if there is one. */
  line(): void {
    if (this.#isLineEmpty) return;
    this.#lines.push(this.#line.join('').trimEnd());
    this.#line = [];
    this.#spaceDue = false;
  }

  /** Ends the line; twice makes an empty one. */
  lineBreak(): void {
    if (this.#isLineEmpty) this.#wantBlank();
    else this.line();
  }

  /** An empty line before what follows. */
  paragraph(): void {
    this.line();
    this.#marks = [];
    this.#wantBlank();
  }

  #wantBlank(): void {
    this.#blankQuotes = this.#blankDue ? Math.min(this.#blankQuotes, this.#quotes) : this.#quotes;
    this.#blankDue = true;
  }

  item(mark: string): void {
    this.line();
    this.#itemMark = mark;
  }

  /** A cell: separated from the one before it in the same line. */
  cell(): void {
    if (this.#isLineEmpty) return;
    this.#spaceDue = false;
    this.#line.push(' | ');
  }

  rule(): void {
    this.paragraph();
    this.#write('---');
    this.paragraph();
  }

  fence(): void {
    this.line();
    this.#write('```');
    this.line();
  }

  /** Goes one quote deeper (1) or out of it (-1). */
  quote(step: 1 | -1): void {
    this.line();
    this.#quotes += step;
  }

  /** Goes one list deeper (1) or out of it (-1). */
  list(step: 1 | -1): void {
    this.line();
    this.#lists += step;
    if (step === -1) this.#itemMark = '';
  }

  /** The text: no empty line at either end, no white space at the ends of lines. */
  finish(): string {
    this.line();
    return this.#lines.join('\n').replace(/^\n+|\n+$/g, '');
  }
}
