import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToMarkdown } from './html-to-markdown.ts';

const SECRET = 'wire the money';

/** `html` has `>@<` where the secret stands; it is left out and counted as one piece. */
function checkHidden(html: string): void {
  const { markdown, hidden } = htmlToMarkdown(`seen ${html.replace('>@<', `>${SECRET}<`)}<section>seen too`);
  assert.doesNotMatch(markdown, /wire/, html);
  assert.match(markdown, /^seen\s+seen too$/, html);
  assert.deepEqual(hidden, { pieces: 1, characters: SECRET.length }, html);
}

function checkShown(html: string): void {
  const { markdown, hidden } = htmlToMarkdown(`seen ${html.replace('>@<', `>${SECRET}<`)}`);
  assert.match(markdown, /wire the money/, html);
  assert.deepEqual(hidden, { pieces: 0, characters: 0 }, html);
}

function styled(style: string): string {
  return `<div style="${style}">@</div>`;
}

test('htmlToMarkdown() leaves out what is not displayed', () => {
  checkHidden(styled('display:none'));
  checkHidden(styled('DISPLAY : NONE !important'));
  checkHidden(styled('color:red;display:none;;'));
  checkHidden(styled('dis\\70lay:none'));
  checkHidden(styled('/* a;b */display:none'));
  checkHidden(styled("background:url('data:image/png;base64,A;display:block');display:none"));
  checkHidden(styled('display:none;display:nonsense-without-colon').replace('nonsense-without-colon', ''));
  checkHidden('<div hidden>@</div>');
  checkHidden('<span hidden=until-found>@</span>');
  checkHidden('<div style="display:none"><b style="display:block">@</b></div>');
  checkHidden('<p style="display:none"><font>@</p>');
  checkHidden('<table><tr style="display:none"><td>@</td></tr></table>');
  checkHidden(styled('content-visibility:hidden'));
  checkHidden(styled('mso-hide:all'));
  checkShown('<div hidden style="display:block">@</div>');
  checkShown(styled('display:none;display:block'));
  checkShown(styled('display:no ne'));
  checkShown(styled('all:none;--x:display:none'));
});

test('htmlToMarkdown() leaves out what is not visible, and shows what is made visible in it', () => {
  checkHidden(styled('visibility:hidden'));
  checkHidden(styled('visibility:collapse'));
  checkHidden('<div style="visibility:hidden"><p>@</p></div>');
  const { markdown, hidden } = htmlToMarkdown(
    '<div style="visibility:hidden">a<b style="visibility:visible">b</b>c</div>',
  );
  assert.equal(markdown, '**b**');
  assert.deepEqual(hidden, { pieces: 2, characters: 2 });
});

test('htmlToMarkdown() leaves out text that has no size', () => {
  for (const size of ['0', '0px', '1px', '.9px', '0.5pt', '0.05em', '5%', '0.06rem', '0.01in', '0vw']) {
    checkHidden(styled(`font-size:${size}`));
  }
  checkHidden(styled('font:0/0 Arial'));
  checkHidden(styled('font: italic 1px/20px Arial, sans-serif'));
  checkHidden('<div style="font-size:0"><span style="font-size:2em">@</span></div>');
  checkHidden('<div style="font-size:5px"><span style="font-size:10%">@</span></div>');
  checkShown('<div style="font-size:0"><span style="font-size:14px">@</span></div>');
  checkShown('<div style="font-size:0"><span style="font-size:small">@</span></div>');
  checkShown('<div style="font-size:0"><font size=2>@</font></div>');
  checkShown(styled('font-size:2px'));
  for (const size of [
    'calc(0px)',
    'calc(1px * 0)',
    'min(0px, 1em)',
    'clamp(0px, 0px, 1px)',
    '0dvh',
    '.01lh',
  ]) {
    checkHidden(styled(`font-size:${size}`));
  }
  checkHidden(styled('font:calc(0px) Arial'));
  checkHidden(styled('zoom:1%'));
  checkShown(styled('font-size:calc(1px + 1em)'));
  checkShown(styled('zoom:1;font-size:min(14px, 2em)'));
});

test('htmlToMarkdown() passes over values that a property cannot have', () => {
  checkHidden(styled('display:none;display:nonsense'));
  checkHidden(styled('font-size:0;font-size:bogus'));
  checkHidden(styled('font-size:0;font-size:-5px'));
  checkHidden(styled('visibility:hidden;visibility:shown'));
  checkHidden(styled('opacity:0;opacity:abc'));
  checkHidden(styled('color:white;color:notacolour'));
  checkHidden(styled('background:black;color:black;background:bogus'));
  checkHidden(styled('margin-left:-9999px;margin:wide'));
  checkHidden('<style>.a{display:none}.a{display:bogus}</style><p class=a>@</p>');
  checkShown(styled('display:none;display:inline-flex'));
  checkShown(styled('font-size:0;font-size:inherit'));
  checkShown(styled('background:black url(x) no-repeat center / cover;color:white'));
});

