/** One measured figure and what it was to be. */

export interface Figure {
  readonly name: string;
  /** `null` where it could not be measured; `note` says why. */
  readonly value: number | null;
  readonly unit: 'msgs/s' | '×' | 'ms' | 'MB' | 's' | 'starts/s';
  readonly target: { readonly atMost: number } | { readonly atLeast: number } | null;
  /** How it was taken, or why it was not. */
  readonly note?: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly tables: readonly Table[];
  /** Every single measurement, for the JSON file. */
  readonly data: unknown;
}

export type Standing = 'reached' | 'missed' | 'not measured' | '';

export function standingOf({ value, target }: Figure): Standing {
  if (target === null) return '';
  if (value === null || Number.isNaN(value)) return 'not measured';
  return ('atMost' in target ? value <= target.atMost : value >= target.atLeast) ? 'reached' : 'missed';
}

/** Three significant digits, and no exponent. */
export function formatNumber(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function formatTarget({ target, unit }: Figure): string {
  if (target === null) return '';
  return 'atMost' in target ? `≤ ${target.atMost} ${unit}` : `≥ ${target.atLeast} ${unit}`;
}
