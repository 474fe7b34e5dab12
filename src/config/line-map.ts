/**
 * On which line of a TOML document each key stands.
 *
 * The TOML library gives values without places. This reads the same text once more, only as closely
 * as needed to know where keys are: it relies on the text being valid TOML, and on any other text it
 * gives a map that is incomplete, never an error.
 */

/** A key as a path of table names, keys and array indexes. */
export type KeyPath = readonly (string | number)[];

export interface LineMap {
  /** 1-based line of the key, or of the nearest table around it; null where not even that is known. */
  lineOf(path: KeyPath): number | null;
}

/** NUL cannot occur in a TOML key but escaped, and then a wrong line is all that can come of it. */
const SEPARATOR = '\u0000';

/** Values nested deeper than this are not looked into: valid files have three levels. */
const DEPTH_MAX = 64;

const BARE_KEY = /[A-Za-z0-9_-]+/y;
const SCALAR = /[^,\]}\s#][^,\]}\r\n#]*/y;

class Scanner {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #line = 1;
  #counts = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    let table: KeyPath = [];
    for (;;) {
      this.#skipBlank(true);
      if (this.#at >= this.#text.length) return;
      const before = this.#at;
      if (this.#peek() === '[') table = this.#header();
      else this.#pair(table, 0);
      // Text that is no TOML: go on with the next line.
      if (this.#at === before) this.#skipLine();
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #advance(count: number): void {
    for (const end = Math.min(this.#at + count, this.#text.length); this.#at < end; this.#at++)
      if (this.#peek() === '\n') this.#line++;
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && this.#peek() !== '\n') this.#at++;
    this.#advance(1);
  }

  #skipBlank(lines: boolean): void {
    for (;;) {
      const character = this.#peek();
      if (character === '#') while (this.#at < this.#text.length && this.#peek() !== '\n') this.#at++;
      else if (
        character === ' ' ||
        character === '\t' ||
        (lines && (character === '\n' || character === '\r'))
      )
        this.#advance(1);
      else return;
    }
  }

  /** Keeps the first line on which a path was seen. */
  #note(path: KeyPath, line: number): void {
    const key = path.join(SEPARATOR);
    if (!this.lines.has(key)) this.lines.set(key, line);
  }

  /** `[a.b]` or `[[a.b]]`; gives the table's path with the indexes of the arrays on its way. */
  #header(): KeyPath {
    const line = this.#line;
    const isArray = this.#text.startsWith('[[', this.#at);
    this.#advance(isArray ? 2 : 1);
    const keys = this.#dottedKey();
    this.#skipLine();
    let path: (string | number)[] = [];
    for (const [position, key] of keys.entries()) {
      path = [...path, key];
      const count = this.#counts.get(path.join(SEPARATOR));
      this.#note(path, line);
      if (position === keys.length - 1 && isArray) {
        this.#counts.set(path.join(SEPARATOR), (count ?? 0) + 1);
        path = [...path, count ?? 0];
      } else if (count !== undefined) path = [...path, count - 1];
      this.#note(path, line);
    }
    return path;
  }

  #dottedKey(): readonly string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skipBlank(false);
      const key = this.#key();
      if (key === null) return keys;
      keys.push(key);
      this.#skipBlank(false);
      if (this.#peek() !== '.') return keys;
      this.#advance(1);
    }
  }

  #key(): string | null {
    const quote = this.#peek();
    if (quote === '"' || quote === "'") {
      const start = this.#at + 1;
      this.#string();
      return undoEscapes(this.#text.slice(start, this.#at - 1), quote);
    }
    BARE_KEY.lastIndex = this.#at;
    const match = BARE_KEY.exec(this.#text);
    if (match === null) return null;
    this.#advance(match[0].length);
    return match[0];
  }

  #pair(table: KeyPath, depth: number): void {
    const line = this.#line;
    const keys = this.#dottedKey();
    for (let length = 1; length <= keys.length; length++)
      this.#note([...table, ...keys.slice(0, length)], line);
    this.#skipBlank(false);
    if (this.#peek() !== '=') return;
    this.#advance(1);
    this.#skipBlank(false);
    this.#value([...table, ...keys], depth);
  }

  #value(path: KeyPath, depth: number): void {
    const character = this.#peek();
    if (character === '"' || character === "'") this.#string();
    else if (character === '[' && depth < DEPTH_MAX) this.#array(path, depth + 1);
    else if (character === '{' && depth < DEPTH_MAX) this.#inlineTable(path, depth + 1);
    else {
      SCALAR.lastIndex = this.#at;
      const match = SCALAR.exec(this.#text);
      if (match !== null) this.#advance(match[0].length);
    }
  }

  #array(path: KeyPath, depth: number): void {
    this.#advance(1);
    for (let index = 0; ; ) {
      this.#skipBlank(true);
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === ']') break;
      if (this.#peek() === ',') {
        this.#advance(1);
        index++;
        continue;
      }
      const before = this.#at;
      this.#note([...path, index], this.#line);
      this.#value([...path, index], depth);
      if (this.#at === before) this.#advance(1);
    }
    this.#advance(1);
  }

  #inlineTable(path: KeyPath, depth: number): void {
    this.#advance(1);
    for (;;) {
      this.#skipBlank(true);
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === '}') break;
      const before = this.#at;
      if (this.#peek() === ',') this.#advance(1);
      else this.#pair(path, depth);
      if (this.#at === before) this.#advance(1);
    }
    this.#advance(1);
  }

  /** Any of the four kinds of string; ends behind its closing quotes. */
  #string(): void {
    const quote = this.#peek();
    const triple = quote.repeat(3);
    const isLong = this.#text.startsWith(triple, this.#at);
    this.#advance(isLong ? 3 : 1);
    while (this.#at < this.#text.length) {
      if (quote === '"' && this.#peek() === '\\') this.#advance(2);
      else if (isLong ? this.#text.startsWith(triple, this.#at) : this.#peek() === quote) break;
      else if (!isLong && this.#peek() === '\n') return;
      else this.#advance(1);
    }
    this.#advance(isLong ? 3 : 1);
    // A long string may end in one or two quotes of its own.
    if (isLong) while (this.#peek() === quote) this.#advance(1);
  }
}

function undoEscapes(raw: string, quote: string): string {
  if (quote === "'" || !raw.includes('\\')) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw; // \U and \e are TOML's alone; the key is then found by the table around it.
  }
}

/** Reads where keys stand. Never throws. */
export function mapLines(text: string): LineMap {
  const scanner = new Scanner(text);
  scanner.run();
  return {
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const line = scanner.lines.get(path.slice(0, length).join(SEPARATOR));
        if (line !== undefined) return line;
      }
      return null;
    },
  };
}
