/**
 * The `<style>` of a mail, as far as it decides what is seen.
 *
 * `@media` is judged for a screen of {@link SCREEN_WIDTH_PX} in light colours; `@supports` and `@layer`
 * count as their content. Where it cannot be judged whether a rule is for an element (media that are not
 * known, rules in rules, some selectors), it is one that may be.
 */
import { type Declarations, parseDeclarations, withoutComments } from './css-declarations.ts';
import { lengthPx, ROOT_FONT_PX, SCREEN_WIDTH_PX } from './css-length.ts';
import {
  attributesOf,
  type Compound,
  type Match,
  matchesCompound,
  parseSelector,
  type Selectable,
  type Selector,
} from './css-selector.ts';

interface Rule {
  readonly selector: Selector;
  readonly order: number;
  readonly declarations: Declarations;
  /** Whether the conditions around it hold, and its selector is whole. */
  readonly isSure: boolean;
}

/** What a style sheet says of an element, weakest first. */
export interface Matched {
  readonly sure: readonly Declarations[];
  /** With the rules that may be for it as well; null where there are none. */
  readonly possible: readonly Declarations[] | null;
}

const NOTHING: Matched = { sure: [], possible: null };
/** All style sheets of one mail; what follows is ignored. The largest newsletters have some 60 KiB. */
export const STYLE_CHARACTERS_MAX: number = 256 * 1024;
/** Rules of a mail that have to do with what is seen. */
const RULES_MAX = 4_000;
/** `@media` inside `@supports` and the like; deeper blocks are left out. */
const NESTING_MAX = 8;
/**
 * Comparisons of rules with elements in one mail; past it style sheets do not apply. A newsletter of
 * 2,000 elements and 300 rules makes some 50,000.
 */
const COMPARISONS_MAX = 1_000_000;

/** Siblings before an element that are kept. */
export const SIBLINGS_MAX = 16;
/** Attributes that selectors of one mail ask for. */
const ATTRIBUTES_MAX = 64;

/** Whether a media query list holds (Media Queries 4) on the screen that is assumed. */
export function matchesMedia(queries: string): Match {
  const text = queries.trim().toLowerCase();
  if (text === '') return 'yes';
  const matches = text.split(',').map((query) => {
    const isNegated = /^\s*not\s/.test(query);
    const type = /^\s*(?:not\s+|only\s+)?([a-z]+)/.exec(query)?.[1] ?? 'all';
    const features = Array.from(query.matchAll(/\(((?:[^()]|\([^()]*\))*)\)/g), (match) =>
      matchesFeature((match[1] ?? '').trim()),
    );
    const isScreen = type === 'all' || type === 'screen' || type === 'not';
    if (!isScreen || features.includes('no')) return isNegated ? 'yes' : / or /.test(query) ? 'maybe' : 'no';
    if (features.includes('maybe')) return 'maybe';
    return isNegated ? 'no' : 'yes';
  });
  return matches.includes('yes') ? 'yes' : matches.includes('maybe') ? 'maybe' : 'no';
}

function matchesFeature(feature: string): Match {
  const range = /^(?:(.+?)\s*([<>])=?\s*)?width\s*(?:([<>])=?\s*(.+))?$/.exec(feature);
  const answer = (isTrue: boolean): Match => (isTrue ? 'yes' : 'no');
  const px = (text: string): number | null => lengthPx(text.trim(), { emPx: ROOT_FONT_PX, percentPx: 0 });
  if (range !== null) {
    const [, left, before, after, right] = range;
    const low = left === undefined ? null : px(left);
    const high = right === undefined ? null : px(right);
    if ((left !== undefined && low === null) || (right !== undefined && high === null)) return 'maybe';
    const isAbove = low === null || (before === '<' ? low <= SCREEN_WIDTH_PX : low >= SCREEN_WIDTH_PX);
    const isBelow = high === null || (after === '<' ? SCREEN_WIDTH_PX <= high : SCREEN_WIDTH_PX >= high);
    return answer(isAbove && isBelow);
  }
  const [name = '', value = ''] = feature.split(':').map((part) => part.trim());
  if (name === 'prefers-color-scheme') return answer(value === 'light');
  const width = px(value);
  if (width === null) return 'maybe';
  if (name === 'min-width' || name === 'min-device-width') return answer(SCREEN_WIDTH_PX >= width);
  if (name === 'max-width' || name === 'max-device-width') return answer(SCREEN_WIDTH_PX <= width);
  return 'maybe';
}

/** Names by which the rules for an element are found: the rarest part of a selector's last compound. */
function keyOf({ name, id, classes }: Compound): string {
  if (id !== '') return `#${id.toLowerCase()}`;
  const [first] = classes;
  if (first !== undefined) return `.${first.toLowerCase()}`;
  return name === '' ? '*' : name;
}

