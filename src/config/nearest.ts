/** The known name that a misspelt one was meant to be. */

/** More changes than this and the two names have nothing to do with each other. */
const CHANGES_MAX = 3;

/** Longer names are not compared: the table of the distance grows with the square. */
const NAME_CHARACTERS_MAX = 64;

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function changesBetween(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (older[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    older = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** @returns The known name nearest to `name`, the first of several; null where none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > NAME_CHARACTERS_MAX) return null;
  let best: { readonly name: string; readonly changes: number } | null = null;
  for (const candidate of known) {
    const changes = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.min(CHANGES_MAX, Math.floor(candidate.length / 2));
    if (changes <= allowed && (best === null || changes < best.changes)) best = { name: candidate, changes };
  }
  return best?.name ?? null;
}
