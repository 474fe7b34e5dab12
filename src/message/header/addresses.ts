/**
 * Address lists of header fields (RFC 5322 §3.4), read leniently and written strictly.
 *
 * Reading is total and linear: what is no address becomes a display name without one, so that a
 * reader of the file sees what stood there.
 */
import { decodeRaw, decodeWords, oneLine } from './encoded-word.ts';

export interface Address {
  /** Decoded, one line; `""` where there is none. */
  readonly name: string;
  /** `local-part@domain` as written, without brackets and route; `""` where there is none. */
  readonly address: string;
}

export interface AddressGroup {
  readonly group: string;
  readonly members: readonly Address[];
}

export type AddressEntry = Address | AddressGroup;

/** More than any list server puts into a field; the rest is left out. */
export const ADDRESSES_MAX: number = 10_000;

interface Word {
  /** Of a quoted string: its content, decoded. */
  readonly text: string;
  /** What stands in an address (quoted where it was). */
  readonly verbatim: string;
  readonly isQuoted: boolean;
  /** White space stands before it. */
  readonly spaced: boolean;
}

type Token =
  | ({ readonly kind: 'text' } & Word)
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'mark'; readonly mark: string };

const MARKS = new Set(['<', '>', ',', ';', ':']);
const BLANKS = new Set([' ', '\t', '\r', '\n']);

/** End of a quoted string or comment and its content without quoted-pairs' backslashes. */
function readQuoted(raw: string, start: number): { readonly text: string; readonly end: number } {
  const pieces: string[] = [];
  let at = start + 1;
  while (at < raw.length && raw[at] !== '"') {
    if (raw[at] === '\\' && at + 1 < raw.length) at += 1;
    pieces.push(raw[at] as string);
    at += 1;
  }
  return { text: pieces.join(''), end: at + 1 };
}

function readComment(raw: string, start: number): { readonly text: string; readonly end: number } {
  const pieces: string[] = [];
  let depth = 1;
  let at = start + 1;
  for (; at < raw.length; at += 1) {
    const character = raw[at] as string;
    if (character === '\\' && at + 1 < raw.length) {
      at += 1;
      pieces.push(raw[at] as string);
      continue;
    }
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) break;
    pieces.push(character);
  }
  return { text: pieces.join(''), end: at + 1 };
}

/** End of an encoded word that begins at `at`, so that commas and brackets in it mark nothing; or -1. */
function encodedWordEnd(raw: string, at: number): number {
  if (raw[at] !== '=' || raw[at + 1] !== '?') return -1;
  ENCODED_WORD_AT.lastIndex = at;
  const match = ENCODED_WORD_AT.exec(raw);
  return match === null ? -1 : at + match[0].length;
}

const ENCODED_WORD_AT = /=\?[^?\s]{1,80}\?[bq]\?[^?\r\n<>]{0,1000}\?=/iy;

function tokenize(raw: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let spaced = false;
  while (at < raw.length) {
    const character = raw[at] as string;
    if (BLANKS.has(character)) {
      at += 1;
      spaced = true;
      continue;
    }
    if (MARKS.has(character)) {
      tokens.push({ kind: 'mark', mark: character });
      at += 1;
    } else if (character === '"') {
      const quoted = readQuoted(raw, at);
      const verbatim = `"${quoted.text.replace(/["\\]/g, '\\$&')}"`;
      tokens.push({ kind: 'text', text: decodeWords(quoted.text), verbatim, isQuoted: true, spaced });
      at = quoted.end;
    } else if (character === '(') {
      const comment = readComment(raw, at);
      tokens.push({ kind: 'comment', text: decodeWords(comment.text) });
      at = comment.end;
    } else {
      const end = plainEnd(raw, at);
      const plain = raw.slice(at, end);
      tokens.push({ kind: 'text', text: plain, verbatim: plain, isQuoted: false, spaced });
      at = end;
    }
    spaced = false;
  }
  return tokens;
}

function plainEnd(raw: string, start: number): number {
  let at = start;
  while (at < raw.length) {
    const character = raw[at] as string;
    if (BLANKS.has(character) || MARKS.has(character) || character === '"' || character === '(') break;
    const word = encodedWordEnd(raw, at);
    at = word > at ? word : at + 1;
  }
  return Math.max(at, start + 1);
}

interface Pending {
  readonly words: Word[];
  comment: string;
  address: string | null;
}

function emptyPending(): Pending {
  return { words: [], comment: '', address: null };
}

/**
 * Words as a display name: encoded words are decoded together, so that their neighbours join; what
 * was quoted is decoded already, and a second time would make something else of it.
 */
