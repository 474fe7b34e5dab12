/** How many columns of a terminal a text takes, and how to cut it to fit. */

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian wide and full-width ranges of Unicode Annex 11, and emoji, which terminals show two wide. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

function characterWidth(character: string): number {
  if (character < '\u0300') return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As {@link fitWidth}, with the ellipsis in the middle: both ends tell messages apart. */
export function cutMiddle(text: string, columns: number): string {
  if (textWidth(text) <= columns || columns < 3) return fitWidth(text, columns);
  const tail = [...text].slice(-Math.floor((columns - 1) / 2));
  while (textWidth(tail.join('')) > Math.floor((columns - 1) / 2)) tail.shift();
  const end = tail.join('');
  return `${fitWidth(text, columns - textWidth(end)).trimEnd()}${end}`;
}

/** Cuts to `columns` with an ellipsis in the last one; fills up with spaces where it is shorter. */
export function fitWidth(text: string, columns: number): string {
  const width = textWidth(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  let cut = '';
  let used = 0;
  for (const character of text) {
    const wide = characterWidth(character);
    if (used + wide > columns - 1) break;
    cut += character;
    used += wide;
  }
  return `${cut}…${' '.repeat(Math.max(0, columns - 1 - used))}`;
}
