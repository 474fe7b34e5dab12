import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseParameterized } from './parameters.ts';

test('parseParameterized() reads values and parameters', () => {
  const check = (raw: string, value: string, parameters: Record<string, string> = {}): void => {
    const parsed = parseParameterized(raw);
    assert.deepEqual(
      { value: parsed.value, parameters: Object.fromEntries(parsed.parameters) },
      { value, parameters },
      raw,
    );
  };
  check('Text/Plain; CHARSET=us-ascii (Plain text)', 'text/plain', { charset: 'us-ascii' });
  check('text/plain; charset="us-ascii"; name="a;b.txt"', 'text/plain', {
    charset: 'us-ascii',
    name: 'a;b.txt',
  });
  // RFC 2231 §3, §4, §4.1.
  check('message/external-body; URL*0="ftp://"; URL*1="cs.utk.edu/pub/moore"', 'message/external-body', {
    url: 'ftp://cs.utk.edu/pub/moore',
  });
  check(
    "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
    'application/x-stuff',
    {
      title: 'This is ***fun***',
    },
  );
  check(
    `application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2="isn't it!"`,
    'application/x-stuff',
    { title: "This is even more ***fun*** isn't it!" },
  );
  check("attachment; filename*1*=%C3%A9.txt; filename*0*=utf-8''caf", 'attachment', { filename: 'café.txt' });
  check(`attachment; filename="plain.txt"; filename*=utf-8''%E2%9C%93.txt`, 'attachment', {
    filename: '✓.txt',
  });
  check('attachment; filename="=?utf-8?q?caf=C3=A9.txt?="', 'attachment', { filename: 'café.txt' });
  check('attachment; filename=my file.txt', 'attachment', { filename: 'my file.txt' });
  check('attachment; filename="C:\\dir\\x.txt"', 'attachment', { filename: 'C:\\dir\\x.txt' });
  check('attachment; filename="a \\"q\\" b"', 'attachment', { filename: 'a "q" b' });
  check('text/plain; =x; a; charset=', 'text/plain', { charset: '' });
  check('', '');
});

test('parseParameterized() reads the broken forms of RFC 2231', () => {
  const check = (parameters: string, expected: string): void =>
    assert.equal(
      parseParameterized(`attachment; ${parameters}`).parameters.get('filename'),
      expected,
      parameters,
    );
  check('filename*2=c; filename*0=a; filename*1=b', 'abc'); // Out of order.
  check('filename*0=a; filename*2=c.txt', 'ac.txt'); // One is missing.
  check('filename*0=a; filename*0=x; filename*1=b', 'ab'); // One is there twice.
  check("filename*0*=utf-8''caf%C3; filename*1*=%A9; filename*2=.txt", 'café.txt'); // A character in two sections.
  check("filename*0=x; filename*=utf-8''caf%C3%A9.txt; filename=y", 'café.txt'); // All forms at once.
  check("filename*0=x; filename*=utf-8''whole; filename*1=y", 'whole');
  check("filename*=utf-8''100%.txt", '100%.txt');
  check("filename*=utf-8''a%zz%4.txt", 'a%zz%4.txt');
  check("filename*=utf-8''%C3.txt", '\u00c3.txt'); // Not UTF-8: read as Windows-1252.
  check("filename*=x-none''caf%C3%A9.txt", 'café.txt');
  check('filename*=caf%C3%A9.txt', 'café.txt'); // Without charset and language.
  check("filename*=''caf%C3%A9.txt", 'café.txt');
  check('filename*="utf-8\'\'caf%C3%A9.txt"', 'café.txt'); // Quoted, which §4 does not allow.
  check('filename="utf-8\'\'caf%C3%A9.txt"', 'café.txt'); // The extended form under the plain name.
  check('filename="it\'\'s 100%.txt"', "it''s 100%.txt");
  check('filename*00=a; filename*01=b', 'ab');
  check('filename*0=a; filename*99999999999999999999=b', 'ab');
  check('filename*x=a; filename=b', 'b');
  check("filename*1*=utf-8''b; filename*0=a", "autf-8''b"); // The lead belongs into the first section.
  check("filename*0*=iso-8859-1'es'%D1and%FA; filename*1*=iso-8859-1''%20r%E1pido", 'Ñandú rápido');
  check('filename*0="=?utf-8?q?caf"; filename*1="=C3=A9?="', 'café');
  check('filename=a b=c.txt', 'a b=c.txt');
  check('filename=a.txt size=3', 'a.txt');
  check('filename="  a;b (c).txt "', '  a;b (c).txt ');
  check('filename="a\\(b\\).txt"', 'a(b).txt');
  check('filename="unclosed; x=y', 'unclosed; x=y');
  // RFC 2231 §3, whose own example has no `;`.
  const example = parseParameterized(
    'message/external-body; access-type=URL URL*0="ftp://"; URL*1="cs.utk.edu"',
  );
  assert.equal(example.parameters.get('url'), 'ftp://cs.utk.edu');
});

test('parseParameterized() never throws and stays linear', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => void parseParameterized(raw)));
  for (const piece of [';', ';a=b', '"', '(', ';a*0=b', '\\', ';a*9*=%']) {
    const startedAt = performance.now();
    parseParameterized(piece.repeat(200_000));
    assert.ok(performance.now() - startedAt < 2_000, piece);
  }
});
