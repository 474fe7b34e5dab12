/**
 * Fields with parameters: Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183), with the
 * continuations, charsets and languages of RFC 2231 and the encoded words that are sent instead.
 */
import { decodeCharset } from '../charset/charset.ts';
import { decodeWords } from './encoded-word.ts';

export interface ParameterizedValue {
  /** What stands before the first `;`: lower case, without white space and comments. */
  readonly value: string;
  /** Decoded, by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Honest fields have a handful. */
const PARAMETERS_MAX = 200;
/** Continuations of one parameter (RFC 2231 §3). */
const SECTIONS_MAX = 200;

interface RawParameter {
  readonly name: string;
  /** One character per octet. */
  readonly value: string;
}

/** A comment behind a value (RFC 2045 §5.1); not behind a file name, where it is a name sent without quotes. */
function withoutComment(name: string, value: string): string {
  return /^(?:file)?name/.test(name) ? value : value.replace(/\s\([^()]{0,200}\)$/, '').trim();
}

/** A parameter whose `;` is missing (RFC 2231 §3's own example has none): only behind white space, never in quotes. */
const NEXT_PARAMETER = /[ \t]+[a-z][a-z0-9-]{0,40}(\*\d{0,4}\*?)?=/iy;
/** In a file name without quotes only these end it: `a b=c.txt` is a name. */
const NEXT_BEHIND_NAME = /[ \t]+(?:[a-z][a-z0-9-]{0,40}\*\d{0,4}\*?|charset|filename|name|size)=/iy;

function beginsParameter(raw: string, at: number, isFileName: boolean): boolean {
  const pattern = isFileName ? NEXT_BEHIND_NAME : NEXT_PARAMETER;
  pattern.lastIndex = at;
  return pattern.test(raw);
}

/** One piece between two `;`, its quotes and escapes gone. */
class Piece {
  readonly #text: string[] = [];
  #equals = -1;
  #isNamed = false;
  /** What is quoted is kept as it is, white space at its end and parentheses too. */
  #quotedEnd = -1;
  #quotedStart = -1;

  get isEmpty(): boolean {
    return this.#text.length === 0;
  }

  get hasValue(): boolean {
    return this.#equals >= 0;
  }

  /** A file name that is sent without quotes. */
  get isFileName(): boolean {
    return this.#isNamed && this.#quotedStart < 0;
  }

  put(text: string): void {
    if (text === '=' && this.#equals < 0) {
      this.#equals = this.#text.length;
      this.#isNamed = /^\s*(?:file)?name/i.test(this.#text.join(''));
    }
    this.#text.push(text);
  }

