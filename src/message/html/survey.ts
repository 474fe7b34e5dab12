/**
 * A first look over a mail's HTML: its style sheets, which may stand behind what they hide, and which
 * of its tables hold data and which only place things on the page.
 */
import { Stylesheet } from './css-stylesheet.ts';
import { readHtmlTokens } from './tokens.ts';

export interface HtmlSurvey {
  readonly stylesheet: Stylesheet;
  /** Of each `<table>` tag, in order: it holds data. */
  readonly isDataTable: readonly boolean[];
}

/** Data in cells is short; prose in two columns is layout. Names, addresses and descriptions fit. */
const CELL_CHARACTERS_MAX = 400;
/** Without any sign that they are data, cells must be shorter to be taken for it. */
const PLAIN_CELL_CHARACTERS_MAX = 80;
/** A wider table is no table that a person reads. */
const COLUMNS_MAX = 50;
/** Tables inside each other that are looked at; those deeper are layout. */
const OPEN_TABLES_MAX = 200;

/** Blocks that make a cell a place on the page. A paragraph or a `div` alone does not: Word writes one in each. */
const LAYOUT_BLOCKS: ReadonlySet<string> = new Set([
  'ul',
  'ol',
  'dl',
  'blockquote',
  'pre',
  'hr',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'form',
]);

class TableSurvey {
  readonly index: number;
  readonly #isPresentation: boolean;
  #hasDataSign: boolean;
  #isLayout = false;
  #rows = 0;
  #columns = 0;
  #columnsOfFirst = 0;
  #isEven = true;
  #cells = 0;
  #cellsWithText = 0;
  #longestCell = 0;
  #cellCharacters = -1;
  #hasImage = false;

  constructor(index: number, attributes: ReadonlyMap<string, string>) {
    this.index = index;
    this.#isPresentation = /^(?:presentation|none)$/i.test((attributes.get('role') ?? '').trim());
    this.#hasDataSign = Number.parseInt(attributes.get('border') ?? '0', 10) > 0;
  }

  contains(name: string): void {
    if (name === 'table' || LAYOUT_BLOCKS.has(name)) this.#isLayout = true;
    else if (name === 'thead' || name === 'caption') this.#hasDataSign = true;
    else if (name === 'img') this.#hasImage = true;
  }

  row(): void {
    this.#endRow();
    this.#rows += 1;
  }

  cell(name: string, attributes: ReadonlyMap<string, string>): void {
    this.#endCell();
    if (this.#rows === 0) this.#rows = 1;
    const span = Number.parseInt(attributes.get('colspan') ?? '1', 10);
    this.#columns += span > 0 && span <= COLUMNS_MAX ? span : 1;
    this.#cells += 1;
    this.#cellCharacters = 0;
    const style = attributes.get('style') ?? '';
    if (name === 'th' || attributes.has('scope') || /(?:^|[;\s])border:\s*[1-9.]/i.test(style))
      this.#hasDataSign = true;
  }

  text(text: string): void {
    if (this.#cellCharacters < 0 || this.#cellCharacters > CELL_CHARACTERS_MAX) return;
    // A cell is judged by its first characters: what is longer is layout whatever follows.
    this.#cellCharacters += text
      .slice(0, CELL_CHARACTERS_MAX * 4)
      .replace(/[\s\u00a0]+/g, ' ')
      .trim().length;
  }

  #endCell(): void {
    if (this.#cellCharacters > 0) this.#cellsWithText += 1;
    this.#longestCell = Math.max(this.#longestCell, this.#cellCharacters);
    this.#cellCharacters = -1;
  }

  #endRow(): void {
    this.#endCell();
    if (this.#columns === 0) return;
    if (this.#columnsOfFirst === 0) this.#columnsOfFirst = this.#columns;
    else if (this.#columns !== this.#columnsOfFirst) this.#isEven = false;
    this.#columns = 0;
  }

  /**
   * Layout: said so, around another table, with blocks or prose in its cells, of one column or row.
   * Data: a header cell, `thead`, `caption`, `scope` or borders; or, without a sign, rows of equal
   * length with short text in most cells and no picture.
   */
  isData(): boolean {
    const widest = Math.max(this.#columnsOfFirst, this.#columns);
    this.#endRow();
    if (this.#isPresentation || this.#isLayout) return false;
    if (widest < 2 || widest > COLUMNS_MAX || this.#longestCell > CELL_CHARACTERS_MAX) return false;
    if (this.#rows < 2 || this.#cellsWithText < 2) return false;
    if (this.#hasDataSign) return true;
    return (
      this.#isEven &&
      !this.#hasImage &&
      this.#longestCell <= PLAIN_CELL_CHARACTERS_MAX &&
      this.#cellsWithText * 4 >= this.#cells * 3
    );
  }
}

class Surveyor {
  readonly stylesheet: Stylesheet = new Stylesheet();
  readonly isDataTable: boolean[] = [];
  readonly #tables: TableSurvey[] = [];
  #inStyle: string | null = null;
  /** Open `<template>` and `<noscript>`: style in them is none. */
  #inert = 0;

  text(text: string): void {
    if (this.#inStyle !== null) {
      if (this.#inert === 0) this.stylesheet.add(text, this.#inStyle);
      return;
    }
    this.#tables.at(-1)?.text(text);
  }

  start(name: string, attributes: ReadonlyMap<string, string>): void {
    if (name === 'style') this.#inStyle = attributes.get('media') ?? '';
    else if (name === 'template' || name === 'noscript') this.#inert += 1;
    const table = this.#tables.at(-1);
    if (name === 'table') {
      table?.contains(name);
      this.isDataTable.push(false);
      if (this.#tables.length < OPEN_TABLES_MAX)
        this.#tables.push(new TableSurvey(this.isDataTable.length - 1, attributes));
    } else if (table === undefined) return;
    else if (name === 'tr') table.row();
    else if (name === 'td' || name === 'th') table.cell(name, attributes);
    else table.contains(name);
  }

  end(name: string): void {
    if (name === 'style') this.#inStyle = null;
    else if (name === 'template' || name === 'noscript') this.#inert = Math.max(0, this.#inert - 1);
    else if (name === 'table') this.#endTable();
  }

  #endTable(): void {
    const table = this.#tables.pop();
    if (table !== undefined) this.isDataTable[table.index] = table.isData();
  }

  comment(): void {}

  finish(): void {
    while (this.#tables.length > 0) this.#endTable();
  }
}

/** Looks over a mail. Never throws; linear; skipped where there is neither a table nor a style sheet. */
export function surveyHtml(html: string): HtmlSurvey {
  const surveyor = new Surveyor();
  if (/<(?:table|style)/i.test(html)) readHtmlTokens(html, surveyor);
  surveyor.finish();
  return surveyor;
}
