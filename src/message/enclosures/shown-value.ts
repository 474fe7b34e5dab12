/** Values that a stranger wrote, as the sentences of the reader quote them. */
import { wellFormed } from '../charset/charset.ts';
import { oneLine } from '../header/encoded-word.ts';
import type { Entity } from '../mime/mime-tree.ts';
import { withoutInvisible } from '../unicode/invisible-characters.ts';

/** What is longer is no name, and the whole stands in the raw message. */
const VALUE_CHARACTERS_MAX = 200;

/** One line without what nobody sees, cut after `charactersMax`. */
export function shownValue(text: string, charactersMax: number = VALUE_CHARACTERS_MAX): string {
  const line = oneLine(withoutInvisible(wellFormed(text.slice(0, 8 * charactersMax))).text);
  const characters = [...line];
  return characters.length <= charactersMax ? line : `${characters.slice(0, charactersMax).join('')} …`;
}

/** A parameter of a part's Content-Type; `""` where it is absent. */
export function shownParameter(entity: Entity, name: string): string {
  return shownValue(entity.parameters.get(name) ?? '');
}
