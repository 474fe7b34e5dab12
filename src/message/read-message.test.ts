import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEPTH_MAX, PARTS_MAX } from './mime/mime-tree.ts';
import { BODY_BYTES_MAX, readMessage } from './read-message.ts';
import { summarizeMessage } from './summary.ts';

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function codes(warnings: readonly string[]): readonly string[] {
  return warnings.map((warning) => warning.slice(0, warning.indexOf(':')));
}

test('readMessage() takes the plain side of alternatives, and the HTML where it is empty', () => {
  const mail = (plain: string): Uint8Array =>
    latin1(
      `Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n${plain}\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n`,
    );
  assert.equal(readMessage(mail('plain')).body, 'plain');
  assert.equal(readMessage(mail(' \n')).body, 'html');
});

test('readMessage() attaches what is no text, once, and names what it could not decode', () => {
  const read = readMessage(
    latin1(
      [
        'Content-Type: multipart/mixed; boundary=b',
        '',
        'preamble',
        '--b',
        '',
        'first',
        '--b',
        'Content-Type: image/png; name=x.png',
        'Content-Transfer-Encoding: base64',
        '',
        'AAEC',
        '--b',
        'Content-Type: text/plain; charset=x-nowhere',
        '',
        'second',
        '--b',
        'Content-Type: message/rfc822',
        '',
        'Subject: inner',
        '',
        'inner text',
        '--b',
        'Content-Type: application/x-thing',
        'Content-Transfer-Encoding: x-thing',
        '',
        'as it stands',
        '--b--',
        'epilogue',
      ].join('\r\n'),
    ),
  );
  assert.equal(read.body, 'first\n\nsecond\n\nAttached message: "inner"');
  assert.deepEqual(
    read.attachments.map(({ filename, contentType, bytes }) => [
      filename,
      contentType,
      Buffer.from(bytes).toString('latin1'),
    ]),
    [
      ['attachment-1', 'text/plain', 'second'],
      ['x.png', 'image/png', '\u0000\u0001\u0002'],
      ['inner.eml', 'message/rfc822', 'Subject: inner\r\n\r\ninner text'],
      ['attachment-4', 'application/x-thing', 'as it stands'],
    ],
  );
  assert.deepEqual(codes(read.warnings), ['unknown-charset', 'unknown-encoding']);
});

test('readMessage() reads what has no boundary, a wrong one, or one that repeats', () => {
  const check = (mail: string, body: string, ...warnings: readonly string[]): void => {
    const read = readMessage(latin1(mail));
    assert.equal(read.body, body, mail);
    assert.deepEqual(codes(read.warnings), warnings, mail);
  };
  check('Content-Type: multipart/mixed\n\njust text\n', 'just text', 'boundary-missing');
  check(
    'Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\nhi\n--x--\n',
    'hi',
    'boundary-missing',
  );
  check(
    'Content-Type: multipart/mixed; boundary=a\n\n--b\nContent-Type: text/plain\n\nhi\n--b--\n',
    'hi',
    'boundary-missing',
  );
  check('Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a\n\ntwo', 'one\n\ntwo');
  check(
    'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nhi\n--a--\n',
    'hi',
  );
  check('no header section at all\nsecond line\n', 'no header section at all\nsecond line');
  check('Subject: x\nno colon here\n\nbody\n', 'body', 'header-malformed');
  check('Subject: x\nthe body without an empty line\n', 'the body without an empty line');
  check('', '');
});

