/** The text of a message below the answer to it, quoted. */
import { Buffer } from 'node:buffer';
import { headerText } from './header-text.ts';
import { addressesOf, type OriginalMessage, shownDate } from './original.ts';

/** Of the text that is quoted: whoever wants more has the message itself. */
export const QUOTE_BYTES_MAX: number = 32 * 1024;
const CUT = '> […]';

function quotedLine(line: string): string {
  if (line === '') return '>';
  // One more mark without a space, as in what was quoted before (RFC 3676 §4.5).
  return line.startsWith('>') ? `>${line}` : `> ${line}`;
}

/** Whole lines of at most {@link QUOTE_BYTES_MAX} octets in all. */
function withinLimit(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let left = QUOTE_BYTES_MAX;
  for (const line of lines) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) return [...kept, CUT];
    kept.push(line);
  }
  return kept;
}

/** `On 2026-11-25 05:43 UTC, Ann <ann@example.org> wrote:`, which readers know the start of a quotation by. */
function attribution({ fields }: OriginalMessage): string {
  const [author] = addressesOf(fields.from);
  const date = shownDate(fields.date);
  const who =
    author === undefined
      ? 'the sender'
      : headerText(author.name === '' ? author.address : `${author.name} <${author.address}>`);
  return date === '' ? `${who} wrote:` : `On ${date}, ${who} wrote:`;
}

/** A line that says who wrote, and the text with `> ` before each line; `""` where there is no text. */
export function quoteOriginal(original: OriginalMessage): string {
  const text = original.body.replace(/\r\n?/g, '\n').trimEnd();
  if (text === '') return '';
  const lines = withinLimit(text.split('\n').map(quotedLine));
  return `${attribution(original)}\n\n${lines.join('\n')}`;
}