/** Text is shown, and named as what a person may not see. */
function checkDoubtful(html: string): void {
  const { markdown, hidden, doubtful } = htmlToMarkdown(`seen ${html.replace('>@<', `>${SECRET}<`)}`);
  assert.match(markdown, /wire the money/, html);
  assert.deepEqual(
    { hidden, doubtful },
    { hidden: { pieces: 0, characters: 0 }, doubtful: { pieces: 1, characters: SECRET.length } },
    html,
  );
}

test('htmlToMarkdown() shows and counts text that may not be seen', () => {
  checkDoubtful(styled('background:url(x.png);color:#fff'));
  checkDoubtful(styled('background:url(x.png) white;color:#fff'));
  checkDoubtful('<table background="x.png"><tr><td style="color:#fff">@</td></tr></table>');
  checkDoubtful(styled('color:var(--x)'));
  checkDoubtful(styled('color:oklch(1 0 0)'));
  checkDoubtful(styled('filter:blur(9px)'));
  checkDoubtful(styled('mix-blend-mode:screen'));
  checkDoubtful(styled('mask-image:linear-gradient(transparent, transparent)'));
  checkDoubtful('<div style="clip-path:path(\'M0 0\')">@</div>');
  checkDoubtful('<dialog>@</dialog>');
  const check = (html: string): void =>
    assert.deepEqual(htmlToMarkdown(html).doubtful, { pieces: 0, characters: 0 }, html);
  check('<td background="x.png" bgcolor="#000000" style="color:#fff">a</td>');
  check('<div style="background:#222 url(x.png);color:#fff">a</div>');
  check('<div style="background:linear-gradient(#000, #333);color:#fff">a</div>');
  check('<div style="filter:none;mix-blend-mode:normal;mask:none">a</div>');
  check('<dialog open>a</dialog>');
});

test('htmlToMarkdown() takes a box to end where a browser ends it', () => {
  checkHidden('<span style="display:none"><div></span>@</div></span>'.replace('@', '<i>@</i>'));
  checkHidden('<form style="display:none"><div></form><i>@</i></div>');
  checkHidden('<div style="display:none"><select></div><i>@</i></select></div>');
  checkHidden('<div style="display:none"><marquee></div><i>@</i></marquee></div>');
  checkShown('<form style="display:none"><div></div></form><i>@</i>');
  checkShown('<span style="display:none"></span><i>@</i>');
});

test('htmlToMarkdown() leaves out text that is seen through', () => {
  checkHidden(styled('opacity:0'));
  checkHidden(styled('opacity:.05'));
  checkHidden(styled('opacity:4%'));
  checkHidden('<div style="opacity:.2"><div style="opacity:.2">@</div></div>');
  checkHidden('<div style="opacity:0"><div style="opacity:1">@</div></div>');
  checkHidden(styled('filter:alpha(opacity=0)'));
  checkHidden(styled('filter: opacity(0%)'));
  checkHidden(styled('opacity:calc(0)'));
  checkHidden(styled('-webkit-filter:opacity(0)'));
  checkHidden(styled('opacity:.3;color:#ccc'));
  checkShown(styled('opacity:.5'));
});

