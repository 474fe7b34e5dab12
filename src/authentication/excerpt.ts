/** How reasons show what a message or DNS said: quoted, bounded, in characters that nothing interprets. */

/** Enough for a domain or a term; a reason is one sentence. */
const EXCERPT_CHARACTERS_MAX = 100;

/** `text` in double quotes: what is not printable ASCII as an escape, what is too long cut with `…`. Linear in what is shown. */
export function excerpt(text: string): string {
  const shown = text
    .slice(0, EXCERPT_CHARACTERS_MAX)
    .replace(/["\\]|[^ -~]/g, (character) =>
      character === '"' || character === '\\'
        ? `\\${character}`
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  return `"${shown}${text.length > EXCERPT_CHARACTERS_MAX ? '…' : ''}"`;
}
