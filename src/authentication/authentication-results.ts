/**
 * Authentication results as another host wrote them down (RFC 8601 §2.2).
 *
 *     authres-payload = [CFWS] authserv-id [CFWS authres-version] ( no-result / 1*resinfo ) [CFWS]
 *     resinfo         = [CFWS] ";" methodspec [CFWS reasonspec] [CFWS 1*propspec]
 *
 * Nobody is believed here: whether the writer may be is the caller's question. It is total and linear.
 */

export interface MethodResult {
  /** `dkim`, `spf`, `dmarc` …: lower case, without its version. */
  readonly method: string;
  /** Lower case. */
  readonly result: string;
  /** By `ptype.property` in lower case (`header.d`); values as they stand, without quotes. Of two equal names the first counts. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface AuthenticationResults {
  /** Lower case. */
  readonly authservId: string;
  /** In order of appearance, at most {@link METHODS_MAX}. */
  readonly methods: readonly MethodResult[];
}

/** Honest fields have a handful, one for each signature. */
export const METHODS_MAX = 50;
const PROPERTIES_MAX = 20;
/** Of one method: a property may be written as five, and what follows is left out. */
const WORDS_MAX = 200;
/** A name and a domain or an address; more is cut. */
const WORD_CHARACTERS_MAX = 500;

interface Word {
  readonly text: string;
  /** Of the first `=` outside quotes; -1 where there is none. */
  readonly equals: number;
}

/** Splits at `;` and white space, quotes resolved and comments gone; null where one of them never ends. */
function lex(text: string): readonly (readonly Word[])[] | null {
  const segments: Word[][] = [];
  let words: Word[] = [];
  let characters: string[] = [];
  let equals = -1;
  let depth = 0;
  let isQuoted = false;
  let isOpen = false;
  const take = (character: string): void => {
    if (characters.length < WORD_CHARACTERS_MAX) characters.push(character);
  };
  const endWord = (): void => {
    if (isOpen && words.length < WORDS_MAX) words.push({ text: characters.join(''), equals });
    characters = [];
    equals = -1;
    isOpen = false;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '\\' && (isQuoted || depth > 0)) {
      at += 1;
      if (isQuoted) take(text[at] ?? '');
    } else if (depth > 0) {
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
    } else if (character === '"') {
      isQuoted = !isQuoted;
      isOpen = true;
    } else if (isQuoted) {
      if (character !== '\r' && character !== '\n') take(character);
    } else if (character === '(') {
      endWord();
      depth = 1;
    } else if (' \t\r\n'.includes(character)) endWord();
    else if (character === ';') {
      endWord();
      segments.push(words);
      words = [];
    } else {
      if (character === '=' && equals < 0 && characters.length < WORD_CHARACTERS_MAX)
        equals = characters.length;
      take(character);
      isOpen = true;
    }
  }
  if (isQuoted || depth > 0) return null;
  endWord();
  segments.push(words);
  return segments;
}

/** True where white space around `=`, `.` or `/` stands between two words of one specification. */
function belongTogether(before: Word, after: Word): boolean {
  const isJoint = (character: string | undefined): boolean => character === '.' || character === '/';
  if (before.equals < 0)
    return after.equals === 0 || isJoint(before.text.at(-1)) || isJoint(after.text.at(0));
  return before.equals === before.text.length - 1 && after.equals < 0;
}

function joinWords(words: readonly Word[]): readonly Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const before = joined.at(-1);
    if (before === undefined || !belongTogether(before, word)) {
      joined.push(word);
      continue;
    }
    const equals = before.equals >= 0 || word.equals < 0 ? before.equals : before.text.length + word.equals;
    joined[joined.length - 1] = { text: before.text + word.text, equals };
  }
  return joined;
}

function parseMethod(words: readonly Word[]): MethodResult | null {
  const [first, ...rest] = joinWords(words);
  if (first === undefined || first.equals < 0) return null;
  const name = first.text.slice(0, first.equals).toLowerCase();
  const [, method] = /^([a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)(?:\/[0-9]+)?$/.exec(name) ?? [];
  if (method === undefined) return null;
  const properties = new Map<string, string>();
  for (const word of rest) {
    if (word.equals < 0 || properties.size === PROPERTIES_MAX) continue;
    const key = word.text.slice(0, word.equals).toLowerCase();
    if (!/^[a-z0-9_-]+\.[a-z0-9_-]+$/.test(key) || properties.has(key)) continue;
    properties.set(key, word.text.slice(word.equals + 1));
  }
  const result = first.text.slice(first.equals + 1).toLowerCase();
  return { method, result, properties: Object.fromEntries(properties) };
}

/**
 * Reads the payload of an Authentication-Results field, or of an ARC-Authentication-Results field behind
 * its instance (RFC 8617 §4.1.1). What is no method is left out. Never throws.
 *
 * @param text One character per octet; folds may be there or not.
 * @returns null where a quoted string or a comment never ends, or where no host is named.
 */
export function parseAuthenticationResults(text: string): AuthenticationResults | null {
  const [head, ...segments] = lex(text) ?? [];
  const authservId = head?.[0]?.text.toLowerCase() ?? '';
  if (authservId === '') return null;
  const methods: MethodResult[] = [];
  for (const segment of segments) {
    if (methods.length === METHODS_MAX) break;
    const method = parseMethod(segment);
    if (method !== null) methods.push(method);
  }
  return { authservId, methods };
}