test('htmlToMarkdown() leaves out text of the colour of its ground, or near it', () => {
  checkHidden(styled('color:white'));
  checkHidden(styled('color:#FFF'));
  checkHidden(styled('color:#fefefe'));
  checkHidden(styled('color:#eee'));
  checkHidden(styled('color:rgb(250,250,250)'));
  checkHidden(styled('color:rgb(98% 98% 98%)'));
  checkHidden(styled('color:rgba(0,0,0,.02)'));
  checkHidden(styled('color:rgb(0 0 0 / 4%)'));
  checkHidden(styled('color:#00000000'));
  checkHidden(styled('color:hsl(120, 100%, 99%)'));
  checkHidden(styled('color:transparent'));
  checkHidden(styled('color:snow'));
  checkHidden(styled('-webkit-text-fill-color:transparent'));
  checkHidden('<p style="-webkit-text-fill-color:transparent"><b style="color:black">@</b></p>');
  checkHidden(styled('background:linear-gradient(white, #fefefe);color:white'));
  checkHidden('<mark style="color:yellow">@</mark>');
  checkHidden('<body link="#ffffff"><a href="https://x.test/">@</a></body>');
  checkShown('<div style="color:white"><mark>@</mark></div>');
  checkHidden('<font color="white">@</font>');
  checkHidden('<font color="ffffff">@</font>');
  checkHidden('<font color=#fff><p>@</p></font>');
  checkHidden('<table bgcolor=black><tr><td style="color:#111">@</td></tr></table>');
  checkHidden('<table><tr><td bgcolor="#00f"><font color=blue>@</font></td></tr></table>');
  checkHidden('<div style="background:#123456 none"><p style="color:#123456">@</p></div>');
  checkHidden('<div style="background-color:rgba(0,0,0,1);color:black">@</div>');
  checkHidden('<div style="color:#fff"><div><p>@</p></div></div>');
  checkHidden(
    '<div style="background:red"><div style="background:rgba(255,255,255,.5);color:#ff7f7f">@</div></div>',
  );
  checkShown(styled('color:#ddd'));
  checkShown(styled('color:white;background:black'));
  checkShown('<div style="background-color:#000"><p style="color:#fff">@</p></div>');
  checkShown('<div style="color:#fff"><p style="color:#000">@</p></div>');
  checkShown('<div style="color:#fff"><a href="https://x.test/">@</a></div>');
  checkShown(styled('background:url(hero.png);color:#fff'));
  checkShown(styled('background-image:linear-gradient(#000,#333);color:#fff'));
  checkShown('<table background="hero.png"><tr><td style="color:#fff">@</td></tr></table>');
  checkShown(styled('background:var(--dark);color:#fff'));
  checkShown(styled('background-color:oklch(20% 0 0);color:#fff'));
  checkHidden(styled('background:rgb(255,255,255);color:#fff'));
  checkShown(styled('color:nonsense'));
});

test('htmlToMarkdown() takes the colours of the body', () => {
  const check = (body: string, expected: string): void =>
    assert.equal(
      htmlToMarkdown(`${body}<p>a</p><p style="color:#fff">b</p></body>`).markdown,
      expected,
      body,
    );
  check('<body bgcolor="#000000" text="#ffffff">', 'a\n\nb');
  check('<body text=white>', '');
  check('<body style="background:#000">', 'b');
  check('<style>body{background-color:#000;color:red}</style><body>', 'a\n\nb');
});

test('htmlToMarkdown() leaves out what has no room', () => {
  for (const box of ['height:0', 'max-height:0px', 'width:0', 'max-width:1px', 'height:1px;width:1px']) {
    checkHidden(styled(`overflow:hidden;${box}`));
    checkShown(styled(box));
  }
  checkHidden(styled('max-height:0;overflow-y:hidden'));
  checkHidden(styled('height:0;overflow:clip'));
  checkHidden(styled('height:0;overflow:auto'));
  checkHidden(styled('height:calc(0px);overflow:hidden'));
  checkHidden(styled('max-block-size:0;overflow:hidden'));
  checkHidden(styled('height:0;contain:paint'));
  checkHidden(styled('line-height:0;overflow:hidden'));
  checkHidden(styled('overflow:hidden;line-height:1px'));
  checkShown(styled('line-height:0'));
  checkShown('<div style="line-height:0;overflow:hidden"><p style="line-height:20px">@</p></div>');
  checkShown(styled('overflow:hidden;height:20px;line-height:1.4'));
});

test('htmlToMarkdown() leaves out what stands off the screen', () => {
  checkHidden(styled('position:absolute;left:-9999px'));
  checkHidden(styled('position:absolute;top:-999em'));
  checkHidden(styled('position:fixed;right:-10000px'));
  checkHidden(styled('position:relative;left:-100vw'));
  checkHidden(styled('position:absolute;inset:-9999px auto auto'));
  checkHidden(styled('text-indent:-9999px'));
  checkHidden('<div style="text-indent:-9999px"><p>@</p></div>');
  checkHidden(styled('text-indent:100%;overflow:hidden;white-space:nowrap'));
  checkHidden(styled('margin-left:-5000px'));
  checkHidden(styled('margin:-9999px 0 0'));
  checkHidden(styled('margin:0 0 0 -9999px'));
  checkHidden(styled('transform:scale(0)'));
  checkHidden(styled('transform:translateX(-9999px)'));
  checkHidden(styled('transform:rotate(3deg) scale3d(0,0,0)'));
  checkHidden(styled('transform:matrix(0,0,0,0,0,0)'));
  checkShown(styled('left:-9999px'));
  checkShown(styled('position:absolute;left:-20px'));
  checkShown(styled('text-indent:-20px;margin-left:-20px'));
  for (const style of [
    'scale:0',
    'translate:0 -9999px',
    'transform:matrix(1,0,0,1,-9999,0)',
    'transform:rotateX(90deg)',
    '-webkit-transform:scale(0)',
    'position:absolute;right:100%',
    'position:absolute;top:calc(-9999px)',
    'position:absolute;inset-inline-start:-9999px',
    'margin-inline:-9999px',
    'padding-top:99999px',
    'letter-spacing:-1em',
  ]) {
    checkHidden(styled(style));
  }
  checkShown(styled('letter-spacing:-0.05em;scale:1;translate:none'));
  checkShown(styled('transform:scale(.9) translate(-50%)'));
  checkHidden(styled('transform:translate(-100%)'));
  checkShown('<div style="text-indent:-9999px"><p style="text-indent:0">@</p></div>');
});

