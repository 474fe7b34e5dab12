/** How many columns of a terminal a text takes, and how to cut or break it to fit. */

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

/** Where a line is broken on a terminal that does not say how wide it is. */
const COLUMNS_DEFAULT = 100;
/** Narrower than this a text is hard to read: a terminal breaks the rest as it likes. */
const ROOM_MIN = 30;

/** What to type stands last in a sentence, and stays in one piece, to be copied. */
function wordsOf(text: string): readonly string[] {
  const at = text.lastIndexOf(': aimx ') + 1;
  return at === 0 ? text.split(' ') : [...text.slice(0, at).split(' '), text.slice(at + 1)];
}

/** Breaks at spaces; lines after the first begin after `indent` columns, under the text of the first. */
export function wrapText(text: string, indent: number, { columns }: { readonly columns: number }): string {
  const room = Math.max(ROOM_MIN, (Number.isFinite(columns) ? columns : COLUMNS_DEFAULT) - indent);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of wordsOf(text)) {
    const width = textWidth(word);
    if (line !== '' && used + 1 + width > room) {
      lines.push(line);
      line = word;
      used = width;
    } else {
      used = line === '' ? width : used + 1 + width;
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
