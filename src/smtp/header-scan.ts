/**
 * Looks at the header section of a message while it comes in (RFC 5322 §2.2): how often it has been
 * received, and whether it names itself. It keeps no more than the start of one line.
 */

const LF = 0x0a;
const CR = 0x0d;
/** The names looked for, and the white space that RFC 5322 §4.5 allows before the colon. */
const LINE_HEAD_OCTETS = 24;

/** A name as RFC 5322 §2.2 has it, and octets beyond ASCII, which readers take too. */
const FIELD = /^[!-9;-~\x80-\xff]+[ \t]*:/;
/** A name that may go on behind what is kept of the line. */
const CUT_NAME = /^[!-9;-~\x80-\xff]+[ \t]*$/;
const MBOX_LINE = /^>?From /;

export class HeaderScan {
  #lines = 0;
  #hasField = false;
  #receivedCount = 0;
  #hasMessageId = false;
  #hasDate = false;
  #isOver = false;
  /** Start of a line whose end has not come, at most {@link LINE_HEAD_OCTETS}. */
  #head = '';

  get receivedCount(): number {
    return this.#receivedCount;
  }

  /** Neither Message-ID nor Date: two such messages of the same bytes may be meant as two (design §3.3). */
  get lacksIdentity(): boolean {
    return !this.#hasMessageId && !this.#hasDate;
  }

  /** Takes the next content. Does nothing once the header section is over. */
  take(content: Uint8Array): void {
    let at = 0;
    while (!this.#isOver && at < content.length) {
      const lineFeed = content.indexOf(LF, at);
      const end = lineFeed < 0 ? content.length : lineFeed;
      if (lineFeed >= 0 && this.#head === '') this.#judgeLine(content, at, end);
      else {
        this.#head += readHead(content, at, end).slice(0, LINE_HEAD_OCTETS - this.#head.length);
        if (lineFeed < 0) return;
        this.#judge(this.#head);
        this.#head = '';
      }
      at = end + 1;
    }
  }

  #judgeLine(content: Uint8Array, start: number, end: number): void {
    // Of the letters that a field begins with, only these can matter: R, M, D; or the end.
    const letter = (content[start] as number) | 0x20;
    const matters = letter === 0x72 || letter === 0x6d || letter === 0x64;
    if (matters || !this.#hasField) this.#judge(readHead(content, start, end));
    else if (end === start || (end === start + 1 && content[start] === CR)) this.#isOver = true;
  }

  #judge(head: string): void {
    if (head === '' || head === '\r') {
      this.#isOver = true;
      return;
    }
    this.#lines += 1;
    if (!this.#hasField && !(this.#lines === 1 && MBOX_LINE.test(head))) {
      this.#hasField = FIELD.test(head) || (head.length === LINE_HEAD_OCTETS && CUT_NAME.test(head));
      // What begins with no field has no header section: a `Date:` further down is text.
      if (!this.#hasField) {
        this.#isOver = true;
        return;
      }
    }
    const [, name] = /^(received|message-id|date)[ \t]*:/i.exec(head) ?? [];
    const lower = name?.toLowerCase();
    if (lower === 'received') this.#receivedCount += 1;
    else if (lower === 'message-id') this.#hasMessageId = true;
    else if (lower === 'date') this.#hasDate = true;
  }
}

function readHead(content: Uint8Array, start: number, end: number): string {
  const length = Math.min(end - start, LINE_HEAD_OCTETS);
  return Buffer.from(content.buffer, content.byteOffset + start, length).toString('latin1');
}