/** Text of the same length whose quotes and escapes hold nothing that CSS is divided by. */
function withoutQuotes(css: string): string {
  if (!/["'\\]/.test(css)) return css;
  const characters: string[] = [];
  let quote = '';
  for (let at = 0; at < css.length; at += 1) {
    const character = css[at] as string;
    if (character === '\\') {
      characters.push(at + 1 < css.length ? '__' : '_');
      at += 1;
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      characters.push('_');
    } else if (character === quote || character === '\n') {
      quote = '';
      characters.push(character === '\n' ? '\n' : '_');
    } else characters.push(quote === '' ? character : '_');
  }
  return characters.join('');
}

/** Where the block that opens at `open` ends; the end of the text where it is not closed. */
function blockEnd(css: string, open: number): number {
  let depth = 0;
  const brace = /[{}]/g;
  brace.lastIndex = open;
  for (let match = brace.exec(css); match !== null; match = brace.exec(css)) {
    depth += match[0] === '{' ? 1 : -1;
    if (depth === 0) return match.index;
  }
  return css.length;
}

/** What is around a block of a style sheet. */
interface Place {
  readonly isSure: boolean;
  readonly nestingLeft: number;
}

function appliesAtRule(name: string, condition: string): Match {
  if (name === 'media') return matchesMedia(condition);
  if (name === 'layer') return 'yes';
  if (name === 'supports') return /^not\b/i.test(condition) ? 'maybe' : 'yes';
  return name === 'container' || name === 'scope' ? 'maybe' : 'no';
}

/** Commas between selectors: outside of parentheses, brackets, quotes and escapes. */
function splitSelectors(text: string): readonly string[] {
  const outline = withoutQuotes(text);
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: mark, index } of outline.matchAll(/[,()[\]]/g)) {
    if (mark === '(' || mark === '[') depth += 1;
    else if (mark !== ',') depth = Math.max(0, depth - 1);
    else if (depth === 0) {
      pieces.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...pieces, text.slice(start)];
}

/** What a rule says itself, without the rules in it. */
function ownDeclarations(content: string, outline: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (let open = outline.indexOf('{'); open >= 0; open = outline.indexOf('{', at)) {
    const end = Math.max(outline.lastIndexOf(';', open), at - 1);
    pieces.push(content.slice(at, Math.max(at, end)));
    at = blockEnd(outline, open) + 1;
  }
  return [...pieces, content.slice(at)].join(';');
}

/** Rules of one mail's style sheets, found by the element they are for. */
export class Stylesheet {
  readonly #rules = new Map<string, Rule[]>();
  /** Attributes that its selectors ask for. */
  readonly attributes: Set<string> = new Set();
  #hasSiblings = false;
  #isCut = false;
  #count = 0;
  #charactersLeft: number = STYLE_CHARACTERS_MAX;
  #comparisonsLeft: number = COMPARISONS_MAX;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Some of its selectors ask for siblings. */
  get asksForSiblings(): boolean {
    return this.#hasSiblings && this.#comparisonsLeft > 0;
  }

  /** Some of what it says was not read: it may be for any element. */
  get isCut(): boolean {
    return this.#isCut || this.#comparisonsLeft <= 0;
  }

  /** Adds the text of a `<style>`. @param media Its `media` attribute. */
  add(css: string, media: string): void {
    const applies = matchesMedia(media);
    if (applies === 'no') return;
    const whole = withoutComments(css);
    const text = whole.slice(0, this.#charactersLeft);
    if (text.length < whole.length) this.#isCut = true;
    this.#charactersLeft -= text.length;
    // `<!--` and `-->` are white space in a style sheet (CSS Syntax 3 §5.4.1).
    this.#addBlocks(text.replace(/<!--|-->/g, ' '), { isSure: applies === 'yes', nestingLeft: NESTING_MAX });
  }

  /** Recursion is as deep as `nestingLeft`. */
  #addBlocks(css: string, place: Place): void {
    const outline = withoutQuotes(css);
    let at = 0;
    while (at < css.length) {
      const open = outline.indexOf('{', at);
      if (open < 0) return;
      // `@import …;` and a stray brace or semicolon end before the selector begins.
      const head = outline.slice(at, open);
      const start = at + Math.max(head.lastIndexOf(';'), head.lastIndexOf('}')) + 1;
      const prelude = css.slice(start, open).trim();
      const end = blockEnd(outline, open);
      const content = css.slice(open + 1, end);
      const inner = outline.slice(open + 1, end);
      at = end + 1;
      if (prelude.startsWith('@')) this.#addAtRule(prelude, content, place);
      else if (inner.includes('{')) this.#addNested(prelude, content, inner, place);
      else this.#addRules(prelude, content, place.isSure);
    }
  }

  /** Rules in a rule: they are for some of what is in its elements. */
  #addNested(prelude: string, content: string, outline: string, place: Place): void {
    this.#addRules(prelude, ownDeclarations(content, outline), place.isSure);
    if (place.nestingLeft === 0) this.#isCut = true;
    else this.#addBlocks(content, { isSure: false, nestingLeft: place.nestingLeft - 1 });
  }

  #addAtRule(prelude: string, content: string, { isSure, nestingLeft }: Place): void {
    const [, name = '', condition = ''] = /^@([\w-]+)\s*(.*)$/s.exec(prelude) ?? [];
    const applies = appliesAtRule(name.toLowerCase(), condition);
    if (applies === 'no') return;
    if (nestingLeft === 0) this.#isCut = true;
    else this.#addBlocks(content, { isSure: isSure && applies === 'yes', nestingLeft: nestingLeft - 1 });
  }

  #addRules(selectors: string, content: string, isSure: boolean): void {
    const declarations = parseDeclarations(content);
    if (declarations.size === 0) return;
    const parsed = splitSelectors(selectors).map((text) => parseSelector(text.replace(/^\s*&\s*/, '')));
    // One selector that is none makes all of its list none (Selectors 4 §4.1); which are, browsers differ in.
    const isWhole = !parsed.includes(null);
    for (const selector of parsed) {
      const last = selector === null || selector === 'never' ? undefined : selector.compounds.at(-1);
      if (selector === null || selector === 'never' || last === undefined) continue;
      if (this.#count >= RULES_MAX) {
        this.#isCut = true;
        return;
      }
      if (selector.combinators.includes('+') || selector.combinators.includes('~')) this.#hasSiblings = true;
      for (const name of attributesOf(selector)) {
        if (this.attributes.size < ATTRIBUTES_MAX) this.attributes.add(name);
      }
      const key = keyOf(last);
      const rule = { selector, order: this.#count, declarations, isSure: isSure && isWhole };
      this.#count += 1;
      const sameKey = this.#rules.get(key);
      if (sameKey === undefined) this.#rules.set(key, [rule]);
      else sameKey.push(rule);
    }
  }

  /** What it says of an element. @param ancestors From the root to its parent. */
  match(element: Selectable, ancestors: readonly Selectable[]): Matched {
    if (this.#count === 0 || this.#comparisonsLeft <= 0) return NOTHING;
    const found: { readonly rule: Rule; readonly isSure: boolean }[] = [];
    const keys = [
      '*',
      element.name,
      ...new Set(element.classes.map((item) => `.${item.toLowerCase()}`)),
      ...(element.id === '' ? [] : [`#${element.id.toLowerCase()}`]),
    ];
    for (const key of keys) {
      for (const rule of this.#rules.get(key) ?? []) {
        const match = this.#matches(rule.selector, element, ancestors);
        if (match !== 'no') found.push({ rule, isSure: match === 'yes' && rule.isSure });
      }
    }
    if (found.length > 1)
      found.sort(
        ({ rule: a }, { rule: b }) => a.selector.specificity - b.selector.specificity || a.order - b.order,
      );
    const all = found.map(({ rule }) => rule.declarations);
    if (found.every(({ isSure }) => isSure)) return { sure: all, possible: null };
    return { sure: found.filter(({ isSure }) => isSure).map(({ rule }) => rule.declarations), possible: all };
  }

  /** Each part takes the nearest that fits, without going back: enough for what mail has. */
  #matches(selector: Selector, element: Selectable, ancestors: readonly Selectable[]): Match {
    if (this.#comparisonsLeft <= 0) return 'no';
    const { compounds, combinators } = selector;
    const last = compounds.length - 1;
    let worst = this.#compare(element, compounds[last]);
    let depth = ancestors.length - 1;
    let siblings = element.before;
    let place = siblings.length - 1;
    for (let part = last - 1; part >= 0 && worst !== 'no'; part -= 1) {
      const combinator = combinators[part + 1];
      const isBeside = combinator === '+' || combinator === '~';
      const among = isBeside ? siblings : ancestors;
      const isNearest = combinator === '+' || combinator === '>';
      let at = isBeside ? place : depth;
      let match = this.#compare(among[at], compounds[part]);
      while (match === 'no' && !isNearest && at > 0) {
        at -= 1;
        match = this.#compare(among[at], compounds[part]);
      }
      // Of many siblings the first are not kept.
      if (match === 'no' && combinator === '~' && siblings.length >= SIBLINGS_MAX) match = 'maybe';
      if (match !== 'yes') worst = match;
      if (isBeside) place = at - 1;
      else {
        depth = at - 1;
        siblings = ancestors[at]?.before ?? [];
        place = siblings.length - 1;
      }
    }
    return worst;
  }

  #compare(element: Selectable | undefined, compound: Compound | undefined): Match {
    this.#comparisonsLeft -= 1;
    return element === undefined || compound === undefined ? 'no' : matchesCompound(element, compound);
  }
}