function phrase(words: Pending['words']): string {
  const decoded: string[] = [];
  let plain: string[] = [];
  const finish = (): void => {
    decoded.push(decodeWords(plain.join('')));
    plain = [];
  };
  words.forEach((word, index) => {
    const gap = index > 0 && word.spaced ? ' ' : '';
    if (!word.isQuoted) {
      plain.push(gap, word.text);
      return;
    }
    finish();
    decoded.push(gap, word.text);
  });
  finish();
  return oneLine(decoded.join(''));
}

function verbatim(words: Pending['words']): string {
  return oneLine(decodeRaw(words.map((word) => word.verbatim).join('')));
}

function finish(pending: Pending): Address | null {
  if (pending.address !== null) {
    const name = phrase(pending.words);
    return { name: name === '' ? oneLine(pending.comment) : name, address: pending.address };
  }
  if (pending.words.length === 0) return null;
  const last = pending.words[pending.words.length - 1];
  // A bare address, perhaps behind words without brackets (`Joe joe@example.com`, which is broken).
  if (last !== undefined && verbatim(pending.words).includes('@')) {
    let first = pending.words.length - 1;
    while (first > 0 && !pending.words[first]?.spaced) first -= 1;
    const tail = pending.words.slice(first);
    if (verbatim(tail).includes('@') && !/^@|@$/.test(verbatim(tail))) {
      const name = phrase(pending.words.slice(0, first));
      return { name: name === '' ? oneLine(pending.comment) : name, address: verbatim(tail) };
    }
    return { name: oneLine(pending.comment), address: verbatim(pending.words) };
  }
  return { name: phrase(pending.words), address: '' };
}

/** What stands in angle brackets, without the source route of RFC 5322 §4.4. */
function withoutRoute(address: string): string {
  const route = /^@[^:]*:/.exec(address);
  return route === null ? address : address.slice(route[0].length);
}

/**
 * Reads an address list. Never throws.
 *
 * @param raw The field's value, one character per octet, unfolded.
 */
export function parseAddressEntries(raw: string): readonly AddressEntry[] {
  const entries: AddressEntry[] = [];
  let group: { readonly group: string; readonly members: Address[] } | null = null;
  let pending = emptyPending();
  let inBrackets: Pending['words'] | null = null;
  let colonInBrackets = '';
  let count = 0;
  const flush = (): void => {
    const address = finish(pending);
    pending = emptyPending();
    if (address === null || count >= ADDRESSES_MAX) return;
    count += 1;
    if (group === null) entries.push(address);
    else group.members.push(address);
  };
  const closeBrackets = (): void => {
    if (inBrackets === null) return;
    pending.address = withoutRoute(colonInBrackets + verbatim(inBrackets));
    inBrackets = null;
    colonInBrackets = '';
  };
  for (const token of tokenize(raw)) {
    if (token.kind === 'comment') {
      pending.comment = token.text;
    } else if (token.kind === 'text') {
      (inBrackets ?? pending.words).push(token);
    } else if (inBrackets !== null) {
      if (token.mark === '>') closeBrackets();
      else if (token.mark === '<') inBrackets.length = 0;
      else {
        colonInBrackets += `${verbatim(inBrackets)}${token.mark}`;
        inBrackets.length = 0;
      }
    } else if (token.mark === '<') {
      if (pending.address !== null) flush();
      inBrackets = [];
    } else if (token.mark === ',') {
      flush();
    } else if (token.mark === ';') {
      flush();
      if (group !== null) entries.push(group);
      group = null;
    } else if (token.mark === ':' && group === null && pending.address === null) {
      group = { group: phrase(pending.words), members: [] };
      pending = emptyPending();
    }
  }
  closeBrackets();
  flush();
  if (group !== null) entries.push(group);
  return entries;
}

/** The addresses of a list, those of its groups included. */
export function parseAddresses(raw: string): readonly Address[] {
  return parseAddressEntries(raw).flatMap((entry) => ('group' in entry ? entry.members : [entry]));
}

/** A phrase as RFC 5322 §3.2.5 has it: atoms and spaces as they are, anything else as a quoted string. */
function formatPhrase(name: string): string {
  if (/^[\p{L}\p{N}\p{M}!#$%&'*+\-/=?^_`{|}~ ]+$/u.test(name) && !name.includes('=?')) return name;
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** `Name <addr>`, the name quoted where it must be, or `addr`; a name without an address stands alone. */
export function formatAddress(address: Address): string {
  if (address.address === '') return address.name === '' ? '' : formatPhrase(address.name);
  return address.name === '' ? address.address : `${formatPhrase(address.name)} <${address.address}>`;
}

/** A list as the file shows it: `, ` between, a group as `Name: a, b;`. */
export function formatAddressList(entries: readonly AddressEntry[]): string {
  return entries
    .map((entry) => {
      if (!('group' in entry)) return formatAddress(entry);
      const members = entry.members.map(formatAddress).join(', ');
      return `${formatPhrase(entry.group)}:${members === '' ? '' : ` ${members}`};`;
    })
    .filter((text) => text !== '')
    .join(', ');
}
