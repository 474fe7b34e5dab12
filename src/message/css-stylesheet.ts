/**
 * The `<style>` of a mail, as far as it decides what is seen: type, `.class`, `#id` and `*` selectors,
 * joined (`td.note`), in lists, as descendants and as children.
 *
 * Rules with other selectors (attributes, pseudo-classes but `:link`, siblings) are left out. `@media`
 * is judged for a screen of {@link SCREEN_WIDTH_PX} in light colours; `@supports` and `@layer` count as
 * their content.
 */
import { type Declarations, parseDeclarations, withoutComments } from './css-declarations.ts';
import { lengthPx, ROOT_FONT_PX, SCREEN_WIDTH_PX } from './css-length.ts';

/** What selectors ask of an element. */
export interface Selectable {
  /** Lower case. */
  readonly name: string;
  readonly id: string;
  readonly classes: readonly string[];
}

interface Compound {
  readonly name: string;
  readonly id: string;
  readonly classes: readonly string[];
}

interface Rule {
  /** From the outermost to the element itself. */
  readonly compounds: readonly Compound[];
  /** Of each but the first: it is a child of the one before, not any descendant. */
  readonly isChild: readonly boolean[];
  readonly specificity: number;
  readonly order: number;
  readonly declarations: Declarations;
}

/** All style sheets of one mail; what follows is ignored. The largest newsletters have some 60 KiB. */
export const STYLE_CHARACTERS_MAX: number = 256 * 1024;
/** Rules of a mail that have to do with what is seen. */
const RULES_MAX = 4_000;
/** Parts of one selector; people write four. */
const COMPOUNDS_MAX = 8;
/** `@media` inside `@supports` and the like; deeper blocks are left out. */
const NESTING_MAX = 8;
/**
 * Comparisons of rules with elements in one mail; past it style sheets do not apply. A newsletter of
 * 2,000 elements and 300 rules makes some 50,000.
 */
const COMPARISONS_MAX = 1_000_000;

/** Whether a media query list holds (Media Queries 4) on the screen that is assumed. */
export function matchesMedia(queries: string): boolean {
  const text = queries.trim().toLowerCase();
  if (text === '') return true;
  return text.split(',').some((query) => {
    const isNegated = /^\s*not\s/.test(query);
    const type = /^\s*(?:not\s+|only\s+)?([a-z]+)/.exec(query)?.[1] ?? 'all';
    const holds =
      (type === 'all' || type === 'screen') &&
      Array.from(query.matchAll(/\(([^()]*)\)/g), (match) => match[1] ?? '').every(matchesFeature);
    return holds !== isNegated;
  });
}

function matchesFeature(feature: string): boolean {
  const [name = '', value = ''] = feature.split(':').map((part) => part.trim());
  if (name === 'prefers-color-scheme') return value === 'light';
  const width = lengthPx(value, { emPx: ROOT_FONT_PX, percentPx: 0 });
  if (width === null) return false;
  if (name === 'min-width' || name === 'min-device-width') return SCREEN_WIDTH_PX >= width;
  if (name === 'max-width' || name === 'max-device-width') return SCREEN_WIDTH_PX <= width;
  return false;
}

