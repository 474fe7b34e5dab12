/** HTML as a sequence of texts, tags and comments, with the attributes that somebody reads. */
import { Tokenizer } from 'htmlparser2';

export interface HtmlSink {
  /** Text with its entities decoded, white space as it stands; whole between two tags. */
  text(text: string): void;
  /** Names in lower case; attributes that are looked at, the first of each name. */
  start(name: string, attributes: ReadonlyMap<string, string>): void;
  end(name: string): void;
  comment(text: string): void;
}

/** Attributes that are looked at. All others are passed over, however many and large they are. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'alt',
  'background',
  'bgcolor',
  'border',
  'class',
  'color',
  'colspan',
  'height',
  'hidden',
  'href',
  'id',
  'link',
  'media',
  'open',
  'role',
  'scope',
  'size',
  'start',
  'style',
  'text',
  'value',
  'width',
]);
/** Longer names are looked at by nobody. */
const NAME_CHARACTERS_MAX = 64;
/** Longer values are `data:` links, which are not shown; one that is this long was cut. */
export const ATTRIBUTE_CHARACTERS_MAX: number = 4_096;
/** A style may be longer: text could hide behind the padding of what was not read. */
export const STYLE_ATTRIBUTE_CHARACTERS_MAX: number = 64 * 1024;

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

const NONE: ReadonlySet<string> = new Set();

/**
 * Reads `html` into `sink`. Never throws; linear; holds no more than one text and one tag.
 *
 * @param others Attributes that somebody looks at besides those that are always read.
 */
export function readHtmlTokens(html: string, sink: HtmlSink, others: ReadonlySet<string> = NONE): void {
  let tag = '';
  let attribute = '';
  let isWanted = false;
  let value = '';
  let attributes = new Map<string, string>();
  let texts: string[] = [];
  const flushText = (): void => {
    if (texts.length === 0) return;
    const text = texts.length === 1 ? (texts[0] as string) : texts.join('');
    texts = [];
    sink.text(text);
  };
  const add = (text: string): void => {
    if (!isWanted) return;
    const max = attribute === 'style' ? STYLE_ATTRIBUTE_CHARACTERS_MAX : ATTRIBUTE_CHARACTERS_MAX;
    if (value.length < max) value += text.slice(0, max - value.length);
  };
  const start = (): void => sink.start(tag, attributes.size === 0 ? NO_ATTRIBUTES : attributes);
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (from, to) => void texts.push(html.slice(from, to)),
      ontextentity: (codePoint) => void texts.push(String.fromCodePoint(codePoint)),
      onopentagname(from, to) {
        flushText();
        tag = html.slice(from, to).toLowerCase();
        if (attributes.size > 0) attributes = new Map();
      },
      onattribname(from, to) {
        attribute = to - from > NAME_CHARACTERS_MAX ? '' : html.slice(from, to).toLowerCase();
        isWanted = (ATTRIBUTES.has(attribute) || others.has(attribute)) && !attributes.has(attribute);
        value = '';
      },
      onattribdata: (from, to) => add(html.slice(from, Math.min(to, from + STYLE_ATTRIBUTE_CHARACTERS_MAX))),
      onattribentity: (codePoint) => add(String.fromCodePoint(codePoint)),
      onattribend() {
        if (isWanted) attributes.set(attribute, value);
      },
      onopentagend: start,
      onselfclosingtag: start,
      onclosetag(from, to) {
        flushText();
        sink.end(html.slice(from, to).toLowerCase());
      },
      oncdata: (from, to, offset) => sink.comment(html.slice(from, to - offset)),
      oncomment: (from, to, offset) => sink.comment(html.slice(from, to - offset)),
      ondeclaration: () => undefined,
      onprocessinginstruction: () => undefined,
      onend: flushText,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
}
