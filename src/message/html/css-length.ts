/** Lengths of CSS in pixels, on a screen that every reader is taken to have. */
import { calculate } from './css-calculation.ts';

/** A mail is judged as a desktop shows it. */
export const SCREEN_WIDTH_PX: number = 1024;
const SCREEN_HEIGHT_PX = 768;
/** `1rem`: the size of text in a browser that nobody has configured. */
export const ROOT_FONT_PX: number = 16;

const PIXELS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 9.6 / 2.54,
  q: 2.4 / 2.54,
  rem: ROOT_FONT_PX,
  rlh: ROOT_FONT_PX,
  vw: SCREEN_WIDTH_PX / 100,
  vh: SCREEN_HEIGHT_PX / 100,
  vmin: SCREEN_HEIGHT_PX / 100,
  vmax: SCREEN_WIDTH_PX / 100,
};

/** What relative lengths are relative to. */
export interface LengthBase {
  readonly emPx: number;
  readonly percentPx: number;
}

/**
 * Pixels of a length or of a calculation with lengths; null for what is none (`auto`, `var(…)`). A number
 * without a unit counts as pixels, as browsers read old mail.
 */
export function lengthPx(text: string, base: LengthBase): number | null {
  if (/^(?:calc|min|max|clamp)\(/.test(text)) return calculate(text, (part) => lengthPx(part, base));
  const match = /^([+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:e[+-]?\d{1,3})?)(%|[a-z]{0,5})$/.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  const unit = match[2] ?? '';
  if (unit === '%') return (value * base.percentPx) / 100;
  if (unit === 'em' || unit === 'lh' || unit === 'ic' || unit === 'cap') return value * base.emPx;
  if (unit === 'ex' || unit === 'ch') return (value * base.emPx) / 2;
  // `dvh`, `svw`, `cqw`, `cqmin`: of a screen or of a box that is as large as one.
  const ofScreen = /^(?:[dsl]v|cq)(w|h|i|b|min|max)$/.exec(unit)?.[1];
  const pixels =
    PIXELS[ofScreen === undefined ? unit : `v${ofScreen.replace(/^i$/, 'w').replace(/^b$/, 'h')}`];
  return pixels === undefined ? null : value * pixels;
}
