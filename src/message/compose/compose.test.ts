import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddresses } from '../header/addresses.ts';
import { decodeLine, oneLine } from '../header/encoded-word.ts';
import { fieldValue, readHeaderSection } from '../header/header-section.ts';
import { parseMessageIds } from '../header/message-ids.ts';
import { readMessage } from '../read-message.ts';
import { composeMessage } from './compose.ts';
import { attachmentOf, collected, composed, draftOf, problemsOf, ROOMY } from './drafts.sim.ts';

/** Any text, and what ends lines, fields and words in particular. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\0',
      '\t',
      ' ',
      ':',
      '=?',
      '?=',
      '"',
      '\\',
      '<',
      '>',
      ',',
      ';',
      '(',
      ')',
    ),
    fc.constantFrom(
      '\u0085',
      '\u2028',
      '\ud800',
      '\u00e9',
      '\u{1f600}',
      '\x7f',
      '\x1b',
      'Bcc: x@y.test',
      '@',
      '.',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('a', 'Z', '0', '-', '_', '='),
  ),
  maxLength: 80,
});

function names(bytes: Uint8Array): readonly string[] {
  return readHeaderSection(bytes, { from: 0, to: bytes.length }).fields.map(({ name }) => name);
}

/** What leaves must be: CRLF alone, 7-bit, no line over 998 octets. */
function assertFit(bytes: Buffer): void {
  const text = bytes.toString('latin1');
  assert.match(text, /^[\t\r\n\x20-\x7e]*$/);
  assert.equal(/\r(?!\n)|(?<!\r)\n/.test(text), false);
  assert.ok(text.split('\r\n').every((line) => line.length <= 998));
  assert.ok(text.endsWith('\r\n'));
}

test('composeMessage() writes a text as this', async () => {
  const bytes = await composed(
    draftOf({
      from: { name: 'Ann Ångström', address: 'ann@bücher.example' },
      to: [
        { name: 'Joe Q. Public', address: 'joe@example.org' },
        { name: 'Who?', address: '"odd one"@EXAMPLE.org' },
      ],
      cc: [{ name: '', address: 'x@[192.0.2.1]' }],
      replyTo: { name: 'Desk', address: 'desk@agents.example' },
      subject: 'Grüße',
      inReplyTo: 'b@example.org',
      references: ['a@example.org', 'b@example.org'],
      autoSubmitted: 'auto-replied',
      body: { format: 'text', text: 'From here\n.\nend  \n-- \nÅ = A\n' },
    }),
  );
  assert.deepEqual(bytes.toString('latin1').split('\r\n'), [
    'From: =?UTF-8?Q?Ann_=C3=85ngstr=C3=B6m?= <ann@xn--bcher-kva.example>',
    'To: "Joe Q. Public" <joe@example.org>, Who? <"odd one"@example.org>',
    'Cc: x@[192.0.2.1]',
    'Reply-To: Desk <desk@agents.example>',
    'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
    'Date: Wed, 25 Nov 2026 05:43:25 +0000',
    'Message-ID: <0011223344556677.8899aabbccddeeff@agents.example>',
    'In-Reply-To: <b@example.org>',
    'References: <a@example.org> <b@example.org>',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '=46rom here',
    '=2E',
    'end =20',
    '--=20',
    '=C3=85 =3D A',
    '',
  ]);
});

/** Types of parts as a tree, by the boundaries. */
function tree(bytes: Buffer): readonly string[] {
  return [...bytes.toString('latin1').matchAll(/^Content-Type: ([^;\r]+)/gm)].map(
    (match) => match[1] as string,
  );
}

