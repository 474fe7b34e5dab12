/**
 * What is new in a reply: its text without the message that it answers.
 *
 * Programs mark the answered message in few ways: `>` before each line, a line that says who wrote it,
 * a block of its header fields, a rule. Where none is recognised everything counts as new, and where
 * an answer stands between quotes they are kept, since it would say nothing without them: what was
 * left out wrongly nobody would miss, what is shown needlessly is only longer.
 */
import {
  ATTRIBUTION,
  ATTRIBUTION_BEGINS,
  ATTRIBUTION_WITHOUT_VERB,
  FORWARD_SUBJECT,
  FORWARDED_MESSAGE,
  headerLabel,
  ORIGINAL_MESSAGE,
  PROGRAM_FOOTER,
} from './quote-words.ts';

export interface NewText {
  /** LF line ends, no empty lines around it. */
  readonly text: string;
  /** `none`: nothing is quoted, `text` is the whole. `left-out`: it is the new part. `all`: nothing is new, `text` is the whole. */
  readonly quoted: 'none' | 'left-out' | 'all';
}

/** Attributions are wrapped over so many lines. */
const ATTRIBUTION_LINES_MAX = 3;
const ATTRIBUTION_CHARACTERS_MAX = 600;
/** Lines in which the fields of a quoted header stand, empty ones between them counted. */
const HEADER_BLOCK_LINES_MAX = 12;
/** Outlook writes 32, Exchange others; shorter ones are people's own. */
const RULE_LENGTH_MIN = 10;

