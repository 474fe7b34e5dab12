/**
 * Whether a person sees the text of an element: the few computed values of CSS that decide it.
 *
 * A style is made from that of the parent. What the box of an element hides (`display`, a box without
 * room, a place off the screen) stays hidden in all that it holds; what is inherited (`visibility`,
 * colour, size of text) can be undone by a child.
 */
import { areNear, BLACK, blend, type Colour, parseColour, parseLegacyColour, WHITE } from './css-colour.ts';
import type { Declarations } from './css-declarations.ts';
import { type LengthBase, lengthPx, ROOT_FONT_PX, SCREEN_WIDTH_PX } from './css-length.ts';

/** Text of this size is a line at most. */
const FONT_PX_MAX = 1;
const OPACITY_MAX = 0.05;
/** A box of this size shows nothing of its text: the one pixel that screen readers' texts are put into. */
const BOX_PX_MAX = 1;
/** A place this far off is off the screen: nearly as wide as mails are (600 px); people write −9999 px. */
const OFF_SCREEN_PX = 500;
/** To the right or below, a screen can be scrolled; nobody does so this far. */
const FAR_PX = 5_000;
/** Text of a link where nothing else is said (HTML §15.3.10). */
const LINK_COLOUR: Colour = { red: 0, green: 0, blue: 238, alpha: 1 };

export interface Style {
  /** Nothing in this element is seen, whatever its children say. */
  readonly isGone: boolean;
  readonly isVisible: boolean;
  readonly fontPx: number;
  /** Of this element and all around it. */
  readonly opacity: number;
  readonly colour: Colour;
  /** What lies behind the text; null where it is an image, of which nothing is known. */
  readonly ground: Colour | null;
  readonly indentPx: number;
  readonly hasNoLineHeight: boolean;
  /** Lines without height are cut off. */
  readonly cutsLines: boolean;
  /** Line ends in the source are line ends (`white-space: pre-wrap` and its like). */
  readonly keepsLines: boolean;
  /** `display` makes a block of the element itself, whatever it is; not inherited. */
  readonly isBlock: boolean;
  /** The sum of all this: text here is not seen. */
  readonly isHidden: boolean;
}

/** What surrounds a mail: black on white. */
export const PAGE_STYLE: Style = {
  isGone: false,
  isVisible: true,
  fontPx: ROOT_FONT_PX,
  opacity: 1,
  colour: BLACK,
  ground: WHITE,
  indentPx: 0,
  hasNoLineHeight: false,
  cutsLines: false,
  keepsLines: false,
  isBlock: false,
  isHidden: false,
};

/** CSS Fonts 4 §2.5; `<font size>` 1 to 7 stands for the same steps (HTML §15.3.4). */
const FONT_PX_BY_NAME: Readonly<Record<string, number>> = {
  'xx-small': 9,
  'x-small': 10,
  small: 13,
  medium: 16,
  large: 18,
  'x-large': 24,
  'xx-large': 32,
  'xxx-large': 48,
};

