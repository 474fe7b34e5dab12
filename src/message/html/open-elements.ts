/**
 * The elements that are open at a place in HTML, with the style of each: which start tag ends what, how
 * far an end tag reaches, what goes on behind it (HTML §13.2.4, in short).
 */
import type { Selectable } from './css-selector.ts';
import {
  ENDS_PARAGRAPH,
  endScope,
  FORMATTING,
  HEAD_CONTENT,
  HEADINGS,
  IMPLIED_ENDS,
  SCOPES,
} from './elements.ts';
import { PAGE_STYLE, type Style } from './style.ts';

export interface OpenElement extends Selectable {
  readonly style: Style;
  /** Elements that began in it, where style sheets ask for them. */
  readonly children: Selectable[];
  /** It goes on behind a block that was closed over it: its link has been written. */
  readonly isAgain: boolean;
  /** Its beginning was written, so its end is. */
  readonly isShown: boolean;
}

/** As deep as browsers build a page; what is deeper takes the place of the innermost. */
const DEPTH_MAX = 512;
/** Formatting that goes on behind a block. More of it comes from broken generators and attacks. */
const AGAIN_MAX = 8;
/** Blocks inside of formatting that ends before them, which then stay open. People write one or two. */
const ADOPTED_MAX = 16;
const PARAGRAPH: ReadonlySet<string> = new Set(['p']);
/** Text behind the end of the page is on the page. */
const NEVER_ENDED: ReadonlySet<string> = new Set(['html', 'body']);

export interface ElementEvents {
  opened(element: OpenElement): void;
  closed(element: OpenElement): void;
  /** The element anew, where it goes on. */
  again(element: OpenElement): OpenElement;
  /** The style of an element whose parent's has changed. */
  restyle(element: OpenElement, parent: Style): Style;
}

export class OpenElements {
  readonly #stack: OpenElement[] = [];
  readonly #counts = new Map<string, number>();
  readonly #events: ElementEvents;

  constructor(events: ElementEvents) {
    this.#events = events;
  }

  /** From the outermost to the innermost. */
  get all(): readonly OpenElement[] {
    return this.#stack;
  }

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  get style(): Style {
    return this.#stack.at(-1)?.style ?? PAGE_STYLE;
  }

  /** Ends what the start tag of `name` ends by itself. */
  endImplied(name: string): void {
    if (this.#stack.at(-1)?.name === 'head' && !HEAD_CONTENT.has(name)) this.#endTop();
    if (ENDS_PARAGRAPH.has(name)) this.#endNearest(PARAGRAPH, SCOPES);
    const top = this.#stack.at(-1)?.name ?? '';
    if (HEADINGS.has(name) && HEADINGS.has(top)) this.#endTop();
    const implied = IMPLIED_ENDS.get(name);
    if (implied !== undefined) this.#endNearest(implied.ended, implied.within);
  }

  push(element: OpenElement): void {
    if (this.#stack.length >= DEPTH_MAX) this.#endTop();
    this.#stack.push(element);
    this.#counts.set(element.name, (this.#counts.get(element.name) ?? 0) + 1);
    this.#events.opened(element);
  }

  /** An end tag. @returns Whether there was something to end. */
  end(name: string): boolean {
    if (NEVER_ENDED.has(name)) return true;
    if (name === 'form') return this.#endForm();
    return this.#endNearest(HEADINGS.has(name) ? HEADINGS : new Set([name]), endScope(name));
  }

  /** The end of a form leaves open what was opened in it, which stays as it is (HTML §13.2.6.4.7). */
  #endForm(): boolean {
    if ((this.#counts.get('form') ?? 0) === 0) return false;
    const depth = this.#stack.findLastIndex(({ name }) => name === 'form');
    if (depth === this.#stack.length - 1) this.#endTop();
    else this.#take(depth);
    return true;
  }

  #take(depth: number): void {
    const [taken] = this.#stack.splice(depth, 1);
    if (taken === undefined) return;
    this.#counts.set(taken.name, (this.#counts.get(taken.name) ?? 1) - 1);
    this.#events.closed(taken);
  }

  endAll(): void {
    while (this.#stack.length > 0) this.#endTop();
  }

  #endNearest(names: ReadonlySet<string>, within: ReadonlySet<string>): boolean {
    let isOpen = false;
    for (const name of names) if ((this.#counts.get(name) ?? 0) > 0) isOpen = true;
    if (!isOpen) return false;
    for (let depth = this.#stack.length - 1; depth >= 0; depth -= 1) {
      const { name } = this.#stack[depth] as OpenElement;
      if (names.has(name)) {
        this.#endFrom(depth);
        return true;
      }
      if (within.has(name)) return false;
    }
    return false;
  }

  /** Ends the element at `depth` and all in it; formatting in it goes on, unless a cell or table ends. */
  #endFrom(depth: number): void {
    const ended = this.#stack[depth] as OpenElement;
    const again =
      SCOPES.has(ended.name) || ended.name === 'tr'
        ? []
        : this.#stack.slice(depth + 1).filter(({ name }) => FORMATTING.has(name));
    if (FORMATTING.has(ended.name) && this.#adopt(depth)) return;
    while (this.#stack.length > depth) this.#endTop();
    for (const element of again.slice(-AGAIN_MAX)) this.push(this.#events.again(element));
  }

  /** `<b><p>a</b>c</p>`: the paragraph goes on, without the formatting (HTML §13.2.6.4.7). */
  #adopt(depth: number): boolean {
    const above = this.#stack.slice(depth + 1);
    if (above.length === 0 || above.length > ADOPTED_MAX) return false;
    const [ended] = this.#stack.splice(depth);
    if (ended === undefined) return false;
    this.#counts.set(ended.name, (this.#counts.get(ended.name) ?? 1) - 1);
    this.#events.closed(ended);
    for (const element of above) {
      this.#stack.push({ ...element, style: this.#events.restyle(element, this.style) });
    }
    return true;
  }

  #endTop(): void {
    const element = this.#stack.pop();
    if (element === undefined) return;
    this.#counts.set(element.name, (this.#counts.get(element.name) ?? 1) - 1);
    this.#events.closed(element);
  }
}
