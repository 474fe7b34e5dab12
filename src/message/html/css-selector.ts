/**
 * Selectors of CSS (Selectors 4) as mail has them: types, classes, ids, attributes, `:not()`, `:is()`,
 * joined, as descendants, children and siblings.
 *
 * What is not judged (`:nth-child()`, `:has()`, unknown attributes) makes a selector one that *may* match.
 */
import { unescapeCss } from './css-declarations.ts';

/** What selectors ask of an element. */
export interface Selectable {
  /** Lower case. */
  readonly name: string;
  readonly id: string;
  readonly classes: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements before it of the same parent, as far as they are kept; the nearest is the last. */
  readonly before: readonly Selectable[];
}

export type Match = 'yes' | 'maybe' | 'no';

type Test =
  | { readonly kind: 'attribute'; readonly name: string; readonly operator: string; readonly value: string }
  | { readonly kind: 'any'; readonly of: readonly Compound[]; readonly isNegated: boolean }
  | { readonly kind: 'unknown' };

export interface Compound {
  readonly name: string;
  readonly id: string;
  readonly classes: readonly string[];
  readonly tests: readonly Test[];
}

type Combinator = ' ' | '>' | '+' | '~';

export interface Selector {
  /** From the outermost to the element itself. */
  readonly compounds: readonly Compound[];
  /** Of each but the first: how it stands to the one before. */
  readonly combinators: readonly Combinator[];
  readonly specificity: number;
}

