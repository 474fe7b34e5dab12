/** What the elements of HTML are, as far as their text depends on it. */

/** Elements whose content is no text of the page. */
export const SKIPPED: ReadonlySet<string> = new Set([
  'script',
  'style',
  'head',
  'title',
  'object',
  'svg',
  'math',
  'textarea',
  'iframe',
  'noembed',
  'noframes',
  'audio',
  'video',
  'canvas',
  'xml',
  'meter',
  'progress',
  'rp',
  'datalist',
]);

/** Elements whose text is there and not seen: inert, or for readers without scripts or of another age. */
export const INERT: ReadonlySet<string> = new Set(['template', 'noscript', 'applet']);

/** Elements that have no content and no end tag (HTML §13.1.2). */
export const VOID: ReadonlySet<string> = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);

/** What may stand in the head; anything else begins the body (HTML §13.2.6.4.4). */
export const HEAD_CONTENT: ReadonlySet<string> = new Set([
  'base',
  'link',
  'meta',
  'noscript',
  'script',
  'style',
  'template',
  'title',
]);

/** Elements with an empty line before and after. */
export const PARAGRAPHS: ReadonlySet<string> = new Set([
  'p',
  'table',
  'address',
  'fieldset',
  'figure',
  'dl',
  'caption',
]);

/** Elements that begin and end a line. */
export const LINES: ReadonlySet<string> = new Set([
  'article',
  'aside',
  'body',
  'center',
  'dd',
  'details',
  'dialog',
  'div',
  'dt',
  'figcaption',
  'footer',
  'form',
  'header',
  'legend',
  'main',
  'nav',
  'option',
  'section',
  'summary',
  'tbody',
  'td',
  'tfoot',
  'th',
  'thead',
  'tr',
]);

export const HEADINGS: ReadonlySet<string> = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);

/** Elements whose start tag ends an open paragraph (HTML §13.2.6.4.7). */
export const ENDS_PARAGRAPH: ReadonlySet<string> = new Set([
  ...PARAGRAPHS,
  ...HEADINGS,
  'article',
  'aside',
  'blockquote',
  'center',
  'details',
  'div',
  'footer',
  'form',
  'header',
  'hr',
  'li',
  'dd',
  'dt',
  'main',
  'menu',
  'nav',
  'ol',
  'pre',
  'section',
  'ul',
]);

/** Elements out of which no end tag of anything inside them reaches (HTML §13.2.4.2). */
export const SCOPES: ReadonlySet<string> = new Set([
  'table',
  'td',
  'th',
  'caption',
  'template',
  'button',
  'select',
  'marquee',
  'object',
  'applet',
]);

/** Elements that go on where a block was closed over them (HTML §13.2.4.3). */
export const FORMATTING: ReadonlySet<string> = new Set([
  'a',
  'b',
  'big',
  'code',
  'em',
  'font',
  'i',
  'nobr',
  's',
  'small',
  'strike',
  'strong',
  'tt',
  'u',
]);

const LIST_SCOPES: ReadonlySet<string> = new Set([...SCOPES, 'ul', 'ol', 'menu', 'dl']);
const TABLE_SCOPES: ReadonlySet<string> = new Set(['table', 'template']);
const ROW_SCOPES: ReadonlySet<string> = new Set(['table', 'template', 'tr']);

interface ImpliedEnd {
  readonly ended: ReadonlySet<string>;
  readonly within: ReadonlySet<string>;
}

const LIST_ITEM: ImpliedEnd = { ended: new Set(['li']), within: LIST_SCOPES };
const DEFINITION: ImpliedEnd = { ended: new Set(['dt', 'dd']), within: LIST_SCOPES };
const CELL: ImpliedEnd = { ended: new Set(['td', 'th']), within: ROW_SCOPES };
const ROW: ImpliedEnd = { ended: new Set(['tr', 'caption']), within: TABLE_SCOPES };
const ROW_GROUP: ImpliedEnd = {
  ended: new Set(['tbody', 'thead', 'tfoot', 'caption']),
  within: TABLE_SCOPES,
};

/** What the start tag of an element ends, besides an open paragraph (HTML §13.1.2.4). */
export const IMPLIED_ENDS: ReadonlyMap<string, ImpliedEnd> = new Map([
  ['li', LIST_ITEM],
  ['dt', DEFINITION],
  ['dd', DEFINITION],
  ['td', CELL],
  ['th', CELL],
  ['tr', ROW],
  ['tbody', ROW_GROUP],
  ['thead', ROW_GROUP],
  ['tfoot', ROW_GROUP],
  ['option', { ended: new Set(['option']), within: SCOPES }],
  ['a', { ended: new Set(['a']), within: SCOPES }],
]);

/**
 * Elements that the end tag of one which is neither among them nor formatting does not reach over: the
 * `</span>` of `<span><div></span>` ends nothing (HTML §13.2.4.2, "special").
 */
const SPECIAL: ReadonlySet<string> = new Set([
  ...SCOPES,
  ...SKIPPED,
  ...INERT,
  ...PARAGRAPHS,
  ...LINES,
  ...HEADINGS,
  ...ENDS_PARAGRAPH,
]);

/** Out of what the end tag of an element does not reach. */
export function endScope(name: string): ReadonlySet<string> {
  if (name === 'table') return new Set(['template']);
  if (CELL.ended.has(name) || ROW.ended.has(name) || ROW_GROUP.ended.has(name)) return TABLE_SCOPES;
  if (!SPECIAL.has(name) && !FORMATTING.has(name)) return SPECIAL;
  return name === 'li' || name === 'dt' || name === 'dd' ? LIST_SCOPES : SCOPES;
}
