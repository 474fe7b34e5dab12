import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToMarkdown } from './html-to-markdown.ts';

function check(html: string, expected: string): void {
  assert.equal(htmlToMarkdown(html).markdown, expected, html);
}

test('htmlToMarkdown() keeps paragraphs, line breaks, lists, quotes, headings, code', () => {
  check('<p>One &amp; <b>two</b> </p><p>three<br>four', 'One & **two**\n\nthree\nfour');
  check('<ul><li>a<li>b<ol><li>c</ol></ul>d', '- a\n- b\n  1. c\n\nd');
  check(
    '<ol start=9><li>a<p>more</p><ul><li>n</ul><li>b<li value=20>c</ol>',
    '9. a\n\n   more\n   - n\n10. b\n20. c',
  );
  check('<ol><li><p>a</p></li><li><p>b</p></li></ol>', '1. a\n2. b');
  check('<ul><li></li><li>b</ul>', '- b');
  check('a<blockquote><p>b</p><p>c</p></blockquote>d', 'a\n\n> b\n>\n> c\n\nd');
  check('<blockquote>a<blockquote>b</blockquote>c</blockquote>', '> a\n>\n> > b\n>\n> c');
  check('<blockquote><ul><li>a<li>b</ul></blockquote>', '> - a\n> - b');
  check('<h2>T<br>U</h2><pre>a\n  b</pre>', '## T U\n\n```\na\n  b\n```');
  check('<h1></h1><h2><b>x</b></h2>', '## x');
  check('<pre>a\n```\n<b>b</b></pre>', '````\na\n```\nb\n````');
  check('<pre>\n\n</pre>x', 'x');
  check('a <code>x*y</code> <code>`</code>b', 'a `x*y` `` ` ``b');
  check('a<hr>b', 'a\n\n---\n\nb');
  check('<div>a</div><div><div>b</div></div>c', 'a\nb\nc');
  check('<dl><dt>a<dd>b</dl>', 'a\nb');
  check('<title>t</title><style>p{}</style><script>if (a<b) x()</script><!-- c -->shown', 'shown');
  check('<head><meta charset=utf-8><p>no end of the head</p>', 'no end of the head');
});

test('htmlToMarkdown() writes emphasis once, around words, and none around nothing', () => {
  check('<b></b><i> </i>a', 'a');
  check('<b><strong>a</strong></b>', '**a**');
  check('<b>a</b><b>b</b>', '**ab**');
  check('x<b> a </b>y', 'x **a** y');
  check('<b>a<br>b</b>', '**a**\n**b**');
  check('<p><b>a</p><p>b</b> c</p>', '**a**\n\n**b** c');
  check('<b><i>a</i></b> <s>b</s>', '***a*** ~~b~~');
  check('<b>a</b><i>b</i> <i>c</i>', '**a**b *c*');
  check('<b>a <code>b</code></b>', '**a `b`**');
});

