/**
 * A header field on the wire: its name, its words, and lines folded between them (RFC 5322 §2.2.3).
 *
 * All that becomes a header section passes here, and here it is asserted that nothing in it can end a
 * field: the guard behind the encoders and checks that see to it.
 */
import { assert } from '../../system/assert.ts';

/** RFC 5322 §2.1.1: lines should have no more than 78 characters; with encoded words 76 (RFC 2047 §2). */
const LINE_CHARACTERS_MAX = 76;
/** Printable, without the controls that end lines or fields; beyond ASCII only where RFC 6532 is asked for. */
const WORD = /^[^\s\p{Cc}\p{Zl}\p{Zp}][^\p{Cc}\p{Zl}\p{Zp}]*$/u;

/**
 * Writes a field with its line end.
 *
 * @param words What is not folded inside, in order; one space or fold stands between two. The first is
 *   never folded away from the name: a line of white space alone may not be made (RFC 5322 §3.2.2).
 */
export function foldField(name: string, words: readonly string[]): string {
  const pieces: string[] = [`${name}:`];
  let column = name.length + 1;
  words.forEach((word, index) => {
    assert(WORD.test(word), `a word of the field ${name} cannot stand in a header`);
    const folds = index > 0 && column + 1 + word.length > LINE_CHARACTERS_MAX;
    pieces.push(folds ? '\r\n ' : ' ', word);
    column = (folds ? 0 : column) + 1 + word.length;
  });
  return `${pieces.join('')}\r\n`;
}
