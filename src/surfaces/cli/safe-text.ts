/**
 * Text from outside made safe for a terminal.
 *
 * A mail's subject may hold escape sequences that move the cursor, change the title or answer back;
 * bidirectional controls that show another order than is there. Each such character is shown as what
 * it is and does nothing.
 */

// C0 without tab and line feed, DEL, C1, bidirectional controls and line separators.
const HARMFUL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function shown(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return '\ufffd';
}

/** For text of several lines: line feeds and tabs stay, CRLF becomes LF. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HARMFUL, shown);
}

/** For one cell or one line: line feeds and tabs become spaces. */
export function safeLine(text: string): string {
  return safeText(text).replace(/[\n\t]+/g, ' ');
}

/** JSON on one line, with the same value: what a terminal could act upon is written as an escape. */
export function safeJson(value: unknown): string {
  // JSON has escaped C0 already, line feeds and tabs included.
  return JSON.stringify(value).replace(
    HARMFUL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