test('htmlToMarkdown() keeps links that can be followed, and shows where misleading ones lead', () => {
  check(
    '<a href="https://x.test/?a=1&amp;b=(2)">go <i>now</i></a>',
    '[go *now*](https://x.test/?a=1&b=%282%29)',
  );
  check('<a href="javascript:alert(1)">js</a> <a href="/rel">rel</a>', 'js rel');
  check('<a href="java&#10;script:alert(1)">js</a> <a href="data:text/html;base64,AAAA">d</a>', 'js d');
  check('<a href=" HTTPS://x.test/a&#10;b">a</a>', '[a](HTTPS://x.test/ab)');
  check(`<a href="https://x.test/${'a'.repeat(5_000)}">a</a>`, 'a');
  check('<a href="https://x.test/">https://x.test/</a>', '<https://x.test/>');
  check('<a href="mailto:a@x.test">a@x.test</a> <a href="tel:+1">call</a>', '<a@x.test> [call](tel:+1)');
  check('<a href="https://x.test/"> a ]</a>b', '[a \\]](https://x.test/)b');
  check('<a href="https://x.test/"><p>a</p><p>b</p></a>', '[a](https://x.test/)\n\nb');
  check(
    '<a href="https://x.test/">a</a><a href="https://y.test/">b</a>',
    '[a](https://x.test/)[b](https://y.test/)',
  );
  check('<a href="https://x.test/"></a><a name=x>y</a>', 'y');
  check('<p><a href="https://x.test/">a</p>b</a>', '[a](https://x.test/)\n\nb');
  check('<p><a href="https://x.test/"><div>a</div>b</a>', '[a](https://x.test/)\nb');
  check(
    '<a href="https://evil.test/x">www.bank.test</a>.',
    'www.bank.test ([evil.test](https://evil.test/x)).',
  );
  check(
    '<a href="https://bank.test.evil.test/">https://bank.test/</a>',
    'https://bank.test/ ([bank.test.evil.test](https://bank.test.evil.test/))',
  );
  check(
    '<a href="https://bank.test@evil.test/">Log in</a>',
    'Log in ([evil.test](https://bank.test@evil.test/))',
  );
  check('<a href="https://www.bank.test/login">bank.test</a>', '[bank.test](https://www.bank.test/login)');
  check('<a href="https://files.test/1">report.pdf</a>', '[report.pdf](https://files.test/1)');
  assert.equal(htmlToMarkdown('<a href="https://evil.test/"><b>bank.test</b></a>').misleadingLinks, 1);
});

test('htmlToMarkdown() shows descriptions of pictures, and no pixel', () => {
  check(
    '<img alt="cat" src="cid:1"><img src="data:image/png;base64,AAAA"><img alt="" src="x">',
    '[image: cat]',
  );
  check('<img alt="pixel" width=1 height=1>a', 'a');
  check('<a href="https://x.test/"><img alt="Shop"></a>', '[image: Shop](https://x.test/)');
  check('<a href="https://x.test/"><img></a>', '[image](https://x.test/)');
  check('<img alt="a](https://evil.test) [b">', '[image: a\\](https://evil.test) [b]');
  check('<img alt="a">(https://evil.test)', '[image: a]\\(https://evil.test)');
});

test('htmlToMarkdown() makes tables of data, with a header row', () => {
  const table = (attributes: string, rows: string): string => `<table ${attributes}>${rows}</table>`;
  check(
    table('', '<tr><th>A<th>B<tr><td>1|2<td><b>x</b><br>y'),
    '| A | B |\n| --- | --- |\n| 1\\|2 | **x** y |',
  );
  check(table('border=1', '<tr><td>a<td>b<tr><td>c<td>d'), '|  |  |\n| --- | --- |\n| a | b |\n| c | d |');
  check(
    table('', '<tr><td>Item<td>Price<tr><td>Tea<td>4.50<tr><td>Cup<td>9.00'),
    '| Item | Price |\n| --- | --- |\n| Tea | 4.50 |\n| Cup | 9.00 |',
  );
  check(
    table('', '<caption>C</caption><tr><th colspan=2>A<tr><td>1<td>2'),
    'C\n\n| A |  |\n| --- | --- |\n| 1 | 2 |',
  );
  check(
    table('', `<tr><td>${table('border=1', '<tr><td>a<td>b<tr><td>c<td>d')}</td><td>x</td></tr>`),
    '|  |  |\n| --- | --- |\n| a | b |\n| c | d |\n\nx',
  );
});

test('htmlToMarkdown() takes tables of layout as text in reading order', () => {
  check('<table><tr><td>1<td>2<tr><td>3</table>', '1\n2\n3');
  check('<table role=presentation border=1><tr><td>a<td>b<tr><td>c<td>d</table>', 'a\nb\nc\nd');
  check('<table><tr><td><h2>a</h2><td>b<tr><td>c<td>d</table>', '## a\n\nb\nc\nd');
  check('<table><tr><th>a<tr><th>b</table>', 'a\nb');
  check('<table><tr><td>a<td><tr><td><td>b</table>', 'a\nb');
  check(
    `<table border=1><tr><td>${'word '.repeat(100)}<td>b<tr><td>c<td>d</table>`,
    `${'word '.repeat(100).trim()}\nb\nc\nd`,
  );
  check('<table><tr><td><table><tr><td>a</table><td><table><tr><td>b</table></table>c', 'a\n\nb\n\nc');
});