/** Parts of one selector; people write four. */
const COMPOUNDS_MAX = 8;
/** `:not(:is(…))`; deeper ones are not judged. */
const NESTING_MAX = 3;
const PIECES =
  /\s*([>+~])\s*|(\s+)|\[\s*((?:\\.|[\w-])+)\s*(?:([~|^$*]?=)\s*("[^"]*"|'[^']*'|(?:\\.|[^\s\]"'])+)\s*[is]?\s*)?\]|(::?[\w-]+)(?:\(((?:[^()]|\([^()]*\))*)\))?|([.#]?)(\*|(?:\\[0-9a-f]{1,6}\s?|\\.|[\w\u0080-\uffff-])+)/gisy;
/** States and parts of an element that it has in no mail that is only read. */
const NEVER =
  /^(?:::.*|:(?:before|after|first-line|first-letter|hover|active|focus|focus-within|focus-visible|visited|target|checked|disabled|indeterminate))$/;

/** What depends on places in the page that are not kept. */
const UNJUDGED =
  /^:(?:nth-[a-z-]+|(?:first|last|only)-(?:child|of-type)|empty|has|lang|dir|scope|default|enabled|read-only|defined)$/;

function unquoted(value: string): string {
  return unescapeCss(/^["']/.test(value) ? value.slice(1, -1) : value);
}

/** A test; `'always'` and `'never'` where nothing has to be asked, null for what is none. */
function pseudoTest(name: string, inside: string, nestingLeft: number): Test | 'always' | 'never' | null {
  if (NEVER.test(name)) return 'never';
  if (name === ':root' || name === ':link' || name === ':any-link') return 'always';
  if (UNJUDGED.test(name)) return { kind: 'unknown' };
  if (!/^:(?:not|is|where|matches|-webkit-any|-moz-any)$/.test(name)) return null;
  if (nestingLeft === 0) return { kind: 'unknown' };
  const isNegated = name === ':not';
  const of: Compound[] = [];
  for (const text of inside.split(',')) {
    const selector = parse(text, nestingLeft - 1);
    if (selector === 'never') continue;
    if (selector === null || selector.compounds.length !== 1) return { kind: 'unknown' };
    of.push(...selector.compounds);
  }
  return { kind: 'any', of, isNegated };
}

type Draft = { name: string; id: string; classes: string[]; tests: Test[] };

function emptyDraft(): Draft {
  return { name: '', id: '', classes: [], tests: [] };
}

function parse(text: string, nestingLeft: number): Selector | 'never' | null {
  const compounds: Draft[] = [emptyDraft()];
  const combinators: Combinator[] = [' '];
  let end = 0;
  for (const piece of text.trim().matchAll(PIECES)) {
    end += piece[0].length;
    const draft = compounds.at(-1) as Draft;
    const combinator = piece[1] ?? (piece[2] === undefined ? undefined : ' ');
    if (combinator !== undefined) {
      if (compounds.length >= COMPOUNDS_MAX) return null;
      compounds.push(emptyDraft());
      combinators.push(combinator as Combinator);
    } else if (piece[3] !== undefined) {
      const value = unquoted(piece[5] ?? '');
      draft.tests.push({
        kind: 'attribute',
        name: unescapeCss(piece[3]).toLowerCase(),
        operator: piece[4] ?? '',
        value,
      });
    } else if (piece[6] !== undefined) {
      const name = piece[6].toLowerCase();
      if (name === ':root') draft.name = 'html';
      const test = pseudoTest(name, piece[7] ?? '', nestingLeft);
      if (test === 'never' || test === null) return test;
      if (test !== 'always') draft.tests.push(test);
    } else {
      const word = unescapeCss(piece[9] ?? '');
      if (piece[8] === '.') draft.classes.push(word);
      else if (piece[8] === '#') {
        if (draft.id !== '' && draft.id !== word) return 'never';
        draft.id = word;
      } else if (word !== '*') draft.name = word.toLowerCase();
    }
  }
  if (end === 0 || end !== text.trim().length) return null;
  const specificity = compounds.reduce(
    (sum, { name, id, classes, tests }) =>
      sum + (id === '' ? 0 : 1_000_000) + (classes.length + tests.length) * 1_000 + (name === '' ? 0 : 1),
    0,
  );
  return { compounds, combinators, specificity };
}

/** Reads one selector: `'never'` where it is for no element of a mail, null where it is none that is known. */
export function parseSelector(text: string): Selector | 'never' | null {
  return parse(text, NESTING_MAX);
}

function isLike(one: string, other: string): Match {
  if (one === other) return 'yes';
  if (one.length !== other.length) return 'no';
  // Pages without a document type take no notice of case; mail readers differ in what they make of mail.
  return one.toLowerCase() === other.toLowerCase() ? 'maybe' : 'no';
}

function most(matches: readonly Match[]): Match {
  return matches.includes('yes') ? 'yes' : matches.includes('maybe') ? 'maybe' : 'no';
}

const OPPOSITE: Readonly<Record<Match, Match>> = { yes: 'no', maybe: 'maybe', no: 'yes' };

function holds(operator: string, actual: string, value: string): boolean {
  if (operator === '') return true;
  if (operator === '=') return actual === value;
  if (value === '') return false;
  if (operator === '~=') return actual.split(/\s+/).includes(value);
  if (operator === '|=') return actual === value || actual.startsWith(`${value}-`);
  if (operator === '^=') return actual.startsWith(value);
  if (operator === '$=') return actual.endsWith(value);
  return actual.includes(value);
}

function matchesTest(element: Selectable, test: Test): Match {
  if (test.kind === 'unknown') return 'maybe';
  if (test.kind === 'any') {
    const match = most(test.of.map((compound) => matchesCompound(element, compound)));
    return test.isNegated ? OPPOSITE[match] : match;
  }
  const actual = element.attributes.get(test.name);
  return actual !== undefined && holds(test.operator, actual, test.value) ? 'yes' : 'no';
}

/** Whether an element is one that a compound means. */
export function matchesCompound(element: Selectable, { name, id, classes, tests }: Compound): Match {
  if (name !== '' && name !== element.name) return 'no';
  let worst: Match = id === '' ? 'yes' : isLike(id, element.id);
  for (const wanted of classes) {
    if (worst === 'no') return worst;
    worst = worse(worst, matchesClass(element, wanted));
  }
  for (const test of tests) {
    if (worst === 'no') return worst;
    worst = worse(worst, matchesTest(element, test));
  }
  return worst;
}

function worse(one: Match, other: Match): Match {
  return one === 'yes' || other === 'no' ? other : one;
}

function matchesClass({ classes }: Selectable, wanted: string): Match {
  if (classes.length === 0) return 'no';
  return classes.includes(wanted) ? 'yes' : most(classes.map((item) => isLike(wanted, item)));
}

/** Names of the attributes that a selector asks for. */
export function attributesOf({ compounds }: Selector): readonly string[] {
  return compounds.flatMap(({ tests }) =>
    tests.flatMap((test) =>
      test.kind === 'attribute'
        ? [test.name]
        : test.kind === 'any'
          ? test.of.flatMap((compound) =>
              attributesOf({ compounds: [compound], combinators: [], specificity: 0 }),
            )
          : [],
    ),
  );
}
