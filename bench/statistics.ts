/** Numbers about numbers. */

/** The value below which the share `q` (0 to 1) of `values` lies, by nearest rank. NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The median of a/b taken pair by pair: what was measured side by side is compared, so that a machine
 * that grows slower during the run does not count for one of the two.
 */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.flatMap((value, index) => (b[index] === undefined ? [] : [value / b[index]])));
}
