/**
 * Text that stays what it is when it is read as Markdown (CommonMark 0.31, with tables and
 * strike-through of GFM): a backslash where a character would do something, and nowhere else.
 */

export interface EscapePlace {
  /** Nothing but quote and list marks stands before it in its line. */
  readonly startsLine: boolean;
  /** The character before; `""` for white space or none. */
  readonly before: string;
  /** Whether white space or the end of a block follows; else what follows is not known. */
  readonly spaceFollows: boolean;
  /** In the text of a link a bracket would end it. */
  readonly inLink: boolean;
}

const SPECIAL = /[*_`[\]<&\\~]/;
/**
 * Addresses, which no backslash may break; runs of marks; single characters. Each alternative is
 * bounded by what it excludes, so that the whole is linear.
 */
const PIECES =
  /https?:\/\/[^\s<>"`[\]*\\]+|\*+|_+|~~+|`|\[|\]|<(?=[a-z/!?]|$)|&(?=#?[a-z0-9]{1,32};)|\\(?=[!-/:-@[-`{-~])/gi;
/** `<ann@a.test>` and `<https://…>` are links and say the same as they stand (CommonMark §6.5). */
const AUTOLINK = /^<(?:[^\s<>@]{1,64}@[^\s<>@]{1,255}|https?:\/\/[^\s<>]{1,2000})>/i;

function isSpace(character: string): boolean {
  return character === '' || /\s/.test(character);
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** Whether a run of `*`, `_` or `~` could begin or end emphasis (CommonMark §6.2). */
function isDelimiter(run: string, before: string, after: string): boolean {
  if (isSpace(before) && isSpace(after)) return false;
  // A line to write on is no mark.
  if (run.startsWith('____')) return false;
  return !(run.startsWith('_') && isWord(before) && isWord(after));
}

function escapeInline(text: string, place: EscapePlace): string {
  const last = text.length;
  return text.replace(PIECES, (piece: string, at: number) => {
    if (piece.length > 4 && /^http/i.test(piece)) return piece;
    const end = at + piece.length;
    const before = at === 0 ? place.before : (text[at - 1] as string);
    const after = end < last ? (text[end] as string) : place.spaceFollows ? '' : 'x';
    const first = piece[0] as string;
    if (first === '*' || first === '_' || first === '~')
      return isDelimiter(piece, before, after) ? piece.replace(/[*_~]/g, '\\$&') : piece;
    if (first === '[' && !place.inLink && !(at === 0 && startsDefinition(text, place))) return piece;
    if (first === ']' && !place.inLink && after !== '(') return piece;
    if (first === '<' && end === last && place.spaceFollows) return piece;
    if (first === '<' && AUTOLINK.test(text.slice(at, at + 2_100))) return piece;
    return `\\${piece}`;
  });
}

/** `[x]: …` at the start of a line is a definition and vanishes (CommonMark §4.7). */
function startsDefinition(text: string, place: EscapePlace): boolean {
  return place.startsLine && /^\[[^[\]]{1,999}\]:/.test(text);
}

/**
 * What makes a block of a line (CommonMark §4): heading, quote, list, rule, fence, underline of a
 * heading, table; and `+++`, which ends frontmatter. `--` alone stays: it begins signatures.
 */
const BLOCK_START =
  /^(?:#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|-(?=-(?!$|\s))|-(?=--)|\+(?=\+)|\*(?=\*)|_(?=__+\s*$)|~(?=~)|~$|=(?==*\s*$)|\|(?=[\s:-]*-)|:(?=-))/;
const NUMBER_START = /^(\d{1,9})(?=[.)](?:\s|$))/;

function escapeStart(text: string): string {
  if (NUMBER_START.test(text)) return text.replace(NUMBER_START, '$1\\');
  return BLOCK_START.test(text) ? `\\${text}` : text;
}

/** Escapes one piece of text without line ends. Linear. */
export function escapeMarkdown(text: string, place: EscapePlace): string {
  const inline = SPECIAL.test(text) ? escapeInline(text, place) : text;
  if (place.startsLine) return escapeStart(inline);
  return place.before === ']' && inline.startsWith('(') ? `\\${inline}` : inline;
}