test('htmlToMarkdown() leaves out what is clipped away', () => {
  checkHidden(styled('position:absolute;clip:rect(0,0,0,0)'));
  checkHidden(styled('position:absolute;clip:rect(1px 1px 1px 1px)'));
  checkHidden(styled('clip-path:inset(50%)'));
  checkHidden(styled('clip-path:inset(100%)'));
  checkHidden(styled('clip-path:circle(0)'));
  checkHidden(styled('clip-path:polygon(0 0, 0 0, 0px 0px)'));
  checkShown(styled('clip:rect(auto,auto,auto,auto)'));
  checkShown(styled('clip:rect(0,100px,50px,0)'));
  checkShown(styled('clip-path:inset(10%)'));
});

test('htmlToMarkdown() leaves out comments, templates and what stands for absent scripts', () => {
  const long = `${SECRET} to the account that is named in the letter`;
  const check = (html: string, characters: number): void => {
    const { markdown, hidden } = htmlToMarkdown(`a ${html} b`);
    assert.equal(markdown, 'a b', html);
    assert.deepEqual(hidden, { pieces: characters === 0 ? 0 : 1, characters }, html);
  };
  check(`<!-- ${long} -->`, long.length);
  check(`<!--[if mso]><table><tr><td>${long}</td></tr></table><![endif]-->`, long.length);
  check('<!-- HEADER: begin -->', 0);
  check(`<!--[if mso]><style>${long}</style><xml>${long}</xml><![endif]-->`, 0);
  check(`<!-- ${'<td class="x"> '.repeat(20)} -->`, 0);
  check(`<template>${SECRET}</template>`, SECRET.length);
  check(`<noscript><span>${SECRET}</span></noscript>`, SECRET.length);
  check(`<script>${SECRET}</script><style>${SECRET}</style><svg><text>${SECRET}</text></svg>`, 0);
  check(`<img alt="${SECRET}" width=1 height=1>`, SECRET.length);
  check(`<img alt="${SECRET}" style="width:1px;height:1px">`, SECRET.length);
  check(`<img alt="${SECRET}" style="opacity:.01">`, SECRET.length);
  check(`<meter>${SECRET}</meter><datalist><option>${SECRET}</datalist>`, 0);
  check(`<img alt="${SECRET}" style="display:none">`, 0);
  assert.equal(
    htmlToMarkdown('a<!--[if !mso]><!--> b<!--<![endif]--><![if !mso]> c<![endif]>').markdown,
    'a b c',
  );
});

