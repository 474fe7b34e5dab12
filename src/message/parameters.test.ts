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

test('parseParameterized() never throws and stays linear', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => void parseParameterized(raw)));
  for (const piece of [';', ';a=b', '"', '(', ';a*0=b', '\\', ';a*9*=%']) {
    const startedAt = performance.now();
    parseParameterized(piece.repeat(200_000));
    assert.ok(performance.now() - startedAt < 2_000, piece);
  }
});
