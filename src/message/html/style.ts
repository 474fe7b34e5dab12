/**
 * Whether a person sees the text of an element: the few computed values of CSS that decide it.
 *
 * A style is made from that of the parent. What the box of an element hides (`display`, a box without
 * room, a place off the screen) stays hidden in all that it holds; what is inherited (`visibility`,
 * colour, size of text) can be undone by a child.
 */

import { BOX_PX_MAX, hidesOverflow, isBoxGone, isSizeless, OFF_SCREEN_PX } from './box.ts';
import {
  areNear,
  BLACK,
  blend,
  type Colour,
  gradientColour,
  parseColour,
  parseLegacyColour,
  WHITE,
} from './css-colour.ts';
import type { Declarations } from './css-declarations.ts';
import { lengthPx, ROOT_FONT_PX, SCREEN_WIDTH_PX } from './css-length.ts';
import { Values } from './element-values.ts';

/** Text of this size is a line at most. */
const FONT_PX_MAX = 1;
/** What is no denser is not seen. */
export const OPACITY_MAX: number = 0.05;
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
  /** `-webkit-text-fill-color`, which stands for the colour; null where it is that. */
  readonly fill: Colour | null;
  readonly linkColour: Colour;
  /** What lies behind the text; below a picture if there is one. */
  readonly ground: Colour;
  /** There is no picture over it. */
  readonly isGroundKnown: boolean;
  readonly indentPx: number;
  readonly hasNoLineHeight: boolean;
  /** Lines without height are cut off. */
  readonly cutsLines: boolean;
  /** Line ends in the source are line ends (`white-space: pre-wrap` and its like). */
  readonly keepsLines: boolean;
  /** CSS leaves a picture here no room; not inherited. */
  readonly isTiny: boolean;
  /** `display` makes a block of the element itself, whatever it is; not inherited. */
  readonly isBlock: boolean;
  /** The sum of all this: text here is not seen. */
  readonly isHidden: boolean;
  /** Something that is not judged may take the text away: `var(…)`, a mask, a filter. Inherited. */
  readonly isInDoubt: boolean;
  /** Text here may not be seen: for that, or because a picture lies behind it. */
  readonly isDoubtful: boolean;
}

/** What surrounds a mail: black on white. */
export const PAGE_STYLE: Style = {
  isGone: false,
  isVisible: true,
  fontPx: ROOT_FONT_PX,
  opacity: 1,
  colour: BLACK,
  fill: null,
  linkColour: LINK_COLOUR,
  ground: WHITE,
  isGroundKnown: true,
  indentPx: 0,
  hasNoLineHeight: false,
  cutsLines: false,
  keepsLines: false,
  isTiny: false,
  isBlock: false,
  isHidden: false,
  isInDoubt: false,
  isDoubtful: false,
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
  const own = lengthPx(text, { emPx: 1, percentPx: 1 }) ?? 1;
  const filtered = /(?:^|\s)opacity\(\s*([\d.]+)(%?)\s*\)/.exec(filter);
  const faded = filtered === null ? 1 : Number(filtered[1]) * (filtered[2] === '%' ? 0.01 : 1);
  const legacy = /alpha\(\s*opacity\s*=\s*([\d.]+)\s*\)/.exec(filter);
  const product = own * faded * (legacy === null ? 1 : Number(legacy[1]) / 100);
  return Number.isFinite(product) ? Math.min(1, Math.max(0, product)) : 1;
}

function colourOf(text: string, parent: Colour, weakest: Colour | null): Colour {
  if (text === 'inherit' || text === 'currentcolor' || text === 'unset') return parent;
  if (text === 'initial') return BLACK;
  return parseColour(text) ?? weakest ?? parent;
}

function fillOf(values: Values, parent: Style): Colour | null {
  const text = values.get('-webkit-text-fill-color');
  if (text === 'currentcolor' || text === 'initial') return null;
  return parseColour(text) ?? parent.fill;
}

type Ground = Pick<Style, 'ground' | 'isGroundKnown'>;

function onGround(colour: Colour, below: Ground): Ground {
  return {
    ground: blend(colour, below.ground),
    isGroundKnown: colour.alpha >= 1 || below.isGroundKnown,
  };
}

function groundOf(values: Values, parent: Style, hints: Hints): Ground {
  const text = values.get('background-color');
  const colour = parseColour(text);
  const own = colour ?? hints.ground;
  const behind = own === null || own.alpha === 0 ? parent : onGround(own, parent);
  const image = values.get('background-image');
  const isUnknown = colour === null && text.includes('(');
  const hasImage = image === '' ? hints.hasImage : image.includes('(');
  const gradient = gradientColour(image);
  if (gradient !== null) {
    const { ground, isGroundKnown } = onGround(gradient.colour, behind);
    return { ground, isGroundKnown: isGroundKnown && gradient.isPlain };
  }
  const { ground, isGroundKnown } = behind;
  return { ground, isGroundKnown: isGroundKnown && !isUnknown && !hasImage };
}

