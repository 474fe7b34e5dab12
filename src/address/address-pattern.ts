/**
 * Patterns over a whole address (contract §6), as `trusted_senders` and the like have them.
 *
 *     *       any run of characters but "/"        […]     one of these, ranges too; [!…] none of these
 *     ?       one character but "/"                {a,b}   one of these, each a pattern; not nested
 *
 * Case does not count. Domains are compared as A-labels (RFC 5890 §2.3.2.1), so that a domain that looks
 * like another one is another one: a pattern may be written with U-labels, and is kept with A-labels.
 *
 * Matching walks all ways through the pattern at once, a character of the address at a time: linear in
 * the address, whatever the pattern. No pattern ever becomes a regular expression.
 */
import { parseDomain } from './domain.ts';
import { isAscii } from './octets.ts';
import { malformed, type Parsed } from './parsed.ts';

export interface AddressPattern {
  /** @param address Local part, "@" and domain; a domain in U-labels is compared by its A-labels. */
  readonly matches: (address: string) => boolean;
  /**
   * What it leaves to the sender: `every-domain` where its domain is made of wildcards alone, `domain-end`
   * where it has no "@" that says where the domain begins (`*corp.example` is `evilcorp.example`, too).
   */
  readonly leavesOpen: 'every-domain' | 'domain-end' | 'nothing';
}

/** Longer patterns are no pattern of an address: it has at most 320 characters (RFC 5321 §4.5.3.1). */
export const PATTERN_CHARACTERS_MAX = 512;
/** What no address that can be delivered to reaches; a longer one matches nothing. */
const ADDRESS_CHARACTERS_MAX = 512;

type Test = (character: string) => boolean;

type Item =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'run' }
  | { readonly kind: 'group'; readonly alternatives: readonly (readonly Item[])[] };

/** @returns The pattern, or what is wrong with it. Never throws. */
export function parseAddressPattern(text: string): Parsed<AddressPattern> {
  if (text === '' || text.length > PATTERN_CHARACTERS_MAX)
    return malformed(0, `a pattern of 1 to ${PATTERN_CHARACTERS_MAX} characters`);
  const normalized = withAsciiLabels(foldCase(text));
  if (normalized.kind === 'malformed') return normalized;
  const written = normalized.value;
  const leavesOpen = openness(written);
  if (!MEANS_SOMETHING.test(written)) {
    const matches = (address: string): boolean => foldAddress(address) === written;
    return { kind: 'parsed', value: { matches, leavesOpen } };
  }
  const items = readItems([...written]);
  if (items.kind === 'malformed') return items;
  const states = compile(items.value);
  return { kind: 'parsed', value: { matches: (address) => runStates(states, address), leavesOpen } };
}

/** Without one of these a pattern is an address, as most are: long lists of them stay quick. */
const MEANS_SOMETHING = /[*?[\]{}]/;

/** True where one of the patterns matches. One that cannot be read matches nothing: `config check` says so. */
export function matchesAny(patterns: readonly string[], address: string): boolean {
  return patterns.some((text) => {
    const pattern = parseAddressPattern(text);
    return pattern.kind === 'parsed' && pattern.value.matches(address);
  });
}

/** Those that NFC or lower case would turn into letters of ASCII: KELVIN SIGN is no "k" here. */
const BECOMES_ASCII = /[\u0130\u037e\u1fef\u212a]/;

function foldCase(text: string): string {
  return BECOMES_ASCII.test(text)
    ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    : text.normalize('NFC').toLowerCase();
}

function foldAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = parseDomain(address.slice(at + 1));
  return (
    foldCase(address.slice(0, at + 1)) + (domain.kind === 'parsed' ? domain.value : address.slice(at + 1))
  );
}

/** Literal text of a pattern: what stands between the characters that mean something. */
const LITERAL_RUN = /[^*?[\]{},.@]+/y;

/** Writes each label of the domain that is not ASCII as its A-label. */
function withAsciiLabels(pattern: string): Parsed<string> {
  if (isAscii(pattern)) return { kind: 'parsed', value: pattern };
  if (!pattern.includes('@'))
    return malformed(0, 'an "@" before its domain, since it has letters beyond ASCII');
  let written = '';
  let inDomain = false;
  // Whether the domain had begun before the group whose alternatives are being read.
  let inDomainBefore = false;
  for (let at = 0; at < pattern.length; ) {
    LITERAL_RUN.lastIndex = at;
    const run = LITERAL_RUN.exec(pattern)?.[0];
    if (run !== undefined) {
      const label = inDomain && !isAscii(run) ? asciiLabel(pattern, at, run) : run;
      if (label === null)
        return malformed(
          at,
          'whole labels where a domain has letters beyond ASCII, without wildcards in them',
        );
      written += label;
      at += run.length;
      continue;
    }
    const character = pattern.charAt(at);
    if (character === '[') {
      const end = pattern.indexOf(']', at);
      const whole = pattern.slice(at, end < 0 ? pattern.length : end + 1);
      if (inDomain && !isAscii(whole)) return malformed(at, 'letters of ASCII in brackets of a domain');
      written += whole;
      at += whole.length;
      continue;
    }
    if (character === '@') inDomain = true;
    else if (character === '{') inDomainBefore = inDomain;
    else if (character === ',') inDomain = inDomainBefore;
    written += character;
    at += 1;
  }
  return { kind: 'parsed', value: written };
}