test('htmlToMarkdown() escapes what Markdown would read otherwise, and nothing else', () => {
  check(
    '<p># a<p>1. b<p>1.5 c<p>- d<p>-5<p>+ e<p>&gt; f',
    '\\# a\n\n1\\. b\n\n1.5 c\n\n\\- d\n\n-5\n\n\\+ e\n\n\\> f',
  );
  check(
    '<p>+++<p>~~~<p>---<p>-- <p>***<p>```<p>===',
    '\\+++\n\n\\~\\~\\~\n\n\\---\n\n--\n\n\\*\\*\\*\n\n\\`\\`\\`\n\n\\===',
  );
  check(
    'snake_case, 2 * 3, a*b, __init__, ____, C# #1',
    'snake_case, 2 * 3, a\\*b, \\_\\_init\\_\\_, ____, C# #1',
  );
  check('&lt;b> a &lt; b, &lt;ann@x.test> &lt;https://x.test>', '\\<b> a < b, <ann@x.test> <https://x.test>');
  check('[a](b) [1] [x]: y', '[a\\](b) [1] [x]: y');
  check('[x]: y', '\\[x]: y');
  check('https://x.test/_a_*b &amp;amp; C:\\dir \\*', 'https://x.test/_a_\\*b \\&amp; C:\\dir \\\\\\*');
  check('<s>~~~ </s><b>a * </b>', '~~\\~\\~\\~~~ **a \\***');
  check('| a<br>|---|', '| a\n\\|---|');
});

test('htmlToMarkdown() treats white space as a browser does', () => {
  check('a \n\t b<span> c</span><span>d</span> <b> e</b>', 'a b cd **e**');
  check('a&nbsp;&nbsp;b<p>&nbsp;</p>c', 'a b\n\nc');
  check('<div style="white-space:pre-wrap">a\n\nb  c\n</div>d', 'a\n\nb c\nd');
  check(
    '<a style="display:block" href="https://x.test/">a</a><span style="display:block">b</span>',
    '[a](https://x.test/)\nb',
  );
});

test('htmlToMarkdown() reads broken markup as a browser does', () => {
  check('a</p>b', 'a\n\nb');
  check('a</br>b</div></td></table>', 'a\nb');
  check(
    '<table border=1><tr><th>a</div></p><th>b<tr><td>1</span><td>2</table>c',
    '| a | b |\n| --- | --- |\n| 1 | 2 |\n\nc',
  );
  check('<ul><li><b>a<li>b</ul>c', '- **a**\n- **b**\n\n**c**');
  check('<h1>a</h2>b', '# a\n\nb');
  check('<p><font color=white>gone<p>gone too</font><p>seen', 'seen');
  check('</body>a</html>b<body>c', 'ab\nc');
  check('a<!-- open', 'a');
  check('a<b', 'a');
  check('<![CDATA[x]]>a<?xml y?>b', 'ab');
});

test('htmlToMarkdown() names the place of links whose text names another one in other words', () => {
  const check = (html: string, markdown: string, misleadingLinks: number): void => {
    const read = htmlToMarkdown(html);
    assert.deepEqual(
      { markdown: read.markdown, misleadingLinks: read.misleadingLinks },
      { markdown, misleadingLinks },
    );
  };
  check(
    '<a href="https://x.test/">Go to https://bank.test</a>',
    'Go to https://bank.test ([x.test](https://x.test/))',
    1,
  );
  check('<a href="https://x.test/">bank\uff0etest</a>', 'bank\uff0etest ([x.test](https://x.test/))', 1);
  check(
    '<a href="mailto:eve@x.test">help@bank.test</a>',
    'help@bank.test ([eve@x.test](mailto:eve@x.test))',
    1,
  );
  check(
    '<a href="mailto:Ann@a.test?subject=x">ann@a.test</a>',
    '[ann@a.test](mailto:Ann@a.test?subject=x)',
    0,
  );
  check(
    '<a href="https://www.bank.test/a">Go to https://bank.test</a>',
    '[Go to https://bank.test](https://www.bank.test/a)',
    0,
  );
});
