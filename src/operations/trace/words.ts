/** Figures as people read them. */

/** `850 bytes`, `2.1 KiB`, `25 MiB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return plural(bytes, 'byte', 'bytes');
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KiB'] : [bytes / (1024 * 1024), 'MiB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `3 ms`, `2.4 s`, `5 min 10 s`, `2 h 5 min`, `3 d 4 h`. Negative where a clock has gone back. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return twoUnits(minutes, 'min', Math.floor(seconds) % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return twoUnits(hours, 'h', minutes % 60, 'min');
  return twoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function twoUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** `code: The sentence` without its code, to stand behind a colon: `the sentence`. */
export function sentenceOf(reason: string): string {
  const sentence = reason.replace(/^[a-z][a-z_-]*: /, '');
  return sentence.replace(/^[A-Z](?=[a-z]* )/, (letter) => letter.toLowerCase());
}

/** `: the sentence`, or ` by root` where the reason is nothing but who decided. */
export function becauseOf(reason: string | null): string {
  if (reason === null) return '';
  const sentence = sentenceOf(reason);
  return sentence.startsWith('by ') ? ` ${sentence}` : `: ${sentence}`;
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? 'nobody';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
