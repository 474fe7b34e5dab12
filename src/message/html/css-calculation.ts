/** `calc()`, `min()`, `max()` and `clamp()` of CSS (Values 4 §10), as far as lengths are made of them. */

/** Parentheses inside each other; values are short, and people write two. */
const DEPTH_MAX = 16;
const TOKENS = /\s*((?:calc|min|max|clamp)?\(|[),]|[+*/-](?=[\s(])|[+-]?[\d.]+(?:e[+-]?\d+)?[a-z%]*|\S)/gy;

/** Reads one value: of a length, a number or a calculation; null where something is none. */
class Calculation {
  readonly #tokens: readonly string[];
  readonly #measure: (text: string) => number | null;
  #at = 0;
  #depth = 0;

  constructor(text: string, measure: (text: string) => number | null) {
    this.#tokens = Array.from(text.matchAll(TOKENS), (match) => match[1] ?? '');
    this.#measure = measure;
  }

  whole(): number | null {
    const value = this.#value();
    return value !== null && Number.isFinite(value) && this.#at === this.#tokens.length ? value : null;
  }

  #take(): string {
    const token = this.#tokens[this.#at] ?? '';
    this.#at += 1;
    return token;
  }

  #value(): number | null {
    const token = this.#take();
    if (!token.endsWith('(')) return this.#measure(token);
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) return null;
    const values: number[] = [];
    for (let end = ','; end === ','; ) {
      const value = this.#sum();
      end = this.#take();
      if (value === null || (end !== ',' && end !== ')' && end !== '')) return null;
      values.push(value);
    }
    this.#depth -= 1;
    const [first = 0, second = 0, third = 0] = values;
    if (token === 'min(') return Math.min(...values);
    if (token === 'max(') return Math.max(...values);
    if (token === 'clamp(') return values.length === 3 ? Math.max(first, Math.min(second, third)) : null;
    return values.length === 1 ? first : null;
  }

  #sum(): number | null {
    let sum = this.#product();
    for (let sign = this.#tokens[this.#at]; sign === '+' || sign === '-'; sign = this.#tokens[this.#at]) {
      this.#at += 1;
      const next = this.#product();
      if (sum === null || next === null) return null;
      sum += sign === '+' ? next : -next;
    }
    return sum;
  }

  #product(): number | null {
    let product = this.#value();
    for (let sign = this.#tokens[this.#at]; sign === '*' || sign === '/'; sign = this.#tokens[this.#at]) {
      this.#at += 1;
      const next = this.#value();
      if (product === null || next === null) return null;
      product = sign === '*' ? product * next : product / next;
    }
    return product;
  }
}

/**
 * The value of a calculation; null where it is none that is known. Never throws; linear.
 *
 * @param text Lower case, trimmed. @param measure Pixels of a length, the number of a number.
 */
export function calculate(text: string, measure: (text: string) => number | null): number | null {
  return new Calculation(text, measure).whole();
}