/** Null where what stands beside it may be part of the same label, or where it is no label. */
function asciiLabel(pattern: string, at: number, run: string): string | null {
  const open = pattern.lastIndexOf('{', at);
  const close = pattern.indexOf('}', at);
  const isInGroup = open > pattern.lastIndexOf('}', at) && close >= 0;
  const before = pattern.charAt(at - 1);
  const after = pattern.charAt(at + run.length);
  const begins =
    '@.'.includes(before) ||
    (isInGroup && '{,'.includes(before) && '@.'.includes(pattern.charAt(open - 1) || '*'));
  const ends =
    after === '.' ||
    after === '' ||
    (isInGroup && ',}'.includes(after) && '.'.includes(pattern.charAt(close + 1)));
  const label = begins && ends ? parseDomain(run) : null;
  return label?.kind === 'parsed' ? label.value : null;
}

function openness(pattern: string): AddressPattern['leavesOpen'] {
  const outside = pattern.replace(/\[[^\]]*\]/g, '?');
  const at = outside.lastIndexOf('@');
  if (/^[*?.]*$/.test(outside.slice(at + 1))) return 'every-domain';
  return at < 0 ? 'domain-end' : 'nothing';
}

const anyButSlash: Test = (character) => character !== '/';

/** Reads the whole pattern; groups do not nest. */
function readItems(characters: readonly string[]): Parsed<readonly Item[]> {
  const items: Item[] = [];
  let alternatives: Item[][] | null = null;
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const target: Item[] = alternatives?.at(-1) ?? items;
    if (character === '[') {
      const end = characters.indexOf(']', at);
      const test = end < 0 ? null : readClass(characters.slice(at + 1, end));
      if (test === null) return malformed(at, 'characters in closed brackets, ranges upwards');
      target.push({ kind: 'one', test });
      at = end;
    } else if (character === '{' && alternatives === null) alternatives = [[]];
    else if (character === '}' && alternatives !== null) {
      items.push({ kind: 'group', alternatives });
      alternatives = null;
    } else if (character === ',' && alternatives !== null) alternatives.push([]);
    else if (']{}'.includes(character))
      return malformed(at, 'brackets and braces that are closed and not nested');
    else target.push(readOne(character));
  }
  if (alternatives !== null) return malformed(characters.length, 'a closing "}"');
  return { kind: 'parsed', value: items };
}

function readOne(character: string): Item {
  if (character === '*') return { kind: 'run' };
  if (character === '?') return { kind: 'one', test: anyButSlash };
  return { kind: 'one', test: (other) => other === character };
}

/** What stands between brackets; null where it is empty or a range goes downwards. */
function readClass(written: readonly string[]): Test | null {
  const isNegated = written[0] === '!' || written[0] === '^';
  const members = isNegated ? written.slice(1) : written;
  if (members.length === 0) return null;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at++) {
    const from = members[at] as string;
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    const to = isRange ? (members[at + 2] as string) : from;
    if (codeOf(to) < codeOf(from)) return null;
    ranges.push([from, to]);
    if (isRange) at += 2;
  }
  const has = (character: string): boolean =>
    ranges.some(([from, to]) => codeOf(from) <= codeOf(character) && codeOf(character) <= codeOf(to));
  return isNegated ? (character) => character !== '/' && !has(character) : has;
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number;
}

/** A place in the pattern: passed by one character, left without one, or its end. */
type State =
  | { readonly kind: 'character'; readonly test: Test; readonly next: number }
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'end' };

/** The first state is the end, the last one the beginning. */
function compile(items: readonly Item[]): readonly State[] {
  const states: State[] = [{ kind: 'end' }];
  const add = (state: State): number => states.push(state) - 1;
  const before = (sequence: readonly Item[], end: number): number => {
    let next = end;
    for (const item of sequence.toReversed()) next = addItem(item, next);
    return next;
  };
  const addItem = (item: Item, next: number): number => {
    switch (item.kind) {
      case 'one':
        return add({ kind: 'character', test: item.test, next });
      case 'run': {
        const fork: State & { kind: 'fork' } = { kind: 'fork', next: [] };
        const start = add(fork);
        fork.next = [next, add({ kind: 'character', test: anyButSlash, next: start })];
        return start;
      }
      case 'group':
        return add({ kind: 'fork', next: item.alternatives.map((one) => before(one, next)) });
    }
  };
  add({ kind: 'fork', next: [before(items, 0)] });
  return states;
}

function runStates(states: readonly State[], address: string): boolean {
  if (address.length > ADDRESS_CHARACTERS_MAX) return false;
  let current = closure(states, [states.length - 1]);
  for (const character of foldAddress(address)) {
    const passed: number[] = [];
    for (const index of current) {
      const state = states[index];
      if (state?.kind === 'character' && state.test(character)) passed.push(state.next);
    }
    if (passed.length === 0) return false;
    current = closure(states, passed);
  }
  return current.has(0);
}

/** These states and all that are reached from them without a character. */
function closure(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const state = states[index];
    if (state?.kind === 'fork') open.push(...state.next);
  }
  return reached;
}
