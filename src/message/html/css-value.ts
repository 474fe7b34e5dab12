/**
 * Whether a value is one that its property can have: browsers pass over all others, so that
 * `display: none; display: nonsense` hides (CSS 2 §4.2).
 */
import { parseColour } from './css-colour.ts';
import { lengthPx, ROOT_FONT_PX } from './css-length.ts';

const ANYWHERE: ReadonlySet<string> = new Set(['inherit', 'initial', 'unset', 'revert', 'revert-layer']);

function words(...texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => text.split(' ')));
}

const SIZES = words(
  'auto none normal min-content max-content fit-content stretch -webkit-fill-available -moz-available',
);
const FONT_SIZES = words(
  'xx-small x-small small medium large x-large xx-large xxx-large smaller larger math',
);
const SYSTEM_COLOURS = words(
  'currentcolor canvas canvastext linktext visitedtext activetext buttonface buttontext buttonborder field',
  'fieldtext highlight highlighttext selecteditem selecteditemtext mark marktext graytext window windowtext',
);
const KEYWORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'display',
    words(
      'none contents inline block inline-block flow flow-root flex inline-flex grid inline-grid list-item run-in',
      'table inline-table table-row table-cell table-row-group table-header-group table-footer-group',
      'table-column table-column-group table-caption ruby ruby-base ruby-text',
      '-webkit-box -webkit-inline-box -webkit-flex -ms-flexbox -moz-box -ms-grid',
    ),
  ],
  ['visibility', words('visible hidden collapse')],
  ['content-visibility', words('visible hidden auto')],
  ['position', words('static relative absolute fixed sticky -webkit-sticky')],
  ['overflow', words('visible hidden clip scroll auto overlay')],
  ['white-space', words('normal nowrap pre pre-wrap pre-line break-spaces collapse preserve wrap')],
  ['background-color', SYSTEM_COLOURS],
  ['color', SYSTEM_COLOURS],
  ['-webkit-text-fill-color', SYSTEM_COLOURS],
]);
const NOT_NEGATIVE = words(
  'width height max-width max-height font-size line-height padding-left padding-top',
);
const LENGTHS = words(
  'left top right bottom text-indent margin-left margin-top letter-spacing',
  ...NOT_NEGATIVE,
);
const BACKGROUND =
  /^(?:none|no-repeat|repeat|repeat-[xy]|space|round|scroll|fixed|local|left|right|top|bottom|center|cover|contain|auto|(?:border|padding|content)-box|text|transparent|\/)$/;

function isLength(value: string): boolean {
  return lengthPx(value, { emPx: ROOT_FONT_PX, percentPx: ROOT_FONT_PX }) !== null;
}

/** @param property One of those that are looked at. @param value Lower case, trimmed. */
export function isValueOf(property: string, value: string): boolean {
  // What a function comes to is judged where it is used.
  if (ANYWHERE.has(value) || value.includes('(')) return true;
  if (LENGTHS.has(property)) {
    if (property === 'font-size' && FONT_SIZES.has(value)) return true;
    return SIZES.has(value)
      ? property !== 'font-size'
      : isLength(value) && !(value.startsWith('-') && NOT_NEGATIVE.has(property));
  }
  if (property === 'opacity' || property === 'zoom') {
    return (
      /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?%?$/.test(value) || (property === 'zoom' && value === 'normal')
    );
  }
  const keywords = KEYWORDS.get(property.startsWith('overflow') ? 'overflow' : property);
  if (keywords === undefined) return true;
  return parseColour(value) !== null && keywords === SYSTEM_COLOURS
    ? true
    : value.split(/\s+/).every((word) => keywords.has(word));
}

/** Whether each word of a `background` may stand there. */
export function isBackground(parts: readonly string[]): boolean {
  return parts.every((part) => {
    const word = part.replace(/,$/, '');
    return (
      word.includes('(') ||
      BACKGROUND.test(word) ||
      ANYWHERE.has(word) ||
      parseColour(word) !== null ||
      SYSTEM_COLOURS.has(word) ||
      word.split('/').every((side) => isLength(side) || BACKGROUND.test(side))
    );
  });
}
