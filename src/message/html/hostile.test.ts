import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../read-message.ts';
import { htmlToMarkdown } from './html-to-markdown.ts';

/** Output is never larger: a `|---|` for each cell, a prefix for each line of a deep quote. */
const GROWTH_MAX = 40;
/** Of processor time, which others do not take away; it is some 4,000 with nothing else going on. */
const BYTES_PER_MS_MIN = 200;
const OVERHEAD_MS = 1_000;

function repeat(piece: string, bytes: number): string {
  return piece.repeat(Math.ceil(bytes / piece.length));
}

function check(name: string, html: string): void {
  const start = process.cpuUsage();
  const { markdown } = htmlToMarkdown(html);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1_000;
  assert.ok(
    ms < OVERHEAD_MS + html.length / BYTES_PER_MS_MIN,
    `${name}: ${html.length} characters in ${ms} ms`,
  );
  assert.ok(markdown.length <= 64 + html.length * GROWTH_MAX, `${name}: ${markdown.length} characters`);
}

/** Enough that what is quadratic takes minutes. */
const SIZE = 200_000;

test('htmlToMarkdown() is linear in elements that are nested, unclosed, misnested', () => {
  check('nested', `${'<div>'.repeat(100_000)}x${'</div>'.repeat(100_000)}`);
  check('styled', '<div style="color:#fff;font-size:1em">x'.repeat(50_000));
  check('unclosed', repeat('<b><i><a href="https://x.test/"><td><p><li><table>', SIZE));
  check('end tags', `<p>${'<b>'.repeat(500)}${repeat('</x></p></i></table>', SIZE)}`);
  check('again', `<p>${'<b>'.repeat(500)}${repeat('</p><p>x', SIZE)}`);
  check('adopted', repeat('<b><p><p><p><i>x</b>', SIZE));
  check('restyled', repeat(`<b>${'<div>'.repeat(14)}</b>${'</div>'.repeat(14)}`, SIZE));
  for (const piece of [
    '<blockquote>x',
    '<ul><li>x',
    '<h1>',
    '<pre>\n',
    '<ol start=9>x<li><p>',
    '<code>`',
    '<q>',
  ])
    check(piece, repeat(piece, SIZE));
});

test('htmlToMarkdown() is linear in tables', () => {
  check('cells', `<table border=1><tr><td>a<td>b<tr>${repeat('<td colspan=50>x', SIZE)}`);
  check('rows', `<table border=1>${repeat('<tr><td>a<td>', SIZE)}`);
  check('tables', repeat('<table border=1><tr><td>a<td>b<tr><td>', SIZE));
  check('wide and long', `<table border=1><tr>${'<td>x'.repeat(50)}${repeat('<tr><td>', SIZE)}`);
});

test('htmlToMarkdown() is linear in attributes and styles', () => {
  check('attributes', `<p ${repeat('a=b ', 4 * SIZE)}style="display:none">x`);
  check('names', `<p ${Array.from({ length: 100_000 }, (_, index) => `a${index}=b`).join(' ')}>x`);
  check('one attribute', `<p title="${repeat('x', 5 * SIZE)}" style="${repeat('a:b;', 5 * SIZE)}">x`);
  check('classes', repeat(`<p class="${repeat('a ', 4_000)}">x`, SIZE));
  const rules = Array.from({ length: 4_000 }, (_, index) => `div p a.x${index} .x{color:#fff}`).join('');
  check('rules', `<style>${rules}</style>${repeat('<p class=x><a class=x>t</a>', SIZE)}`);
  check('deep rules', `<style>${'b '.repeat(7)}b{color:#fff}</style>${repeat('<b>', SIZE)}x`);
  for (const css of [
    '{',
    '@media screen{',
    'a,',
    'a > ',
    '\\41 ',
    '/*',
    'a{b:',
    '"',
    '(',
    'a{color:rgb(',
    '@media (a:b)',
  ])
    check(css, `<style>${repeat(css, SIZE)}</style><p>x`);
  for (const value of ['font:1 ', 'background:a(', 'transform:a(1)', 'clip-path:inset(1 ', 'margin:1 '])
    check(value, repeat(`<p style="${repeat(value, 500)}">x`, SIZE));
});

