/** What was left out of a body while it was read, as warnings of its message. */
import type { MarkdownOfHtml } from './html/html-to-markdown.ts';

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

export class BodyRemarks {
  #hiddenPieces = 0;
  #hiddenCharacters = 0;
  #doubtfulCharacters = 0;
  #invisibleCharacters = 0;
  #misleadingLinks = 0;
  #alternativesDiffer = false;

  /** Of an HTML part that is shown. */
  addHtml(part: MarkdownOfHtml): void {
    this.#hiddenPieces += part.hidden.pieces;
    this.#hiddenCharacters += part.hidden.characters;
    this.#doubtfulCharacters += part.doubtful.characters;
    this.#misleadingLinks += part.misleadingLinks;
    this.addInvisible(part.invisibleCharacters);
  }

  addInvisible(characters: number): void {
    this.#invisibleCharacters += characters;
  }

  alternativesDiffer(): void {
    this.#alternativesDiffer = true;
  }

  /** `<code>: <sentence>`, one of each kind at most. */
  warnings(): readonly string[] {
    const warnings: string[] = [];
    if (this.#hiddenPieces > 0) {
      const pieces = counted(this.#hiddenPieces, 'piece', 'pieces');
      const characters = counted(this.#hiddenCharacters, 'character', 'characters');
      const were = this.#hiddenPieces === 1 ? 'was' : 'were';
      warnings.push(`hidden-text: ${pieces} (${characters}) that a person would not see ${were} left out`);
    }
    if (this.#doubtfulCharacters > 0) {
      const characters = counted(this.#doubtfulCharacters, 'character of it', 'characters of it');
      warnings.push(
        `doubtful-text: the text may hold what a person does not see (${characters}): its style is not judged`,
      );
    }
    if (this.#invisibleCharacters > 0) {
      const count = this.#invisibleCharacters.toLocaleString('en-US');
      warnings.push(
        `hidden-characters: the text has characters that nobody sees or that turn it around; they were left out (${count})`,
      );
    }
    if (this.#misleadingLinks > 0) {
      const links = counted(this.#misleadingLinks, 'link names', 'links name');
      warnings.push(
        `misleading-link: ${links} another place than the real one, which stands in brackets behind`,
      );
    }
    if (this.#alternativesDiffer) {
      warnings.push(
        'alternatives-differ: the plain text, which stands here, and the HTML, which most people read, say different things',
      );
    }
    return warnings;
  }
}
