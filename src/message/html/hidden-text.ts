/** Counts the text of a mail that a person would not see. */

import { withoutInvisible } from '../unicode/invisible-characters.ts';
import { readHtmlTokens } from './tokens.ts';

/**
 * A comment with less text than this is a remark of whoever made the template, or the few words of a
 * button for Outlook: nearly every newsletter has some, and none of them instructs anybody.
 */
const COMMENT_CHARACTERS_MIN = 40;

/** Text of a comment without the markup that it may hold (`<!--[if mso]>…`). */
function commentText(comment: string): string {
  const texts: string[] = [];
  let skipping = 0;
  const markup = comment.replace(/^\[if [^\]]{0,100}\]>/, '').replace(/<!\[endif\]$/, '');
  readHtmlTokens(markup, {
    text(text) {
      if (skipping === 0) texts.push(text);
    },
    start(name) {
      if (isCode(name)) skipping += 1;
    },
    end(name) {
      if (isCode(name)) skipping = Math.max(0, skipping - 1);
    },
    comment: () => undefined,
  });
  return texts.join(' ');
}

function isCode(name: string): boolean {
  return name === 'style' || name === 'script' || name === 'xml';
}

export class HiddenText {
  #pieces = 0;
  #characters = 0;
  #isInPiece = false;

  get counts(): { readonly pieces: number; readonly characters: number } {
    return { pieces: this.#pieces, characters: this.#characters };
  }

  /** Text that is seen stands here: what is hidden next is another piece. */
  seen(): void {
    this.#isInPiece = false;
  }

  add(text: string): void {
    const length = withoutInvisible(text)
      .text.replace(/[\s\u00a0]+/g, ' ')
      .trim().length;
    if (length === 0) return;
    if (!this.#isInPiece) this.#pieces += 1;
    this.#isInPiece = true;
    this.#characters += length;
  }

  addComment(comment: string): void {
    if (comment.length < COMMENT_CHARACTERS_MIN) return;
    const text = commentText(comment).replace(/\s+/g, ' ').trim();
    if (text.length < COMMENT_CHARACTERS_MIN) return;
    this.seen();
    this.add(text);
    this.seen();
  }
}
