/** Tables for people: aligned, cut to the terminal's width. */
import { safeLine } from './safe-text.ts';
import type { Terminal } from './terminal.ts';
import { cutMiddle, fitWidth, textWidth } from './text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Gives way first when the table is too wide; may shrink to this many columns. */
  readonly shrinkTo?: number;
  /** It is there to be copied: cut only when all others have shrunk and left, and then in its middle. */
  readonly isLastCut?: boolean;
  /** Left out, the highest number first, where the table is too wide even when all has shrunk. */
  readonly leaveOut?: number;
  readonly style?: (row: Row) => Parameters<Terminal['style']>[0] | null;
}

const GAP = '  ';

/** Columns of this `leaveOut` and above go before another is cut in its middle. */
const LEAVES_BEFORE_A_CUT = 3;

/** What is cut last keeps its width until nothing else can give way. */
function fitColumns(
  widths: readonly number[],
  columns: readonly Column<never>[],
  total: number,
): readonly number[] {
  const least = columns.map(({ shrinkTo }) => shrinkTo ?? Number.POSITIVE_INFINITY);
  const spared = least.map((width, index) =>
    columns[index]?.isLastCut === true ? Number.POSITIVE_INFINITY : width,
  );
  return shrink(shrink(widths, spared, total), least, total);
}

/** Takes columns from the widest that is wider than its least, until all fit. */
function shrink(widths: readonly number[], least: readonly number[], total: number): readonly number[] {
  const fitted = [...widths];
  let excess = fitted.reduce((sum, width) => sum + width, GAP.length * (fitted.length - 1)) - total;
  while (excess > 0) {
    let widest = -1;
    for (const [index, width] of fitted.entries())
      if (width > (least[index] ?? 0) && width > (fitted[widest] ?? 0)) widest = index;
    if (widest === -1) break;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
    excess -= 1;
  }
  return fitted;
}

/** The columns that a terminal has room for. What names a row is never cut: it is there to be copied. */
function columnsThatFit<Row>(
  columns: readonly Column<Row>[],
  widthOf: (column: Column<Row>) => number,
  total: number,
): readonly Column<Row>[] {
  const [last] = columns
    .filter(({ leaveOut }) => leaveOut !== undefined)
    .sort((a, b) => (b.leaveOut ?? 0) - (a.leaveOut ?? 0));
  // What is cut last stays whole while a column that says less can go.
  const leastOf = (column: Column<Row>): number =>
    column.isLastCut === true && (last?.leaveOut ?? 0) >= LEAVES_BEFORE_A_CUT
      ? widthOf(column)
      : Math.min(widthOf(column), column.shrinkTo ?? Number.POSITIVE_INFINITY);
  const least = columns.reduce((sum, column) => sum + leastOf(column), GAP.length * (columns.length - 1));
  if (least <= total || last === undefined) return columns;
  return columnsThatFit(
    columns.filter((column) => column !== last),
    widthOf,
    total,
  );
}

/** @returns the whole table with its heading, each line ending in LF; values are made safe for a terminal. */
export function formatTable<Row>(
  rows: readonly Row[],
  everyColumn: readonly Column<Row>[],
  terminal: Pick<Terminal, 'columns' | 'style'>,
): string {
  const widthOf = (column: Column<Row>): number =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(safeLine(column.value(row)))));
  const columns = columnsThatFit(everyColumn, widthOf, terminal.columns);
  const cells = rows.map((row) => columns.map((column) => safeLine(column.value(row))));
  const widths = columns.map(widthOf);
  const fitted = fitColumns(widths, columns as readonly Column<never>[], terminal.columns);
  const last = columns.length - 1;
  const place = (text: string, index: number): string => {
    const cut = columns[index]?.isLastCut === true ? cutMiddle : fitWidth;
    const fit = cut(text, fitted[index] ?? 0);
    return index === last ? fit.trimEnd() : fit;
  };
  const heading = columns.map((column, index) => terminal.style('dim', place(column.title, index))).join(GAP);
  const lines = cells.map((line, row) =>
    columns
      .map((column, index) => {
        const style = column.style?.(rows[row] as Row) ?? null;
        const text = place(line[index] ?? '', index);
        return style === null ? text : terminal.style(style, text);
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${[heading, ...lines].join('\n')}\n`;
}
