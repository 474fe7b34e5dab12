/**
 * Markdown as the HTML alternative of a letter.
 *
 * HTML in the Markdown is text (the sender quotes what strangers wrote), links lead to the web, to mail
 * and to telephones, and pictures are those that are attached or on the web. Styles stand in the
 * elements: many mail programs drop style sheets.
 */
import MarkdownIt, { type RendererRule } from 'markdown-it';

/**
 * Markdown that is rendered: a long letter has a tenth. Hostile text takes some 200 ms at this length,
 * and the daemon waits for it; what is longer leaves as text alone.
 */
export const MARKDOWN_CHARACTERS_MAX: number = 64 * 1024;

const BODY_STYLE = 'font-family:system-ui,-apple-system,sans-serif;font-size:15px;line-height:1.5';
const IMAGE_STYLE = 'max-width:100%';
const STYLES: Readonly<Record<string, string>> = {
  blockquote_open: 'margin:0 0 0 4px;padding-left:10px;border-left:2px solid #ccc',
  table_open: 'border-collapse:collapse',
  th_open: 'border:1px solid #ccc;padding:4px 8px',
  td_open: 'border:1px solid #ccc;padding:4px 8px',
};

const WEB = /^https?:/i;
const SAFE = /^(?:https?|mailto|tel):/i;
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

export interface RenderedMarkdown {
  /** A whole document. */
  readonly html: string;
  /** Names of the pictures that it shows. */
  readonly shown: ReadonlySet<string>;
}

/** Adds `style` to what the element has already, such as the alignment of a column. */
function styled(style: string): RendererRule {
  return (tokens, index, options, _environment, renderer) => {
    const token = tokens[index];
    const before = token?.attrGet('style') ?? null;
    token?.attrSet('style', before === null ? style : `${before};${style}`);
    return renderer.renderToken(tokens, index, options);
  };
}

/** Puts a rendered body into a document. */
function inDocument(body: string): string {
  return [
    '<!DOCTYPE html>',
    '<html>',
    '<head><meta charset="utf-8"></head>',
    `<body style="${BODY_STYLE}">`,
    body.trimEnd(),
    '</body>',
    '</html>',
  ].join('\n');
}

/**
 * Renders Markdown. Total.
 *
 * A line end is a line end, as in the text that stands beside it. Names such as `README.md` are no
 * addresses of the web: only what has a scheme, and addresses of mail, become links by themselves.
 *
 * @param text At most {@link MARKDOWN_CHARACTERS_MAX}.
 * @param pictures Content-IDs by the name that the text has for them.
 */
export function markdownToHtml(text: string, pictures: ReadonlyMap<string, string>): RenderedMarkdown {
  const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true });
  markdown.linkify.set({ fuzzyLink: false, fuzzyIP: false, fuzzyEmail: true });
  const names = new Map([...pictures.keys()].map((name) => [markdown.normalizeLink(name), name]));
  const shown = new Set<string>();
  markdown.validateLink = (url) => SAFE.test(url) || names.has(url) || !HAS_SCHEME.test(url);
  const { rules } = markdown.renderer;
  for (const [rule, style] of Object.entries(STYLES)) rules[rule] = styled(style);
  rules['image'] = (tokens, index, options, environment, renderer) => {
    const token = tokens[index];
    if (token === undefined) return '';
    const source = String(token.attrGet('src') ?? '');
    const description = renderer.renderInlineAsText(token.children ?? [], options, environment);
    const name = names.get(source);
    // A picture that nobody has: its description is what is left of it.
    if (name === undefined && !WEB.test(source)) return markdown.utils.escapeHtml(description);
    if (name !== undefined) {
      shown.add(name);
      token.attrSet('src', `cid:${pictures.get(name)}`);
    }
    token.attrSet('alt', description);
    token.attrSet('style', IMAGE_STYLE);
    return renderer.renderToken(tokens, index, options);
  };
  return { html: inDocument(markdown.render(text)), shown };
}
