/**
 * Letters that look like ASCII letters in the fonts of mail programs (after UTS 39, the letters of
 * modern scripts that are used for it). Letters that are merely alike (`к`, `т`, `τ`) are not among them:
 * they stand in honest words of both scripts (`SMSка`).
 */

/** Each other letter behind the ASCII letter that it looks like. */
const LOOKS_LIKE: readonly (readonly [ascii: string, others: string])[] = [
  ['a', 'аαɑ'],
  ['b', 'Ьᖯ'],
  ['c', 'сϲᴄ'],
  ['d', 'ԁᏧ'],
  ['e', 'еҽ'],
  ['f', 'ϝք'],
  ['g', 'ɡց'],
  ['h', 'һհᏂ'],
  ['i', 'іιɩ'],
  ['j', 'јϳ'],
  ['l', 'ӏΙ'],
  ['n', 'ոп'],
  ['o', 'оοօ'],
  ['p', 'рρ'],
  ['q', 'ԛզ'],
  ['r', 'гᴦ'],
  ['s', 'ѕꜱ'],
  ['u', 'υսս'],
  ['v', 'νѵ'],
  ['w', 'ѡԝա'],
  ['x', 'хχ'],
  ['y', 'уγү'],
  ['z', 'ᴢ'],
  ['A', 'АΑᎪ'],
  ['B', 'ВΒᏴ'],
  ['C', 'СϹᏟ'],
  ['D', 'Ꭰ'],
  ['E', 'ЕΕᎬ'],
  ['G', 'Ꮐ'],
  ['H', 'НΗᎻ'],
  ['I', 'ІӀ'],
  ['J', 'ЈᎫ'],
  ['K', 'КΚᏦ'],
  ['L', 'Ꮮ'],
  ['M', 'МΜᎷ'],
  ['N', 'Ν'],
  ['O', 'ОΟՕ'],
  ['P', 'РΡᏢ'],
  ['R', 'ᎡᏒ'],
  ['S', 'ЅՏᏚ'],
  ['T', 'ТΤᎢ'],
  ['U', 'Ս'],
  ['V', 'ѴᏙ'],
  ['W', 'ԜᎳ'],
  ['X', 'ХΧ'],
  ['Y', 'ΥҮ'],
  ['Z', 'ΖᏃ'],
];

const ASCII_OF: ReadonlyMap<string, string> = new Map(
  LOOKS_LIKE.flatMap(([ascii, others]) => [...others].map((other) => [other, ascii] as const)),
);

/** The ASCII letter that a letter of another script looks like; null where there is none. */
export function asciiLookAlike(letter: string): string | null {
  return ASCII_OF.get(letter) ?? null;
}