  putQuoted(text: string): void {
    if (this.#quotedStart < 0) this.#quotedStart = this.#text.length;
    this.#text.push(text);
    this.#quotedEnd = this.#text.length;
  }

  value(): string {
    return this.#text.join('').replace(/\s+/g, '').toLowerCase();
  }

  parameter(): RawParameter | null {
    if (this.#equals <= 0) return null;
    const name = this.#text.slice(0, this.#equals).join('').replace(/\s+/g, '').toLowerCase();
    const from = this.#equals + 1;
    if (this.#quotedEnd < from) {
      return { name, value: withoutComment(name, this.#text.slice(from).join('').trim()) };
    }
    const head = this.#text.slice(from, this.#quotedStart).join('').trimStart();
    const quoted = this.#text.slice(Math.max(from, this.#quotedStart), this.#quotedEnd).join('');
    const tail = this.#text.slice(this.#quotedEnd).join('').trimEnd();
    const isComment = /^\s*\([^()]{0,200}\)$/.test(tail);
    return { name, value: `${head}${quoted}${isComment ? '' : tail}` };
  }
}

/** Splits at `;` outside quoted strings and comments, which go. */
function split(raw: string): { readonly value: string; readonly parameters: readonly RawParameter[] } {
  const pieces: Piece[] = [];
  let piece = new Piece();
  let quoted = false;
  let depth = 0;
  const finish = (): void => {
    if (pieces.length <= PARAMETERS_MAX) pieces.push(piece);
    piece = new Piece();
  };
  for (let at = 0; at < raw.length; at += 1) {
    const character = raw[at] as string;
    if (character === '\\' && (quoted || depth > 0) && at + 1 < raw.length) {
      at += 1;
      const escaped = raw[at] as string;
      // Windows paths are sent unescaped: a backslash before a letter is one.
      if (depth === 0) piece.putQuoted(/[a-z0-9_]/i.test(escaped) ? `\\${escaped}` : escaped);
    } else if (depth > 0) {
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
    } else if (character === '"') quoted = !quoted;
    else if (quoted) piece.putQuoted(character);
    else if (character === '(' && !piece.hasValue) depth += 1;
    else if (character === ';') finish();
    else {
      const isGap = (character === ' ' || character === '\t') && raw[at - 1] !== ' ' && raw[at - 1] !== '\t';
      const mayEnd =
        isGap && raw[at - 1] !== '=' && (piece.hasValue || (pieces.length === 0 && !piece.isEmpty));
      if (mayEnd && beginsParameter(raw, at, piece.isFileName)) finish();
      else piece.put(character);
    }
  }
  finish();
  const [first, ...rest] = pieces;
  return {
    value: first?.value() ?? '',
    parameters: rest.flatMap((each) => each.parameter() ?? []),
  };
}

interface Section {
  readonly index: number;
  readonly extended: boolean;
  readonly value: string;
}

/** The sections of one parameter name. */
interface Sections {
  /** `name*=…`: the whole value in one. */
  whole: string | null;
  readonly numbered: Map<number, Section>;
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `charset'language'` (RFC 2231 §4). */
const LEAD = /^([^'%\s]{0,64})'([^'%\s]{0,64})'/;

/** Some senders repeat the lead in every section, and not always whole. */
function withoutRepeatedLead(value: string, charset: string): string {
  if (charset === '' || !value.toLowerCase().startsWith(`${charset.toLowerCase()}'`)) return value;
  return value.slice(charset.length + 1).replace(/^[a-z-]{0,16}'/i, '');
}

/**
 * Joins the sections of one parameter and decodes it by the charset of its first (RFC 2231 §4.1).
 *
 * A missing section leaves no gap: a name without its middle serves better than none.
 */
function joinSections(sections: Iterable<Section>): string {
  const ordered = [...sections].sort((a, b) => a.index - b.index);
  const extended = ordered.some((section) => section.extended);
  if (!extended) return decodeWords(ordered.map((section) => section.value).join(''));
  const [first] = ordered;
  const lead = first?.extended === true ? LEAD.exec(first.value) : null;
  const charset = lead?.[1] ?? '';
  const joined = ordered
    .map((section, index) => {
      if (!section.extended) return section.value;
      const value =
        index === 0 && lead !== null
          ? section.value.slice(lead[0].length)
          : withoutRepeatedLead(section.value, charset);
      return percentDecoded(value);
    })
    .join('');
  return decodeCharset(Buffer.from(joined, 'latin1'), charset).text;
}

/** An extended value under a plain name (`filename="utf-8''caf%C3%A9.txt"`), which is no name a person gave. */
function decodePlain(name: string, value: string): string {
  const lead = /^(?:file)?name$/.test(name) && value.includes('%') ? LEAD.exec(value) : null;
  if (lead === null || !/^(?:utf-8|us-ascii|iso-8859-\d{1,2}|windows-\d{3,4})$/i.test(lead[1] ?? '')) {
    return decodeWords(value);
  }
  return joinSections([{ index: 0, extended: true, value }]);
}

/**
 * Reads a field with parameters. Never throws.
 *
 * The extended form in one piece (`name*`) wins over one in sections (`name*0`), and that over the
 * plain one, where several are sent (RFC 6266 §4.3); of two equal names or sections the first counts.
 *
 * @param raw The field's value, one character per octet, unfolded.
 */
export function parseParameterized(raw: string): ParameterizedValue {
  const { value, parameters } = split(raw);
  const decoded = new Map<string, string>();
  const extended = new Map<string, Sections>();
  for (const parameter of parameters) {
    const match = /^([^*]+)\*(?:(\d{1,20})(\*)?)?$/.exec(parameter.name);
    if (match === null) {
      if (parameter.name !== '' && !decoded.has(parameter.name)) {
        decoded.set(parameter.name, decodePlain(parameter.name, parameter.value));
      }
      continue;
    }
    const name = match[1] as string;
    const sections = extended.get(name) ?? { whole: null, numbered: new Map() };
    extended.set(name, sections);
    if (match[2] === undefined) {
      sections.whole ??= parameter.value;
      continue;
    }
    const index = Number(match[2]);
    if (sections.numbered.size < SECTIONS_MAX && !sections.numbered.has(index)) {
      sections.numbered.set(index, { index, extended: match[3] === '*', value: parameter.value });
    }
  }
  for (const [name, { whole, numbered }] of extended) {
    const sections = whole === null ? numbered.values() : [{ index: 0, extended: true, value: whole }];
    decoded.set(name, joinSections(sections));
  }
  return { value, parameters: decoded };
}