/** What is there and not judged: it may take the text away. */
function isInDoubt(values: Values): boolean {
  const isSet = (property: string): boolean => !/^(?:none|normal|initial|unset|)$/.test(values.get(property));
  const isUnknown = (property: string): boolean => {
    const text = values.get(property);
    return text.includes('(') && parseColour(text) === null;
  };
  const sizes = ['font-size', 'opacity', 'zoom', 'scale'].filter((property) =>
    values.get(property).includes('('),
  );
  return (
    isUnknown('color') ||
    isUnknown('-webkit-text-fill-color') ||
    isUnknown('display') ||
    isUnknown('visibility') ||
    sizes.some((property) => values.px(property, { emPx: ROOT_FONT_PX, percentPx: ROOT_FONT_PX }) === null) ||
    (isSet('mask') && /(?:gradient|url|var)\(/.test(values.get('mask'))) ||
    isSet('mix-blend-mode') ||
    /(?:blur|brightness|contrast|invert|url|var)\(/.test(values.get('filter')) ||
    /(?:path|shape|xywh|rect|url|var)\(/.test(values.get('clip-path')) ||
    /var\(/.test(values.get('transform')) ||
    /^(?:canvas|field|buttonface|window|selecteditem)$/.test(values.get('color'))
  );
}

/** What the attributes of an element say of its style, weaker than any rule (HTML §15.2). */
interface Hints {
  readonly colour: Colour | null;
  readonly ground: Colour | null;
  readonly hasImage: boolean;
}

function hintsOf(name: string, attributes: ReadonlyMap<string, string>, parent: Style): Hints {
  // Browsers show it like a text marker.
  if (name === 'mark') return { colour: BLACK, ground: parseColour('yellow'), hasImage: false };
  const colour =
    name === 'font'
      ? parseLegacyColour(attributes.get('color') ?? '')
      : name === 'body'
        ? parseLegacyColour(attributes.get('text') ?? '')
        : name === 'a' && attributes.has('href')
          ? parent.linkColour
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

type Judged = Omit<Style, 'isHidden' | 'isDoubtful'>;

function isUnreadable(style: Judged): boolean {
  if (style.isGone || !style.isVisible) return true;
  if (style.fontPx <= FONT_PX_MAX || style.opacity <= OPACITY_MAX) return true;
  if (style.indentPx <= -OFF_SCREEN_PX || (style.hasNoLineHeight && style.cutsLines)) return true;
  return (style.fill ?? style.colour).alpha <= OPACITY_MAX;
}

function isLikeGround(style: Judged): boolean {
  const colour = style.fill ?? style.colour;
  return areNear(blend({ ...colour, alpha: colour.alpha * style.opacity }, style.ground), style.ground);
}

/** Elements that are not shown as what is around them without any attribute. */
const HAS_OWN_STYLE: ReadonlySet<string> = new Set(['mark', 'dialog']);
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
  if (declarations.length === 0 && attributes.size === 0 && !HAS_OWN_STYLE.has(name)) {
    return parent.isBlock || parent.isTiny ? { ...parent, isBlock: false, isTiny: false } : parent;
  }
  const values = new Values([...fontSizeHint(name, attributes), ...declarations]);
  const hints = hintsOf(name, attributes, parent);
  const fontPx = fontPxOf(values, parent);
  const base = { emPx: fontPx, percentPx: SCREEN_WIDTH_PX };
  const whiteSpace = values.get('white-space');
  const style = {
    isGone: parent.isGone || isBoxGone(values, base, attributes.has('hidden')),
    isVisible: visibilityOf(values, parent),
    fontPx,
    opacity: parent.opacity * opacityOf(values),
    colour: colourOf(values.get('color'), parent.colour, hints.colour),
    fill: fillOf(values, parent),
    linkColour: parseLegacyColour((name === 'body' ? attributes.get('link') : '') ?? '') ?? parent.linkColour,
    ...groundOf(values, parent, hints),
    indentPx: values.px('text-indent', base) ?? parent.indentPx,
    ...lineHeightOf(values, parent, fontPx),
    keepsLines: whiteSpace === '' ? parent.keepsLines : /^(?:pre|break-spaces)/.test(whiteSpace),
    isTiny: isSizeless(values, base),
    // Mail readers that do not know a dialog show it; browsers wait for a script to do so.
    isInDoubt: (name === 'dialog' && !attributes.has('open')) || parent.isInDoubt || isInDoubt(values),
    isBlock: /^(?:block|flex|grid|table|list-item|table-row)$/.test(values.get('display')),
  };
  const isLike = isLikeGround(style);
  const isHidden = isUnreadable(style) || (style.isGroundKnown && isLike);
  return { ...style, isHidden, isDoubtful: !isHidden && (style.isInDoubt || isLike) };
}

/** The same style, of which it is not known whether a person sees what has it. */
export function inDoubt(style: Style): Style {
  return style.isInDoubt ? style : { ...style, isInDoubt: true, isDoubtful: !style.isHidden };
}
