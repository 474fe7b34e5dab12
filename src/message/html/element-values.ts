/** The values of CSS that hold for one element, of all that is declared for it. */
import type { Declarations } from './css-declarations.ts';
import { type LengthBase, lengthPx } from './css-length.ts';

/** Of two declarations of equal importance the later counts: attributes that stand for style come first. */
export class Values {
  readonly #values = new Map<string, { readonly value: string; readonly isImportant: boolean }>();

  constructor(weakestFirst: readonly Declarations[]) {
    for (const declarations of weakestFirst) {
      for (const [property, declaration] of declarations) {
        if (this.#values.get(property)?.isImportant === true && !declaration.isImportant) continue;
        this.#values.set(property, declaration);
      }
    }
  }

  get(property: string): string {
    return this.#values.get(property)?.value ?? '';
  }

  px(property: string, base: LengthBase): number | null {
    return lengthPx(this.get(property), base);
  }
}