test('composeMessage() builds only the levels that it needs, plain text first', async () => {
  const picture = attachmentOf(Buffer.from('png'), {
    filename: 'chart.png',
    contentType: 'image/png',
    inlineAs: 'my chart.png',
  });
  const file = attachmentOf(Buffer.from('pdf'), { filename: 'a.pdf', contentType: 'application/pdf' });
  const markdown = (text: string) => ({ format: 'markdown', text }) as const;
  const check = async (fields: Parameters<typeof draftOf>[0], expected: readonly string[]): Promise<void> => {
    const bytes = await composed(draftOf(fields));
    assertFit(bytes);
    assert.deepEqual(tree(bytes), expected);
  };
  const both = ['multipart/alternative', 'text/plain', 'text/html'];
  await check({}, ['text/plain']);
  await check({ body: markdown('*a*') }, both);
  await check({ body: { format: 'html', text: 'a', html: '<p>a' } }, both);
  await check({ attachments: [file] }, ['multipart/mixed', 'text/plain', 'application/pdf']);
  await check({ body: markdown('*a*'), attachments: [file] }, [
    'multipart/mixed',
    ...both,
    'application/pdf',
  ]);
  const related = ['multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png'];
  await check({ body: markdown('![c](<my chart.png>)'), attachments: [picture] }, related);
  await check({ body: markdown('![c](<my chart.png>)'), attachments: [file, picture] }, [
    'multipart/mixed',
    ...related,
    'application/pdf',
  ]);
  // A picture that the text does not show, and one in a message without HTML, is beside the text.
  await check({ body: markdown('none'), attachments: [picture] }, ['multipart/mixed', ...both, 'image/png']);
  await check({ attachments: [picture] }, ['multipart/mixed', 'text/plain', 'image/png']);
  const named = { ...picture, inlineAs: 'c.png' };
  await check(
    { body: { format: 'html', text: 'a', html: '<img src="cid:c.png">' }, attachments: [named] },
    related,
  );
  // Too long to be rendered while the daemon waits: text alone.
  await check({ body: markdown('word '.repeat(20_000)) }, ['text/plain']);
});

test('composeMessage() shows a picture by the Content-ID that it has', async () => {
  const picture = attachmentOf(Buffer.from('png'), { contentType: 'image/png', inlineAs: 'c.png' });
  const bodies = [
    { format: 'markdown', text: '![c](c.png)' },
    { format: 'html', text: 'c', html: '<img src="cid:c.png">' },
  ] as const;
  for (const body of bodies) {
    const text = (await composed(draftOf({ body, attachments: [picture] }))).toString('latin1');
    const id = /^Content-ID: <(.+)>\r$/m.exec(text)?.[1];
    const shown = text.replaceAll('=\r\n', '').replaceAll('=3D', '=');
    assert.ok(id !== undefined && shown.includes(`src="cid:${id}"`));
    assert.match(text, /^Content-Disposition: inline; filename="data\.bin"\r$/m);
  }
});

test('composeMessage() gives the same octets at every call, as many as it says', async () => {
  const draft = draftOf({
    body: { format: 'markdown', text: 'a **b** é' },
    attachments: [attachmentOf(Buffer.from('one')), attachmentOf(new Uint8Array(200_000).fill(7))],
  });
  const outcome = composeMessage(draft, { maxBytes: ROOMY });
  assert.ok(outcome.kind === 'composed');
  const first = await collected(outcome.message.content());
  assert.deepEqual(await collected(outcome.message.content()), first);
  assert.deepEqual(await composed(draft), first);
  assert.equal(outcome.message.sizeBytes, first.length);
});

test('composeMessage() writes the fields that it should and no other, whatever stands in them', async () => {
  const texts = fc.record({
    name: anyText,
    toName: anyText,
    subject: anyText,
    filename: anyText,
    text: anyText,
    html: anyText,
    inlineAs: anyText,
    format: fc.constantFrom('text' as const, 'html' as const, 'markdown' as const),
  });
  await fc.assert(
    fc.asyncProperty(texts, async ({ name, toName, subject, filename, text, html, inlineAs, format }) => {
      const body = format === 'html' ? { format, text, html } : { format, text };
      const attachment = attachmentOf(Buffer.from(text), { filename, inlineAs, contentType: 'image/png' });
      const bytes = await composed(
        draftOf({
          from: { name, address: 'ann@agents.example' },
          to: [
            { name: toName, address: 'joe@example.org' },
            { name, address: 'jim@example.org' },
          ],
          subject,
          body,
          attachments: [attachment],
        }),
      );
      assertFit(bytes);
      assert.deepEqual(names(bytes), [
        'from',
        'to',
        'subject',
        'date',
        'message-id',
        'mime-version',
        'content-type',
      ]);
      const section = readHeaderSection(bytes, { from: 0, to: bytes.length });
      const fit = (value: string): string => oneLine(value.toWellFormed());
      assert.equal(decodeLine(fieldValue(section, 'subject')), fit(subject));
      assert.deepEqual(parseAddresses(fieldValue(section, 'from')), [
        { name: fit(name), address: 'ann@agents.example' },
      ]);
      assert.deepEqual(parseAddresses(fieldValue(section, 'to')), [
        { name: fit(toName), address: 'joe@example.org' },
        { name: fit(name), address: 'jim@example.org' },
      ]);
      // One header section for each part, and no part more than there should be.
      const parts = bytes.toString('latin1').match(/^Content-Type: /gm)?.length ?? 0;
      assert.ok(parts <= 6 && readMessage(bytes).attachments.length >= 1);
    }),
    { numRuns: 300 },
  );
});

