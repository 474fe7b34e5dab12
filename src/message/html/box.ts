/**
 * Whether the box of an element hides all that it holds: no room, a place off the screen, clipped or
 * moved away. No child can undo it.
 */
import { type LengthBase, lengthPx, ROOT_FONT_PX, SCREEN_WIDTH_PX } from './css-length.ts';
import type { Values } from './element-values.ts';

/** A box of this size shows nothing of its text: the one pixel that screen readers' texts are put into. */
export const BOX_PX_MAX = 1;
/** A place this far off is off the screen: nearly as wide as mails are (600 px); people write −9999 px. */
export const OFF_SCREEN_PX = 500;
/** To the right or below, a screen can be scrolled; nobody does so this far. */
const FAR_PX = 5_000;
/** Letters that move together by this share of their size lie upon each other; people write a tenth. */
const SPACING_EM_MIN = -0.5;
/** Smaller than this, a text of the usual size is a line. */
const SCALE_MAX = 1 / ROOT_FONT_PX;

export function hidesOverflow(values: Values): boolean {
  // A box without room has none for the bars to scroll it with.
  return ['overflow', 'overflow-x', 'overflow-y'].some((property) =>
    /(?:^|\s)(?:hidden|clip|auto|scroll|overlay)(?:\s|$)/.test(values.get(property)),
  );
}

function isFar(px: number | null): boolean {
  return px !== null && (px <= -OFF_SCREEN_PX || px >= FAR_PX);
}

function isOffScreen(values: Values, base: LengthBase): boolean {
  if (/^(?:absolute|fixed|relative)$/.test(values.get('position'))) {
    if (['left', 'top', 'right', 'bottom'].some((side) => isFar(values.px(side, base)))) return true;
  }
  if (/^(?:absolute|fixed)$/.test(values.get('position'))) {
    // As far from the right as the screen is wide: left of it.
    if (['right', 'bottom'].some((side) => (values.px(side, base) ?? 0) >= SCREEN_WIDTH_PX)) return true;
  }
  return ['margin-left', 'margin-top', 'padding-left', 'padding-top', 'text-indent'].some((property) => {
    const px = values.px(property, base);
    return property === 'text-indent' ? (px ?? 0) >= FAR_PX : isFar(px);
  });
}

/** Percentages are of the box itself, which is as wide as mails are: `-50%` centres it. */
function isTransformedAway(transform: string, emPx: number): boolean {
  if (transform === '') return false;
  const base = { emPx, percentPx: OFF_SCREEN_PX };
  return Array.from(transform.matchAll(/([a-z0-9]+)\(([^()]*)\)/g)).some((call) => {
    const name = call[1] ?? '';
    const values = (call[2] ?? '').split(',').map((value) => value.trim());
    if (/^scale(?:3d|x|y)?$/.test(name)) return values.some(isScaledAway);
    if (/^translate(?:3d|x|y)?$/.test(name)) return values.some((value) => isFar(lengthPx(value, base)));
    if (/^rotate(?:3d|x|y)$/.test(name) || /^skew/.test(name))
      return /^-?(?:90|270)deg$/.test(values.at(-1) ?? '');
    if (name !== 'matrix') return false;
    const [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] = values.map((value) => Number.parseFloat(value));
    return Math.abs(a * d - b * c) <= SCALE_MAX ** 2 || isFar(x) || isFar(y);
  });
}

function isScaledAway(value: string): boolean {
  const factor = Math.abs(Number.parseFloat(value)) * (value.endsWith('%') ? 0.01 : 1);
  return factor <= SCALE_MAX;
}

/** `transform`, and the properties that do the same one by one (CSS Transforms 2 §5). */
function isMovedAway(values: Values, emPx: number): boolean {
  const base = { emPx, percentPx: OFF_SCREEN_PX };
  const translate = values.get('translate').split(/\s+/);
  return (
    isTransformedAway(values.get('transform').replace(/calc\(([^()]*)\)/g, '$1'), emPx) ||
    translate.some((value) => isFar(lengthPx(value, base))) ||
    (values.get('scale') !== '' && values.get('scale').split(/\s+/).some(isScaledAway)) ||
    isScaledAway(values.get('zoom')) ||
    /^[xy] -?(?:90|270)deg$/.test(values.get('rotate'))
  );
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
    const far = [top, right, bottom, left].some((side) => (lengthPx(side, base) ?? 0) >= FAR_PX);
    return far || percent(top, bottom) >= 100 || percent(left, right) >= 100;
  }
  if (shape === 'circle' || shape === 'ellipse') {
    const radius = lengthPx(inside.trim().split(/\s+/)[0] ?? '', base);
    return radius !== null && radius <= BOX_PX_MAX;
  }
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

function isPiledUp(spacingPx: number | null, { emPx }: LengthBase): boolean {
  return spacingPx !== null && spacingPx < 0 && spacingPx <= SPACING_EM_MIN * emPx;
}

const BOX_SIZES = ['width', 'height', 'max-width', 'max-height'];

/** Whether one of its measures is a pixel at most, overflow or not. */
export function isSizeless(values: Values, base: LengthBase): boolean {
  return BOX_SIZES.some((property) => {
    const px = values.px(property, base);
    return px !== null && px <= BOX_PX_MAX;
  });
}

function hasNoRoom(values: Values, base: LengthBase): boolean {
  if (!hidesOverflow(values)) return false;
  const indent = values.px('text-indent', base);
  if (indent !== null && indent >= OFF_SCREEN_PX) return true;
  return isSizeless(values, base);
}

export function isBoxGone(values: Values, base: LengthBase, isHiddenByAttribute: boolean): boolean {
  const display = values.get('display');
  return (
    display === 'none' ||
    (isHiddenByAttribute && display === '') ||
    values.get('content-visibility') === 'hidden' ||
    values.get('mso-hide') === 'all' ||
    hasNoRoom(values, base) ||
    isOffScreen(values, base) ||
    isMovedAway(values, base.emPx) ||
    isPiledUp(values.px('letter-spacing', base), base) ||
    isClippedAway(values, base)
  );
}