test('htmlToMarkdown() is linear in text', () => {
  const pieces = [
    '<',
    '*',
    '*a',
    '_',
    '&lt;a@',
    '&lt;https://a',
    '[',
    '](',
    '\\*',
    '&amp;',
    '\u200d',
    '🏴\u{e0067}',
    '<!--',
  ];
  for (const piece of [
    ...pieces,
    '&lt;',
    'a\u00a0',
    '~~ ',
    '<code>a</code>`',
    '<b>*</b>',
    '<a href=https://x.test>',
    '&#0;',
  ])
    check(piece, repeat(piece, SIZE));
  for (const line of ['-', '=', '| ', '1', '#', '> ', '+', '[']) check(line, `<p>${repeat(line, SIZE)}x`);
});

test('readMessage() shows the beginning of 50 MB of HTML', () => {
  const start = process.cpuUsage();
  const html = `${'<div>'.repeat(100_000)}first${repeat('<p style="color:red">x</p>', 50_000_000)}`;
  const { body, warnings } = readMessage(Buffer.from(`Content-Type: text/html\n\n${html}`));
  assert.match(body, /^first\n\nx/);
  assert.match(warnings.join(), /^text-cut: /);
  assert.ok(process.cpuUsage(start).user < 10_000_000);
});

const TAGS = [
  'p',
  'div',
  'b',
  'i',
  'a',
  'li',
  'ul',
  'ol',
  'td',
  'tr',
  'table',
  'th',
  'pre',
  'code',
  'h2',
  'font',
  'blockquote',
  'br',
  'hr',
  'span',
  'template',
  'style',
  'img',
  'head',
  'body',
  'caption',
  's',
];
const STYLES = [
  'display:none',
  'color:#fff',
  'visibility:visible',
  'font-size:0',
  'white-space:pre',
  'display:block',
];
const anyHtml = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '+',
        '+++',
        '~~~',
        '```',
        '\n',
        ' ',
        '-',
        '#',
        '| ',
        '---',
        '&lt;',
        '<!--',
        '-->',
        '"',
        "'",
        '\u200b',
      ),
      fc.constantFrom(...TAGS).map((tag) => `<${tag}>`),
      fc.constantFrom(...TAGS).map((tag) => `</${tag}>`),
      fc
        .tuple(fc.constantFrom(...TAGS), fc.constantFrom(...STYLES))
        .map(([tag, style]) => `<${tag} style="${style}" href="https://x.test" alt=x>`),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

test('htmlToMarkdown() never throws, is bounded, and writes no line that ends frontmatter or begins a fence', () => {
  fc.assert(
    fc.property(anyHtml, (html) => {
      const { markdown } = htmlToMarkdown(html);
      assert.ok(markdown.length <= 64 + html.length * GROWTH_MAX);
      // Code is kept as it is, in a fence of its own.
      if (/<pre/.test(html)) return;
      assert.doesNotMatch(markdown, /^\+\+\+/m);
      assert.doesNotMatch(markdown, /^(?:> |- |\d+\. | )*(?:~~~|```)/m);
      assert.doesNotMatch(markdown, /^\n|\n$|\r/);
    }),
    { numRuns: 1_000 },
  );
});

/** HTML of words that are all seen, and the words. */
const seenHtml = fc.letrec<{ node: string; text: string }>((tie) => ({
  text: fc
    .array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 4 })
    .map((words) => ` ${words.join(' ')} `),
  node: fc.oneof(
    { maxDepth: 4 },
    tie('text'),
    fc
      .tuple(
        fc.constantFrom(
          'p',
          'div',
          'b',
          'i',
          'span',
          'li',
          'ul',
          'ol',
          'h2',
          'blockquote',
          's',
          'code',
          'section',
          'font',
          'a',
        ),
        fc.array(tie('node'), { maxLength: 4 }),
      )
      .map(([tag, nodes]) => `<${tag}>${nodes.join('')}</${tag}>`),
    fc
      .array(fc.array(tie('text'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
      .map(
        (rows) => `<table border=1>${rows.map((cells) => `<tr><td>${cells.join('<td>')}`).join('')}</table>`,
      ),
  ),
})).node;

test('htmlToMarkdown() keeps all words that are seen, in their order', () => {
  fc.assert(
    fc.property(fc.array(seenHtml, { maxLength: 6 }), (nodes) => {
      const html = nodes.join('');
      const words = html.replace(/<[^>]*>/g, ' ').match(/[a-z]+/g) ?? [];
      const found = htmlToMarkdown(html).markdown.match(/[a-z]+/g) ?? [];
      assert.deepEqual(found, words);
    }),
    { numRuns: 500 },
  );
});
