/** A table of data while its cells are read, and as the lines of a Markdown table. */

/** A cell that spans more columns is written as this many: nothing but space is lost. */
const SPAN_MAX = 20;

export class DataTable {
  readonly #rows: string[][] = [];
  #row: string[] | null = null;
  #hasHeader = false;

  row(): void {
    this.#row = [];
    this.#rows.push(this.#row);
  }

  /** @param text Markdown on one line. */
  cell(text: string, options: { readonly isHeader: boolean; readonly span: number }): void {
    if (this.#row === null) this.row();
    if (options.isHeader && this.#rows.length === 1) this.#hasHeader = true;
    // GFM §4.10: a pipe in a cell is escaped, in code as well.
    this.#row?.push(text.replaceAll('|', '\\|'));
    for (let more = 1; more < Math.min(options.span, SPAN_MAX); more += 1) this.#row?.push('');
  }

  /** A first row of words above rows with numbers names its columns, whatever its cells are called. */
  #firstRowNames(rows: readonly (readonly string[])[]): boolean {
    const [first = [], ...others] = rows;
    return (
      first.every((cell) => cell !== '' && !/\d/.test(cell)) &&
      others.some((row) => row.slice(1).some((cell) => /\d/.test(cell))) &&
      others.every((row) => row[0] !== '' || row.length < 2) &&
      others.length >= 2
    );
  }

  /** Lines of GFM §4.10, which asks for a header row: an empty one where the table has none. */
  lines(): readonly string[] {
    const rows = this.#rows.filter((row) => row.some((cell) => cell !== ''));
    if (rows.length === 0) return [];
    const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
    const hasHeader = this.#hasHeader || this.#firstRowNames(rows);
    const header = hasHeader ? (rows[0] ?? []) : [];
    const padded = [...header, ...Array.from({ length: columns - header.length }, () => '')];
    return [
      line(padded),
      line(padded.map(() => '---')),
      ...rows.slice(hasHeader ? 1 : 0).map((row) => line(row)),
    ];
  }
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
