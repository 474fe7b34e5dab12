import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashBody } from './body-hash.ts';
import type { Canonicalization } from './canonical-field.ts';

function check(body: string, form: Canonicalization, canonical: string): void {
  const found = hashBody(Buffer.from(body, 'latin1'), form);
  const expected = createHash('sha256').update(canonical, 'latin1').digest('hex');
  assert.equal(found.sha256.toString('hex'), expected, `${form} ${JSON.stringify(body.slice(0, 100))}`);
  assert.equal(found.length, canonical.length);
}

test('hashBody() makes the forms of RFC 6376 §3.4.5', () => {
  const body = ' C \r\nD \t E\r\n\r\n\r\n';
  check(body, 'relaxed', ' C\r\nD E\r\n');
  check(body, 'simple', ' C \r\nD \t E\r\n');
});

test('hashBody() ends every body as §3.4.3 and §3.4.4 say', () => {
  check('', 'simple', '\r\n');
  check('', 'relaxed', '');
  check('\r\n\r\n', 'simple', '\r\n');
  check('\r\n\r\n', 'relaxed', '');
  check(' \r\n\t\r\n', 'relaxed', '');
  check('a', 'simple', 'a\r\n');
  check('a', 'relaxed', 'a\r\n');
  check('a \t', 'relaxed', 'a\r\n');
  check('a\r\n\r\nb', 'relaxed', 'a\r\n\r\nb\r\n');
  check('a \r\n \r\nb', 'simple', 'a \r\n \r\nb\r\n');
});

test('hashBody() leaves a CR or LF that stands alone where it is', () => {
  check('a\rb\nc\r', 'relaxed', 'a\rb\nc\r\r\n');
  check('a\n\n', 'simple', 'a\n\n\r\n');
});

test('hashBody() agrees with a plain reading of the rules, over the bounds of its chunks too', () => {
  const relaxed = (body: string): string => {
    const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
    while (lines.at(-1) === '') lines.pop();
    return lines.map((line) => `${line}\r\n`).join('');
  };
  const pieces = fc.array(
    fc.constantFrom('a', ' ', '\t', '\r\n', '\r\n\r\n', '\r', '\n', 'long '.repeat(15_000)),
  );
  fc.assert(
    fc.property(pieces, (list) => {
      // A CR before a CRLF belongs to the line, so what is split is unambiguous.
      const body = list.join('').replace(/\r+\r\n/g, '\r\n');
      check(body, 'relaxed', relaxed(body));
      check(body, 'simple', `${body.replace(/(?:\r\n)+$/, '')}\r\n`);
    }),
    { numRuns: 50 },
  );
});