function parseCompound(text: string): Compound | null {
  const plain = text.replace(/:link$/, '');
  if (!/^(?:[a-z][\w-]*|\*)?(?:[.#][\w-]+)*$/i.test(plain) || plain === '') return null;
  const name = /^[a-z][\w-]*/i.exec(plain)?.[0] ?? '';
  const parts = plain.match(/[.#][\w-]+/g) ?? [];
  const ids = parts.filter((part) => part.startsWith('#')).map((part) => part.slice(1));
  if (ids.length > 1) return null;
  return {
    name: name.toLowerCase(),
    id: ids[0] ?? '',
    classes: parts.filter((part) => part.startsWith('.')).map((part) => part.slice(1)),
  };
}

type Selector = Pick<Rule, 'compounds' | 'isChild' | 'specificity'>;

function parseSelector(text: string): Selector | null {
  const words = text
    .replace(/\s*>\s*/g, ' > ')
    .trim()
    .split(/\s+/);
  const compounds: Compound[] = [];
  const isChild: boolean[] = [];
  let childDue = false;
  for (const word of words) {
    if (word === '>') {
      childDue = true;
      continue;
    }
    const compound = parseCompound(word);
    if (compound === null || compounds.length >= COMPOUNDS_MAX) return null;
    compounds.push(compound);
    isChild.push(childDue);
    childDue = false;
  }
  if (compounds.length === 0 || childDue) return null;
  const specificity = compounds.reduce(
    (sum, { name, id, classes }) =>
      sum + (id === '' ? 0 : 1_000_000) + classes.length * 1_000 + (name === '' ? 0 : 1),
    0,
  );
  return { compounds, isChild, specificity };
}

function matchesCompound(element: Selectable, { name, id, classes }: Compound): boolean {
  return (
    (name === '' || name === element.name) &&
    (id === '' || id === element.id) &&
    classes.every((item) => element.classes.includes(item))
  );
}

/** Names by which the rules for an element are found: the rarest part of a selector's last compound. */
function keyOf({ name, id, classes }: Compound): string {
  if (id !== '') return `#${id}`;
  const [first] = classes;
  if (first !== undefined) return `.${first}`;
  return name === '' ? '*' : name;
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

/** Rules of one mail's style sheets, found by the element they are for. */
export class Stylesheet {
  readonly #rules = new Map<string, Rule[]>();
  #count = 0;
  #charactersLeft: number = STYLE_CHARACTERS_MAX;
  #comparisonsLeft: number = COMPARISONS_MAX;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Adds the text of a `<style>`. @param media Its `media` attribute. */
  add(css: string, media: string): void {
    if (!matchesMedia(media)) return;
    const text = css.slice(0, this.#charactersLeft);
    this.#charactersLeft -= text.length;
    // `<!--` and `-->` are white space in a style sheet (CSS Syntax 3 §5.4.1).
    this.#addBlocks(withoutComments(text).replace(/<!--|-->/g, ' '), NESTING_MAX);
  }

  /** Recursion is as deep as `nestingLeft`. */
  #addBlocks(css: string, nestingLeft: number): void {
    let at = 0;
    while (at < css.length) {
      const open = css.indexOf('{', at);
      if (open < 0) return;
      const head = css.slice(at, open);
      // `@import …;` and a stray brace or semicolon end before the selector begins.
      const prelude = head.slice(Math.max(head.lastIndexOf(';'), head.lastIndexOf('}')) + 1).trim();
      const end = blockEnd(css, open);
      const content = css.slice(open + 1, end);
      at = end + 1;
      if (prelude.startsWith('@')) this.#addAtRule(prelude, content, nestingLeft);
      else this.#addRules(prelude, content);
    }
  }

  #addAtRule(prelude: string, content: string, nestingLeft: number): void {
    if (nestingLeft === 0) return;
    const [, name = '', condition = ''] = /^@([\w-]+)\s*(.*)$/s.exec(prelude) ?? [];
    const applies =
      (name === 'media' && matchesMedia(condition)) ||
      name === 'layer' ||
      (name === 'supports' && !/^not\b/i.test(condition));
    if (applies) this.#addBlocks(content, nestingLeft - 1);
  }

  #addRules(selectors: string, content: string): void {
    const declarations = parseDeclarations(content);
    if (declarations.size === 0) return;
    for (const text of selectors.split(',')) {
      const selector = parseSelector(text);
      if (selector === null) continue;
      if (this.#count >= RULES_MAX) return;
      const last = selector.compounds.at(-1);
      if (last === undefined) continue;
      const key = keyOf(last);
      const rule = { ...selector, order: this.#count, declarations };
      this.#count += 1;
      const sameKey = this.#rules.get(key);
      if (sameKey === undefined) this.#rules.set(key, [rule]);
      else sameKey.push(rule);
    }
  }

  /** Declarations for an element, weakest first. @param ancestors From the root to its parent. */
  match(element: Selectable, ancestors: readonly Selectable[]): readonly Declarations[] {
    if (this.#count === 0 || this.#comparisonsLeft <= 0) return [];
    const found: Rule[] = [];
    const keys = [
      '*',
      element.name,
      ...element.classes.map((item) => `.${item}`),
      ...(element.id === '' ? [] : [`#${element.id}`]),
    ];
    for (const key of keys) {
      for (const rule of this.#rules.get(key) ?? [])
        if (this.#matches(rule, element, ancestors)) found.push(rule);
    }
    if (found.length > 1) found.sort((a, b) => a.specificity - b.specificity || a.order - b.order);
    return found.map(({ declarations }) => declarations);
  }

  /** Each part takes the nearest ancestor that fits, without going back: enough for what mail has. */
  #matches(rule: Rule, element: Selectable, ancestors: readonly Selectable[]): boolean {
    if (this.#comparisonsLeft <= 0) return false;
    this.#comparisonsLeft -= 1;
    const { compounds, isChild } = rule;
    const last = compounds.length - 1;
    if (!matchesCompound(element, compounds[last] as Compound)) return false;
    let depth = ancestors.length - 1;
    for (let part = last - 1; part >= 0; part -= 1) {
      const compound = compounds[part] as Compound;
      const stop = isChild[part + 1] === true ? Math.max(depth, 0) : 0;
      while (depth >= stop && !matchesCompound(ancestors[depth] as Selectable, compound)) {
        depth -= 1;
        this.#comparisonsLeft -= 1;
      }
      if (depth < stop) return false;
      depth -= 1;
    }
    return true;
  }
}