test('composeMessage() refuses what is no address or id, and nothing of it reaches a header', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (address, id) => {
      const draft = draftOf({
        to: [{ name: '', address }],
        inReplyTo: id,
        references: [id, 'b@example.org'],
      });
      const outcome = composeMessage(draft, { maxBytes: ROOMY });
      if (outcome.kind === 'refused') return;
      const section = readHeaderSection(await collected(outcome.message.content()), { from: 0, to: 10_000 });
      assert.deepEqual(parseMessageIds(fieldValue(section, 'in-reply-to')), [id]);
      assert.equal(parseAddresses(fieldValue(section, 'to')).length, 1);
      assert.equal(section.fields.length, 10);
    }),
  );
});

test('composeMessage() is read back by the reader as it was written', async () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'é', '=', '.', '>', '中', '😀', '-', '*'),
    minLength: 1,
    maxLength: 90,
  });
  const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
  const body = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n').trim());
  const file = fc.record({
    name: fc.constantFrom('a.txt', 'é ü.pdf', 'a"b.png', `${'long '.repeat(30)}x.csv`, '中.doc'),
    bytes: fc.uint8Array({ maxLength: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.uniqueArray(file, { maxLength: 3, selector: ({ name }) => name }),
      async (text, files) => {
        const attachments = files.map(({ name, bytes }) =>
          attachmentOf(bytes, { filename: name, contentType: 'text/plain' }),
        );
        const read = readMessage(await composed(draftOf({ body: { format: 'text', text }, attachments })));
        assert.equal(read.body, text);
        assert.deepEqual(
          read.attachments.map(({ filename, bytes }) => [filename, Buffer.from(bytes)]),
          files.map(({ name, bytes }) => [name, Buffer.from(bytes)]),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('composeMessage() of Markdown says the same in both alternatives, for our own reader', async () => {
  const text =
    '# Results\n\nDear *Joe*,\nthe [report](https://x.example/r) is done:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one\n2. two\n\n```\ncode <b>\n```\n\n> you wrote\n\n-- \nAnn';
  const read = readMessage(await composed(draftOf({ body: { format: 'markdown', text } })));
  assert.equal(read.body, text);
  assert.deepEqual(read.warnings, []);
});

test('composeMessage() makes text fit to be sent', async () => {
  const check = async (text: string, expected: string): Promise<void> => {
    const read = readMessage(await composed(draftOf({ body: { format: 'text', text } })));
    assert.equal(read.body, expected);
  };
  await check('a\0b', 'a\ufffdb');
  await check('a\ud800b', 'a\ufffdb');
  await check('a\rb\r\nc\nd', 'a\nb\nc\nd');
  await check(`--=_1_x\n${'long'.repeat(400)}`, `--=_1_x\n${'long'.repeat(400)}`);
  await check('', '');
  const bytes = await composed(draftOf({ body: { format: 'text', text: 'a\0b' } }));
  assert.equal(bytes.includes('=00'), false);
});

test('composeMessage() names To where all recipients are blind', async () => {
  const bytes = await composed(draftOf({ to: [] }));
  assert.match(bytes.toString('latin1'), /^To: undisclosed-recipients:;\r$/m);
  const copied = await composed(draftOf({ to: [], cc: [{ name: '', address: 'a@b.example' }] }));
  assert.deepEqual(names(copied).slice(0, 3), ['from', 'cc', 'subject']);
});

test('composeMessage() says that an address needs SMTPUTF8', async () => {
  const check = (address: string, expected: boolean): void => {
    const outcome = composeMessage(draftOf({ to: [{ name: 'é', address }] }), { maxBytes: ROOMY });
    assert.equal(outcome.kind === 'composed' && outcome.message.smtputf8, expected, address);
  };
  check('joe@bücher.example', false);
  check('jörg@bücher.example', true);
  const bytes = await composed(draftOf({ to: [{ name: '', address: 'jörg@b.example' }] }));
  assert.equal(readMessage(bytes).header.to, 'jörg@b.example');
});

test('composeMessage() names every problem with what was found and what is allowed', () => {
  const check = (fields: Parameters<typeof draftOf>[0], ...expected: readonly RegExp[]): void => {
    const found = problemsOf(draftOf(fields));
    assert.equal(found.length, expected.length, found.join('\n'));
    expected.forEach((pattern, index) => {
      assert.match(found[index] as string, pattern);
    });
  };
  const address = (index: number) => ({ name: '', address: `a${index}@b.example` });
  const many = (count: number) => Array.from({ length: count }, (_, index) => address(index));
  check({ to: many(250), cc: many(250) });
  check({ to: many(250), cc: many(251) }, /^to: 501 recipients .* at most 500/);
  check({ to: [{ name: '', address: 'a@b\r\nBcc: c@d.example' }] }, /^to\[0\]: "a@b Bcc: .*" is no address/);
  check({ to: [{ name: '', address: 'a\u0085b@c.example' }] }, /^to\[0\]: /);
  check({ to: [{ name: '', address: '' }] }, /^to\[0\]: "" is no address/);
  check({ from: { name: 'n'.repeat(257), address: 'a@b.example' } }, /^from\.name: 257 octets; at most 256/);
  check({ subject: 'é'.repeat(500) }, /^subject: 1000 octets; at most 998/);
  check({ subject: 'a'.repeat(998) });
  check({ inReplyTo: 'a b' }, /^inReplyTo: "a b" is no Message-ID/);
  check({ references: ['ok@x', '<a>'] }, /^references\[1\]: /);
  check({ messageId: 'é@x' }, /^messageId: /);
  check({ body: { format: 'text', text: 'a'.repeat(1024 * 1024 + 1) } }, /^body\.text: 1048577 octets/);
  const file = (contentType: string) => attachmentOf(Buffer.from('x'), { contentType });
  check({ attachments: Array.from({ length: 101 }, () => file('a/b')) }, /^attachments: 101 attachments/);
  check({ attachments: [file('text/plain; charset=x')] }, /^attachments\[0\]\.contentType: .*type\/subtype/);
  check({ attachments: [file('multipart/mixed')] }, /cannot be attached$/);
  check({ attachments: [file('image/svg+xml')] });
  check({ attachments: [{ ...file('a/b'), sizeBytes: -1 }] }, /sizeBytes: -1/);
  check({ subject: 'a'.repeat(999), to: [{ name: '', address: 'x' }] }, /^to\[0\]/, /^subject/);
  const wide = many(500).map(({ address: each }) => ({ name: 'é'.repeat(100), address: each }));
  check({ to: wide }, /^to: the header section has \d+ octets; at most 65536/);
});

test('composeMessage() refuses a message larger than its limit before it reads an attachment', () => {
  const attachment = attachmentOf(new Uint8Array(0), {
    sizeBytes: 1_000_000,
    open: () => assert.fail('it was read'),
  });
  const [problem] = problemsOf(draftOf({ attachments: [attachment] }), 1_300_000);
  assert.match(problem ?? '', /^attachments: the message has 1369\d\d\d octets .* at most 1300000/);
});

test('composeMessage() ends the content of a file that changed with an error', async () => {
  for (const announced of [2, 4]) {
    const attachment = attachmentOf(Buffer.from('abc'), { sizeBytes: announced });
    await assert.rejects(composed(draftOf({ attachments: [attachment] })), { code: 'request.conflict' });
  }
});

test('composeMessage() streams a large attachment without holding it or the thread', async () => {
  const pieces = 320;
  const piece = new Uint8Array(64 * 1024);
  let given = 0;
  const attachment = attachmentOf(piece, {
    sizeBytes: pieces * piece.length,
    open: async function* () {
      for (given = 0; given < pieces; given += 1) yield piece;
    },
  });
  const outcome = composeMessage(draftOf({ attachments: [attachment] }), { maxBytes: ROOMY });
  assert.ok(outcome.kind === 'composed');
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  let taken = 0;
  for await (const each of outcome.message.content()) {
    taken += each.length;
    // What was taken from the source is at most a few pieces ahead of what was passed on.
    assert.ok(given * piece.length - (taken * 3) / 4 < 4 * piece.length);
  }
  clearInterval(timer);
  assert.equal(taken, outcome.message.sizeBytes);
  assert.ok(turns > 5, `${turns}`);
});
