/** Durations and sizes as `config.toml` writes them. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

function measured(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d{1,15}) ?([a-zA-Z]+)$/.exec(text);
  const unit = match?.[2];
  const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (match === null || factor === undefined) return null;
  const value = Number(match[1]) * factor;
  return Number.isSafeInteger(value) ? value : null;
}

/** `"90s"`, `"35d"` → milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  return measured(text, DURATION_UNITS_MS);
}

/** `"25MiB"` → bytes; null for anything else. */
export function parseSize(text: string): number | null {
  return measured(text, SIZE_UNITS_BYTES);
}

function largestUnit(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, factor]) => value % factor === 0 && value >= factor);
  const [unit, factor] = fitting.reduce((a, b) => (b[1] > a[1] ? b : a), fitting[0] ?? ['', 1]);
  return `${value / factor}${unit}`;
}

/** Milliseconds in the largest unit that writes them whole: `90s`, `35d`. */
export function formatDuration(ms: number): string {
  return ms === 0 ? '0s' : largestUnit(ms, DURATION_UNITS_MS);
}

/** Bytes in the largest binary unit that writes them whole: `25MiB`. */
export function formatSize(bytes: number): string {
  const { B, KiB, MiB, GiB } = SIZE_UNITS_BYTES as Record<'B' | 'KiB' | 'MiB' | 'GiB', number>;
  return bytes === 0 ? '0B' : largestUnit(bytes, { B, KiB, MiB, GiB });
}