test("htmlToMarkdown() applies simple selectors of the mail's own style sheets", () => {
  const sheet = (css: string, html = '<p class="a b" id=i>@</p>'): string =>
    `<style>${css}</style><div class=o>${html}</div>`;
  checkHidden(sheet('p{display:none}'));
  checkHidden(sheet('.a{display:none}'));
  checkHidden(sheet('#i{display:none}'));
  checkHidden(sheet('p.b{display:none}'));
  checkHidden(sheet('.a.b{display:none}'));
  checkHidden(sheet('P.a#i{display:none}'));
  checkHidden(sheet('h1, .x , .a{display:none}'));
  checkHidden(sheet('.o p{display:none}'));
  checkHidden(sheet('div > .a{display:none}'));
  checkHidden(sheet('* .a{color:#fff}'));
  checkHidden(sheet('a:link{color:#fff}', '<a href="https://x.test/">@</a>'));
  checkHidden(sheet('<!-- /* c */ .a{color:red;display:none} -->'));
  checkHidden(sheet('@import "x.css"; @font-face{src:url(x)} .a{display:none}'));
  checkHidden(sheet('.a{display:none!important} p{display:block}'));
  checkHidden(sheet('.a{display:none!important}', '<p class=a style="display:block">@</p>'));
  checkHidden(sheet('@media screen{.a{display:none}}'));
  checkHidden(sheet('@media only screen and (min-width:600px){.a{display:none}}'));
  checkHidden(sheet('@supports (display:grid){@media all{.a{display:none}}}'));
  checkHidden('<p class=a>@</p><style>.a{display:none}</style>');
  checkShown(sheet('.a{display:none}', '<p class=a style="display:block">@</p>'));
  checkShown(sheet('.a{display:none} .b{display:block}'));
  checkShown(sheet('.b{display:none} .a{display:block}'));
  checkShown(sheet('section > p{display:none}', '<section><div><p>@</p></div></section>'));
  checkShown(sheet('#i{display:block} .a{display:none}'));
  checkShown(sheet('.aa{display:none} .o > p > p{display:none} p .a{display:none}'));
  checkShown(sheet('@media print{.a{display:none}} @media (max-width:600px){.a{display:none}}'));
  checkShown(sheet('@media (prefers-color-scheme:dark){.a{color:#fff}}'));
  checkShown(sheet('.a:hover{display:none} .a + .b{display:none} .a::before{display:none}'));
  checkShown(sheet('[data-ogsc] .a{display:none} [class=a]{display:none} p:not(.b){display:none}'));
  checkShown(sheet('@media (width < 600px){.a{display:none}}'));
  assert.equal(htmlToMarkdown('<style>body{color:#fff}</style>a<p style="color:#000">b').markdown, 'b');
  checkShown('<style media=print>.a{display:none}</style><p class=a>@</p>');
  checkShown('<template><style>.a{display:none}</style></template><p class=a>@</p>');
});

test('htmlToMarkdown() reads selectors with escapes, attributes, negations and siblings', () => {
  const sheet = (css: string): string =>
    `<style>${css}</style><i class=f></i><p class="a 1x" data-k="v w">@</p>`;
  for (const selector of [
    '.\\61',
    '.\\31 x',
    '[class]',
    'p[class="a 1x"]',
    '[data-k~=w]',
    '[data-k^="v"]',
    'p:not(.b)',
    ':is(h1, p.a)',
    '.f + p',
    'i ~ .a',
    'i.f+p.a',
    'body > p',
    ':root p',
  ]) {
    checkHidden(sheet(`${selector}{display:none}`));
  }
  checkHidden(sheet('.a{content:"}";display:none}'));
  checkHidden(sheet('.q{content:"/*"} .a{display:none} .q{content:"*/"}'));
  checkHidden(sheet('.q[title="{"]{} .a{display:none}'));
  checkHidden(sheet('@media (width >= 1px){.a{display:none}}'));
  checkShown(sheet('p + p{display:none} p ~ .a{display:none} .f > p{display:none} [data-k=v]{display:none}'));
});

test('htmlToMarkdown() shows and counts text of which style sheets do not tell for sure', () => {
  const sheet = (css: string): string => `<style>${css}</style><div><p class=a>@</p></div>`;
  checkDoubtful(sheet('.a:nth-child(n){display:none}'));
  checkDoubtful(sheet('div:has(p) p{display:none}'));
  checkDoubtful(sheet('.A{display:none}'));
  checkDoubtful(sheet('.a, :unheard-of{display:none}'));
  checkDoubtful(sheet('div{.a{display:none}}'));
  checkDoubtful(sheet('@media (hover:hover){.a{display:none}}'));
  checkDoubtful(sheet('@container (min-width:1px){.a{display:none}}'));
  checkDoubtful(sheet('.a{display:none} .a:first-child{display:block}'));
  const tooMany = htmlToMarkdown(
    `<style>${'.k{color:red}'.repeat(4_100)}.a{display:none}</style><p class=a>x</p>`,
  );
  assert.equal(tooMany.doubtful.pieces, 1);
  const padded = htmlToMarkdown(`<style>/*${'x'.repeat(300_000)}*/.a{display:none}</style><p class=a>x</p>`);
  assert.equal(padded.hidden.pieces, 1);
});

test('htmlToMarkdown() counts pieces and characters, white space as one', () => {
  const { hidden } = htmlToMarkdown(
    '<div style="display:none">one\n\n two &zwnj;&nbsp;&zwnj;&nbsp;<b>three</b></div>seen<p style="color:#fff">four</p>',
  );
  assert.deepEqual(hidden, { pieces: 2, characters: 'one two'.length + 'three'.length + 'four'.length });
});
