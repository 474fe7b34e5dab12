/** Addresses as reports write them. */
import { oneLine } from '../header/encoded-word.ts';

/** A longer one is no address (RFC 5321 §4.5.3.1). */
const ADDRESS_CHARACTERS_MAX = 320;

/** `\x{E9}` of utf-8-addr-xtext and utf-8-addr-unitext (RFC 6533 §3). */
function fromUnitext(text: string): string {
  return text.replace(/\\x\{([0-9A-Fa-f]{2,6})\}/g, (whole, hex: string) => {
    const point = Number.parseInt(hex, 16);
    return point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? String.fromCodePoint(point) : whole;
  });
}

/** `+2B` of xtext (RFC 3461 §4). */
export function fromXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * An address on one line, without brackets, quotes around the whole, and source route.
 *
 * @param type Lower case, of the field that it stood in: `utf-8` is unescaped.
 */
export function cleanReportedAddress(text: string, type = ''): string {
  const bracketed = /<([^<>]*)>/.exec(text.slice(0, 4 * ADDRESS_CHARACTERS_MAX));
  const bare = (bracketed?.[1] ?? text)
    .trim()
    .replace(/^[<'"]+|[>'",;]+$/g, '')
    .replace(/^@[^@:]+:(?=.)/, '')
    .slice(0, ADDRESS_CHARACTERS_MAX);
  return oneLine(type === 'utf-8' ? fromUnitext(bare) : bare);
}