/** A line without what Markdown adds: emphasis, escapes, hard breaks. */
function plain(line: string): string {
  if (line.length > 4_000 || line === '') return line;
  if (!/[\\*_\u00a0\u202f]/.test(line)) return line.trim();
  return line
    .replace(/\\(?=[!-/:-@[-`{-~]|$)/g, '')
    .replace(/\*\*|__(?!_)|^[*_](?=\S)|[*_]$/g, (mark) => (/^_+$/.test(line.trim()) ? mark : ''))
    .replace(/[\u00a0\u202f]/g, ' ')
    .trim();
}

function isQuoted(line: string): boolean {
  return /^[ \t]{0,3}>/.test(line);
}

function isBlank(line: string): boolean {
  return line.trim() === '';
}

function isRule(line: string): boolean {
  const text = line.trim();
  if (text.length > 200) return false;
  return /^(?:\* \* \*|---|\*\*\*|___)$/.test(text) || new RegExp(`^[_—=-]{${RULE_LENGTH_MIN},}$`).test(text);
}

class Reply {
  readonly lines: readonly string[];
  readonly #plain: readonly string[];

  constructor(body: string) {
    this.lines = body.split('\n');
    this.#plain = this.lines.map(plain);
  }

  /** Index of the next line that is not empty; the number of lines where there is none. */
  nextFilled(from: number): number {
    let at = from;
    while (at < this.lines.length && isBlank(this.lines[at] as string)) at += 1;
    return at;
  }

  /**
   * How many lines from `at` on say who wrote what follows; 0 where they do not.
   *
   * Where no `>` follows it must name a time too: "As Ann wrote:" may begin anybody's own words.
   */
  attributionAt(at: number): number {
    let joined = '';
    for (let count = 1; count <= ATTRIBUTION_LINES_MAX; count += 1) {
      const line = this.#plain[at + count - 1] ?? '';
      if (line === '' || isQuoted(this.lines[at + count - 1] as string)) return 0;
      joined = count === 1 ? line : `${joined} ${line}`;
      if (joined.length > ATTRIBUTION_CHARACTERS_MAX) return 0;
      if (!/[:：]$/.test(line)) continue;
      if (count > 1 && !(ATTRIBUTION_BEGINS.test(joined) && /\d/.test(this.#plain[at] as string))) return 0;
      if (ATTRIBUTION.test(joined) || ATTRIBUTION_WITHOUT_VERB.test(joined)) {
        const next = this.lines[this.nextFilled(at + count)];
        if (next !== undefined && isQuoted(next)) return count;
        return /\d/.test(joined) && (ATTRIBUTION_BEGINS.test(joined) || joined.includes('@')) ? count : 0;
      }
    }
    return 0;
  }

  /** True where the header fields of a message are shown from `at` on, its sender among them. */
  headerBlockAt(at: number): boolean {
    const first = headerLabel(this.#plain[at] as string);
    if (first === null || first === 'cc') return false;
    const labels = new Set<string>([first]);
    const end = Math.min(this.lines.length, at + HEADER_BLOCK_LINES_MAX);
    for (let index = at + 1; index < end; index += 1) {
      const label = headerLabel(this.#plain[index] as string);
      if (label !== null) labels.add(label);
      else if (!isBlank(this.lines[index] as string) && labels.size >= 3) break;
    }
    return labels.has('from') && labels.has('date') && labels.size >= 3;
  }

  isForwardAt(at: number): boolean {
    return FORWARDED_MESSAGE.test(this.#plain[at] as string);
  }

  isOriginalAt(at: number): boolean {
    return ORIGINAL_MESSAGE.test(this.#plain[at] as string);
  }

  /** The lines `[0, end)` without the signature and the program's footer that close them. */
  withoutSignature(end: number): number {
    for (let index = 0; index < end; index += 1) {
      if (/^-- ?$/.test(this.lines[index] as string)) return index;
    }
    let last = this.trimmedEnd(end);
    while (last > 0 && PROGRAM_FOOTER.test(this.#plain[last - 1] as string)) last = this.trimmedEnd(last - 1);
    return last;
  }

  trimmedEnd(end: number): number {
    let last = end;
    while (last > 0 && isBlank(this.lines[last - 1] as string)) last -= 1;
    return last;
  }

  /** Where the rule above a quote begins that belongs to it. */
  withRuleAbove(at: number): number {
    const last = this.trimmedEnd(at);
    return last > 0 && isRule(this.lines[last - 1] as string) ? last - 1 : at;
  }

  text(start: number, end: number): string {
    return this.lines
      .slice(start, end)
      .join('\n')
      .replace(/^(?:[ \t]*\n)+/, '')
      .trimEnd();
  }
}

/** A run of quoted lines with the lines that say who wrote them; `[start, end)`. */
interface Quote {
  readonly start: number;
  readonly end: number;
}

interface Layout {
  readonly quotes: readonly Quote[];
  /** From here on all is the answered message, whatever its lines look like; null where nothing is. */
  readonly restFrom: number | null;
}

/** The end of a run of quoted lines: empty lines are in it where a quoted one follows them. */
function quoteEnd(reply: Reply, start: number): number {
  let end = start;
  for (let at = start; at < reply.lines.length; at += 1) {
    const line = reply.lines[at] as string;
    if (isQuoted(line)) end = at + 1;
    else if (!isBlank(line)) break;
  }
  return end;
}

function layOut(reply: Reply, isForward: boolean): Layout {
  const quotes: Quote[] = [];
  for (let at = 0; at < reply.lines.length; ) {
    const line = reply.lines[at] as string;
    if (isBlank(line)) {
      at += 1;
      continue;
    }
    if (isQuoted(line)) {
      const end = quoteEnd(reply, at);
      quotes.push({ start: at, end });
      at = end;
      continue;
    }
    // What somebody passes on is new, whatever it quotes itself.
    if (reply.isForwardAt(at)) break;
    const attribution = reply.attributionAt(at);
    if (attribution > 0) {
      const next = reply.nextFilled(at + attribution);
      if (next >= reply.lines.length || !isQuoted(reply.lines[next] as string)) {
        return { quotes, restFrom: reply.withRuleAbove(at) };
      }
      const end = quoteEnd(reply, next);
      quotes.push({ start: at, end });
      at = end;
      continue;
    }
    if (!isForward && (reply.isOriginalAt(at) || reply.headerBlockAt(at))) {
      return { quotes, restFrom: reply.withRuleAbove(at) };
    }
    at += 1;
  }
  return { quotes, restFrom: null };
}

/** True where nothing that somebody wrote stands in `[from, to)`: empty lines, a signature, a list's footer. */
function saysNothing(reply: Reply, from: number, to: number): boolean {
  let at = reply.nextFilled(from);
  while (at < to && PROGRAM_FOOTER.test(plain(reply.lines[at] as string))) at = reply.nextFilled(at + 1);
  if (at >= to) return true;
  const line = reply.lines[at] as string;
  return /^-- ?$/.test(line) || /^_{40,}$/.test(line.trim());
}

/** Where the quotes are that answers stand between, and what closes the message is left out. */
function newRange(
  reply: Reply,
  { quotes, restFrom }: Layout,
): { readonly start: number; readonly end: number } | null {
  let end = restFrom ?? reply.lines.length;
  let left = quotes.length;
  let isCut = restFrom !== null;
  while (left > 0) {
    const last = quotes[left - 1] as Quote;
    if (!saysNothing(reply, last.end, end)) break;
    end = reply.withRuleAbove(last.start);
    left -= 1;
    isCut = true;
  }
  const [only] = quotes;
  // One quote above the whole answer: the same reply, written below.
  if (left === 1 && only !== undefined && saysNothing(reply, 0, only.start)) {
    return { start: only.end, end: reply.withoutSignature(end) };
  }
  return isCut ? { start: 0, end: reply.withoutSignature(end) } : null;
}

/**
 * The new part of a body. Never throws; linear.
 *
 * @param body Markdown or plain text, LF line ends.
 * @param subject Of the message: in a forward, the header of another message begins what is new.
 */
export function newText(body: string, subject = ''): NewText {
  const reply = new Reply(body);
  const range = newRange(reply, layOut(reply, FORWARD_SUBJECT.test(subject)));
  if (range === null) return { text: body, quoted: 'none' };
  const text = reply.text(range.start, range.end);
  return text === '' ? { text: body, quoted: 'all' } : { text, quoted: 'left-out' };
}