/** The values that hold for one element: attributes that stand for style are the weakest. */
class Values {
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

function fontPxOf(values: Values, parent: Style): number {
  const text = values.get('font-size');
  if (text === '') return parent.fontPx;
  if (text === 'smaller') return parent.fontPx / 1.2;
  if (text === 'larger') return parent.fontPx * 1.2;
  if (text === 'initial') return ROOT_FONT_PX;
  const size = FONT_PX_BY_NAME[text] ?? lengthPx(text, { emPx: parent.fontPx, percentPx: parent.fontPx });
  return size === null || size < 0 ? parent.fontPx : size;
}

function opacityOf(values: Values): number {
  const text = values.get('opacity');
  const filter = values.get('filter');
  const factor = text.endsWith('%') ? 0.01 : 1;
  const own = text === '' ? 1 : Number.parseFloat(text) * factor;
  const filtered = /(?:^|\s)opacity\(\s*([\d.]+)(%?)\s*\)/.exec(filter);
  const faded = filtered === null ? 1 : Number(filtered[1]) * (filtered[2] === '%' ? 0.01 : 1);
  const legacy = /alpha\(\s*opacity\s*=\s*([\d.]+)\s*\)/.exec(filter);
  const product = own * faded * (legacy === null ? 1 : Number(legacy[1]) / 100);
  return Number.isFinite(product) ? Math.min(1, Math.max(0, product)) : 1;
}

function colourOf(values: Values, parent: Style, weakest: Colour | null): Colour {
  const fill = values.get('-webkit-text-fill-color');
  const text = fill === '' || fill === 'currentcolor' ? values.get('color') : fill;
  if (text === 'inherit' || text === 'currentcolor' || text === 'unset') return parent.colour;
  if (text === 'initial') return BLACK;
  return parseColour(text) ?? weakest ?? parent.colour;
}

function groundOf(values: Values, parent: Style, weakest: Colour | null): Colour | null {
  const image = values.get('background-image');
  if (/url\(|gradient\(|image-set\(/.test(image)) return null;
  const colour = values.get('background-color');
  const known = parseColour(colour);
  if (known === null && colour.includes('(')) return null;
  const own = known ?? weakest;
  if (own === null || own.alpha === 0) return parent.ground;
  if (parent.ground === null) return own.alpha >= 1 ? own : null;
  return blend(own, parent.ground);
}

function hidesOverflow(values: Values): boolean {
  return ['overflow', 'overflow-x', 'overflow-y'].some((property) =>
    /(?:^|\s)(?:hidden|clip)(?:\s|$)/.test(values.get(property)),
  );
}

function isFar(px: number | null): boolean {
  return px !== null && (px <= -OFF_SCREEN_PX || px >= FAR_PX);
}

function isOffScreen(values: Values, base: LengthBase): boolean {
  if (/^(?:absolute|fixed|relative)$/.test(values.get('position'))) {
    if (['left', 'top', 'right', 'bottom'].some((side) => isFar(values.px(side, base)))) return true;
  }
  return isFar(values.px('margin-left', base)) || isFar(values.px('margin-top', base));
}

/** Percentages are of the box itself, which is as wide as mails are: `-50%` centres it. */
function isTransformedAway(transform: string, emPx: number): boolean {
  if (transform === '') return false;
  const base = { emPx, percentPx: OFF_SCREEN_PX };
  return Array.from(transform.matchAll(/([a-z0-9]+)\(([^()]*)\)/g)).some((call) => {
    const name = call[1] ?? '';
    const values = (call[2] ?? '').split(',').map((value) => value.trim());
    if (/^scale(?:3d|x|y)?$/.test(name))
      return values.some((value) => Math.abs(Number.parseFloat(value)) < 0.01);
    if (/^translate(?:3d|x|y)?$/.test(name)) return values.some((value) => isFar(lengthPx(value, base)));
    return (
      name === 'matrix' &&
      Number.parseFloat(values[0] ?? '1') === 0 &&
      Number.parseFloat(values[1] ?? '1') === 0
    );
  });
}

function isClippedAway(values: Values, base: LengthBase): boolean {
  const rect = /^rect\(([^()]*)\)$/.exec(values.get('clip'));
  if (rect !== null) {
    const sides = (rect[1] ?? '').split(/[\s,]+/).filter((side) => side !== '');
    const [top = null, right = null, bottom = null, left = null] = sides.map((side) => lengthPx(side, base));
    if (top !== null && bottom !== null && bottom - top <= BOX_PX_MAX) return true;
    if (left !== null && right !== null && right - left <= BOX_PX_MAX) return true;
  }
  const [, shape = '', inside = ''] = /^([a-z]+)\(([^()]*)\)$/.exec(values.get('clip-path')) ?? [];
  if (shape === 'inset') {
    const [top = '0', right = top, bottom = top, left = right] = inside.trim().split(/\s+/);
    const percent = (one: string, other: string): number =>
      [one, other].reduce((sum, side) => sum + (side.endsWith('%') ? Number.parseFloat(side) : 0), 0);
    return percent(top, bottom) >= 100 || percent(left, right) >= 100;
  }
  if (shape === 'circle' || shape === 'ellipse') return /^\s*0(?:px|%)?(?:\s|$)/.test(inside);
  // A polygon of which all corners are the same is a point.
  return (
    shape === 'polygon' &&
    new Set(
      inside
        .replace(/[a-z%]/g, '')
        .split(',')
        .map((corner) => corner.trim()),
    ).size === 1
  );
}

function hasNoRoom(values: Values, base: LengthBase): boolean {
  if (!hidesOverflow(values)) return false;
  const indent = values.px('text-indent', base);
  if (indent !== null && indent >= OFF_SCREEN_PX) return true;
  return ['width', 'height', 'max-width', 'max-height'].some((property) => {
    const px = values.px(property, base);
    return px !== null && px <= BOX_PX_MAX;
  });
}

function isBoxGone(values: Values, base: LengthBase, isHiddenByAttribute: boolean): boolean {
  const display = values.get('display');
  return (
    display === 'none' ||
    (isHiddenByAttribute && display === '') ||
    values.get('content-visibility') === 'hidden' ||
    values.get('mso-hide') === 'all' ||
    hasNoRoom(values, base) ||
    isOffScreen(values, base) ||
    isTransformedAway(values.get('transform'), base.emPx) ||
    isClippedAway(values, base)
  );
}

/** What the attributes of an element say of its style, weaker than any rule (HTML §15.2). */
interface Hints {
  readonly colour: Colour | null;
  readonly ground: Colour | null;
  readonly hasImage: boolean;
}

function hintsOf(name: string, attributes: ReadonlyMap<string, string>): Hints {
  const colour =
    name === 'font'
      ? parseLegacyColour(attributes.get('color') ?? '')
      : name === 'body'
        ? parseLegacyColour(attributes.get('text') ?? '')
        : name === 'a' && attributes.has('href')
          ? LINK_COLOUR
          : null;
  return {
    colour,
    ground: parseLegacyColour(attributes.get('bgcolor') ?? ''),
    hasImage: (attributes.get('background') ?? '').trim() !== '',
  };
}

function visibilityOf(values: Values, parent: Style): boolean {
  const visibility = values.get('visibility');
  if (visibility === 'hidden' || visibility === 'collapse') return false;
  return visibility === 'visible' || visibility === 'initial' || parent.isVisible;
}

function lineHeightOf(
  values: Values,
  parent: Style,
  fontPx: number,
): Pick<Style, 'hasNoLineHeight' | 'cutsLines'> {
  const cuts = hidesOverflow(values);
  const text = values.get('line-height');
  if (text === '' || text === 'inherit') {
    return { hasNoLineHeight: parent.hasNoLineHeight, cutsLines: parent.cutsLines || cuts };
  }
  // A number without a unit is a multiple of the size of text.
  const px = /[a-z%]$/.test(text)
    ? lengthPx(text, { emPx: fontPx, percentPx: fontPx })
    : Number.parseFloat(text) * fontPx;
  return { hasNoLineHeight: px !== null && px <= BOX_PX_MAX, cutsLines: cuts };
}

function isUnreadable(style: Omit<Style, 'isHidden'>): boolean {
  if (style.isGone || !style.isVisible) return true;
  if (style.fontPx <= FONT_PX_MAX || style.opacity <= OPACITY_MAX) return true;
  if (style.indentPx <= -OFF_SCREEN_PX || (style.hasNoLineHeight && style.cutsLines)) return true;
  if (style.colour.alpha <= OPACITY_MAX) return true;
  return style.ground !== null && areNear(blend(style.colour, style.ground), style.ground);
}

const FONT_SIZES = ['x-small', 'small', 'medium', 'large', 'x-large', 'xx-large', 'xxx-large'];

/** `<font size>`: 1 to 7, or relative to 3 (HTML §15.3.4). */
function fontSizeHint(name: string, attributes: ReadonlyMap<string, string>): readonly Declarations[] {
  const size = name === 'font' ? Number.parseInt(attributes.get('size') ?? '', 10) : Number.NaN;
  if (!Number.isFinite(size)) return [];
  const isRelative = /^[+-]/.test(attributes.get('size') ?? '');
  const step = Math.min(7, Math.max(1, isRelative ? 3 + size : size));
  return [new Map([['font-size', { value: FONT_SIZES[step - 1] ?? 'medium', isImportant: false }]])];
}

/**
 * The style of an element.
 *
 * @param declarations Weakest first: the rules that match, then the `style` attribute.
 */
export function computeStyle(
  parent: Style,
  element: { readonly name: string; readonly attributes: ReadonlyMap<string, string> },
  declarations: readonly Declarations[],
): Style {
  const { name, attributes } = element;
  if (declarations.length === 0 && attributes.size === 0) {
    return parent.isBlock ? { ...parent, isBlock: false } : parent;
  }
  const values = new Values([...fontSizeHint(name, attributes), ...declarations]);
  const hints = hintsOf(name, attributes);
  const fontPx = fontPxOf(values, parent);
  const base = { emPx: fontPx, percentPx: SCREEN_WIDTH_PX };
  const whiteSpace = values.get('white-space');
  const ground = groundOf(values, parent, hints.ground);
  const style = {
    isGone: parent.isGone || isBoxGone(values, base, attributes.has('hidden')),
    isVisible: visibilityOf(values, parent),
    fontPx,
    opacity: parent.opacity * opacityOf(values),
    colour: colourOf(values, parent, hints.colour),
    ground: hints.hasImage && values.get('background-image') === '' ? null : ground,
    indentPx: values.px('text-indent', base) ?? parent.indentPx,
    ...lineHeightOf(values, parent, fontPx),
    keepsLines: whiteSpace === '' ? parent.keepsLines : /^(?:pre|break-spaces)/.test(whiteSpace),
    isBlock: /^(?:block|flex|grid|table|list-item|table-row)$/.test(values.get('display')),
  };
  return { ...style, isHidden: isUnreadable(style) };
}
