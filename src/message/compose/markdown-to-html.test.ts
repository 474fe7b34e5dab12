import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKDOWN_CHARACTERS_MAX, markdownToHtml } from './markdown-to-html.ts';

const PICTURES = new Map([
  ['chart.png', 'c1@agents.example'],
  ['my chart.png', 'c2@agents.example'],
  ['C:\\x.png', 'c3@agents.example'],
]);

/** What stands in the body. */
function html(text: string): string {
  const rendered = markdownToHtml(text, PICTURES).html;
  return /<body[^>]*>\n(.*)\n<\/body>/s.exec(rendered)?.[1] ?? '';
}

test('markdownToHtml() makes links of what is safe, and of nothing else', () => {
  const check = (text: string, expected: string): void =>
    assert.equal(html(text), `<p>${expected}</p>`, text);
  check('[a](https://x.example/?a=1&b)', '<a href="https://x.example/?a=1&amp;b">a</a>');
  check('[a](mailto:a@b.example)', '<a href="mailto:a@b.example">a</a>');
  check('[a](tel:+1)', '<a href="tel:+1">a</a>');
  for (const url of [
    'javascript:alert(1)',
    'JaVaScRiPt:x',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
  ]) {
    check(`[a](${url})`, `[a](${url})`);
  }
  check('[a](&#106;avascript:x)', '[a](javascript:x)');
  check('<javascript:x>', '&lt;javascript:x&gt;');
  check(
    'see https://x.example and joe@example.org',
    'see <a href="https://x.example">https://x.example</a> and <a href="mailto:joe@example.org">joe@example.org</a>',
  );
  check('README.md main.py example.com 127.0.0.1', 'README.md main.py example.com 127.0.0.1');
  check('<b onclick="x">no</b><!-- -->', '&lt;b onclick=&quot;x&quot;&gt;no&lt;/b&gt;&lt;!-- --&gt;');
});

test('markdownToHtml() shows pictures that are attached or on the web', () => {
  const style = 'style="max-width:100%"';
  const check = (text: string, expected: string): void =>
    assert.equal(html(text), `<p>${expected}</p>`, text);
  check('![A *b*](chart.png)', `<img src="cid:c1@agents.example" alt="A b" ${style}>`);
  check('![](<my chart.png>)', `<img src="cid:c2@agents.example" alt="" ${style}>`);
  check('![x](<C:\\x.png>)', `<img src="cid:c3@agents.example" alt="x" ${style}>`);
  check('![x](https://x.example/a.png)', `<img src="https://x.example/a.png" alt="x" ${style}>`);
  check('![x "<y>](missing.png)', 'x &quot;&lt;y&gt;');
  check('![x](data:image/png;base64,AA)', '![x](data:image/png;base64,AA)');
  assert.deepEqual([...markdownToHtml('![](chart.png) ![](chart.png)', PICTURES).shown], ['chart.png']);
  assert.equal(markdownToHtml('`![](chart.png)`', PICTURES).shown.size, 0);
});

test('markdownToHtml() keeps line ends, and writes styles into the elements', () => {
  assert.equal(html('Best,\nAnn'), '<p>Best,<br>\nAnn</p>');
  assert.match(
    html('|a|\n|:-:|\n|b|'),
    /<td style="text-align:center;border:1px solid #ccc;padding:4px 8px">b</,
  );
  assert.match(html('> a'), /^<blockquote style="[^"]+">/);
});

test('markdownToHtml() is bounded for hostile text', () => {
  const pieces = [
    '[',
    '![',
    '> ',
    '*_',
    '**a',
    '`',
    '- a\n',
    '|a|\n|-|\n',
    '<a@',
    'http://',
    '[a](',
    '[^',
    '![a](b)',
    '&',
    '~',
    '1. ',
    '[a]: b\n',
  ];
  for (const piece of pieces) {
    const startedAt = performance.now();
    markdownToHtml(piece.repeat(MARKDOWN_CHARACTERS_MAX / piece.length), new Map());
    assert.ok(performance.now() - startedAt < 2_000, piece);
  }
});
