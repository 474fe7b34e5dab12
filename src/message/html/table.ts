/** A table of data while its cells are read, and as the lines of a Markdown table. */

/** A cell that spans more columns is written as this many: nothing but space is lost. */
const SPAN_MAX = 20;

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

export class DataTable {
  /** The first row with text; the others are lines already. */
  #first: readonly string[] = [];
  readonly #others: string[] = [];
  #row: string[] = [];
  #columns = 0;
  #hasHeader = false;
  /** Below the first row: something to its right is a number, and each row has a name. */
  #hasNumbers = false;
  #hasNames = true;

  row(): void {
    const row = this.#row;
    this.#row = [];
    if (row.every((cell) => cell === '')) return;
    this.#columns = Math.max(this.#columns, row.length);
    if (this.#first.length === 0) {
      this.#first = row;
      return;
    }
    this.#others.push(line(row));
    if (row.slice(1).some((cell) => /\d/.test(cell))) this.#hasNumbers = true;
    if (row[0] === '') this.#hasNames = false;
  }

  /** @param text Markdown on one line. */
  cell(text: string, options: { readonly isHeader: boolean; readonly span: number }): void {
    if (options.isHeader && this.#first.length === 0) this.#hasHeader = true;
    // GFM §4.10: a pipe in a cell is escaped, in code as well.
    this.#row.push(text.replaceAll('|', '\\|'));
    for (let more = 1; more < Math.min(options.span, SPAN_MAX); more += 1) this.#row.push('');
  }

  /** A first row of words above named rows with numbers names its columns, whatever its cells are. */
  #firstRowNames(): boolean {
    return (
      this.#others.length >= 2 &&
      this.#hasNumbers &&
      this.#hasNames &&
      this.#first.every((cell) => cell !== '' && !/\d/.test(cell))
    );
  }

  /** Lines of GFM §4.10, which asks for a header row: an empty one where the table has none. */
  lines(): readonly string[] {
    this.row();
    if (this.#first.length === 0) return [];
    const isHeader = this.#hasHeader || this.#firstRowNames();
    const header = Array.from({ length: this.#columns }, (_, at) =>
      isHeader ? (this.#first[at] ?? '') : '',
    );
    const rule = line(header.map(() => '---'));
    return [line(header), rule, ...(isHeader ? [] : [line(this.#first)]), ...this.#others];
  }
}
