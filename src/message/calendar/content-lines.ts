/**
 * iCalendar as lines: `name *(";" param) ":" value` (RFC 5545 §3.1), unfolded, parameters unquoted.
 *
 * It knows no property. Total, linear and bounded: a line that is none is skipped.
 */

/** A year of one meeting with every exception stays below. */
export const CALENDAR_CHARACTERS_MAX: number = 256 * 1024;
export const CONTENT_LINES_MAX: number = 10_000;
/** Honest lines have three. */
const PARAMETERS_MAX = 50;

export interface ContentLine {
  /** Upper case, without the group of vCard (`item1.`). */
  readonly name: string;
  /** By upper-case name; of several values of one name the first. */
  readonly parameters: ReadonlyMap<string, string>;
  /** As it stands: escapes of TEXT are still in it. */
  readonly value: string;
}

/** The escapes of parameters (RFC 6868). */
function unescapeParameter(value: string): string {
  return value.replace(/\^(['n^])/g, (_, escaped: string) =>
    escaped === 'n' ? '\n' : escaped === '^' ? '^' : '"',
  );
}

/** Where the value begins, and what stands before it; null where there is no `:` outside quotes. */
function splitLine(line: string): { readonly pieces: readonly string[]; readonly value: string } | null {
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === ';' || character === ':')) {
      if (pieces.length <= PARAMETERS_MAX) pieces.push(line.slice(start, at));
      start = at + 1;
      if (character === ':') return { pieces, value: line.slice(start) };
    }
  }
  return null;
}

function parseLine(line: string): ContentLine | null {
  const split = splitLine(line);
  const name =
    split?.pieces[0]
      ?.replace(/^[^.]{0,64}\./, '')
      .trim()
      .toUpperCase() ?? '';
  if (split === null || !/^[A-Z0-9-]{1,64}$/.test(name)) return null;
  const parameters = new Map<string, string>();
  for (const piece of split.pieces.slice(1)) {
    const equals = piece.indexOf('=');
    const key = piece.slice(0, Math.max(0, equals)).trim().toUpperCase();
    if (key === '' || parameters.has(key)) continue;
    const [first] = /^"[^"]*"|^[^,]*/.exec(piece.slice(equals + 1).trim()) ?? [''];
    parameters.set(key, unescapeParameter(first.replace(/^"|"$/g, '')));
  }
  return { name, parameters, value: split.value };
}

/** Reads the content lines of a calendar. Never throws. @param text Any line ends. */
export function parseContentLines(text: string): readonly ContentLine[] {
  const unfolded = text
    .slice(0, CALENDAR_CHARACTERS_MAX)
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]/g, '');
  return unfolded.split('\n', CONTENT_LINES_MAX).flatMap((line) => parseLine(line) ?? []);
}

/** A value of type TEXT (RFC 5545 §3.3.11) without its escapes. */
export function unescapeText(value: string): string {
  return value.replace(/\\([\s\S])/g, (_, escaped: string) => (/[nN]/.test(escaped) ? '\n' : escaped));
}