test('readMessage() stops at its limits and attaches the rest', () => {
  const many = readMessage(
    latin1(`Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(PARTS_MAX + 500)}--b--\n`),
  );
  assert.deepEqual(codes(many.warnings), ['too-many-parts']);
  assert.equal(many.attachments.at(-1)?.filename, 'unread-parts.txt');

  const levels = Array.from(
    { length: 10_000 },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\n\n--b${level}\n`,
  );
  const deep = readMessage(latin1(`${levels.join('')}\nend\n`));
  assert.deepEqual(codes(deep.warnings), ['too-deep']);
  assert.ok(deep.attachments.some(({ bytes }) => Buffer.from(bytes).includes(`b${DEPTH_MAX + 1}`)));

  const long = readMessage(latin1(`\n${'x'.repeat(BODY_BYTES_MAX + 10)}`));
  assert.deepEqual(codes(long.warnings), ['body-cut']);
  assert.ok(long.body.length < BODY_BYTES_MAX + 200);

  const fields = readMessage(latin1(`${'A: b\n'.repeat(100_000)}\nbody`));
  assert.equal(fields.body, 'body');
  assert.deepEqual(codes(fields.warnings), ['header-too-large']);
});

test('readMessage() gives the same for LF and CRLF, and never throws', () => {
  const line = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: multipart/alternative; boundary="c"',
    'Content-Type: text/html; charset=utf-8',
    'Content-Type: text/plain; format=flowed; delsp=yes',
    'Content-Type: message/rfc822',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: quoted-printable',
    'Content-Disposition: attachment; filename="../x"',
    'Subject: =?utf-8?b?w6k?=',
    ' folded',
    '--b',
    '--b--',
    '--c',
    '--c--',
    '',
    'text =C3=A9 =',
    'aGVsbG8=',
    '<p>html',
    'From: "a',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const lf = readMessage(latin1(lines.join('\n')));
      const crlf = readMessage(latin1(lines.join('\r\n')));
      assert.equal(lf.body, crlf.body);
      assert.deepEqual(lf.header, crlf.header);
      assert.deepEqual(
        lf.attachments.map(({ filename, contentType }) => [filename, contentType]),
        crlf.attachments.map(({ filename, contentType }) => [filename, contentType]),
      );
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readMessage(bytes);
      summarizeMessage(bytes);
    }),
  );
});

test('readMessage() stays linear in a Content-Transfer-Encoding of open comments', () => {
  const startedAt = performance.now();
  readMessage(latin1(`Content-Transfer-Encoding: ${'('.repeat(500_000)}\r\n\r\ntext`));
  assert.ok(performance.now() - startedAt < 3_000);
});

test('readMessage() takes a line of white space for the end of a part’s header section', () => {
  const check = (separator: string): void => {
    const content =
      'From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
      `--b\r\nContent-Type: text/plain\r\n${separator}\r\nDo not do this:\r\n\r\nPay.\r\n` +
      `--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\n${separator}\r\nSubject: no subject\r\n--b--\r\n`;
    const { body, warnings } = readMessage(latin1(content));
    const expected = 'Do not do this:\n\nPay.\n\nAttached message: (no subject) from b@example.com';
    assert.deepEqual([body, warnings], [expected, []], JSON.stringify(separator));
  };
  // To a relaxed signature (RFC 6376 §3.4.4) the same body.
  check('');
  check(' ');
  check('\t \t');
});

test('readMessage() finds delimiters whatever the length of white space in them', () => {
  const check = (first: string, second: string, last: string): void => {
    const content =
      'From: a@example.com\r\nContent-Type: multipart/mixed; boundary="=_mixed 0045A2B1_="\r\n\r\n' +
      `${first}\r\n\r\nDo not do this:\r\n${second}\r\n\r\nPay.\r\n${last}\r\nEpilogue\r\n`;
    const { body, warnings } = readMessage(latin1(content));
    assert.deepEqual([body, warnings], ['Do not do this:\n\nPay.', []], content.slice(0, 200));
  };
  const [open, close] = ['--=_mixed 0045A2B1_=', '--=_mixed 0045A2B1_=--'];
  const wide = ' \t'.repeat(1_000);
  check(open, open, close);
  check(open.replace(' ', '\t'), open.replace(' ', '  '), close.replace(' ', wide));
  check(`${open} `, open + wide, close + wide);
  check(open.replace(' ', wide), open, close);
});

test('readMessage() lets no white space push the fields of a part out of what is read', () => {
  const check = (blank: string): void => {
    const content =
      'From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText.\r\n--b\r\n' +
      `Content-Type: text/plain;${blank}charset=utf-8\r\n` +
      'Content-Disposition: attachment; filename="quoted.txt"\r\n\r\nNo text.\r\n--b--\r\n';
    const { body, attachments, warnings } = readMessage(latin1(content));
    assert.deepEqual([body, warnings], ['Text.', []]);
    assert.deepEqual(
      attachments.map(({ filename }) => filename),
      ['quoted.txt'],
    );
  };
  check(' ');
  check(' '.repeat(700_000));
  check(`\r\n${' \t'.repeat(600_000)}`);
});

test('readMessage() reads a text that is all there is, also where it is said to be an attachment', () => {
  const check = (type: string, body: string, ...attached: readonly string[]): void => {
    const read = readMessage(
      latin1(
        `Content-Disposition: attachment; filename=a.txt\r\nContent-Type: ${type}\r\n\r\n<p>Pay.</p>\r\n`,
      ),
    );
    const names = read.attachments.map(({ filename }) => filename);
    assert.deepEqual([read.body, names], [body, attached], type);
  };
  check('text/html', 'Pay.', 'a.txt');
  check('text/plain', '<p>Pay.</p>', 'a.txt');
  check('application/pdf', '', 'a.txt');
});
