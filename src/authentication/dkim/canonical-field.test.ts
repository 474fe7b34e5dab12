import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Canonicalization, canonicalField, selectFields } from './canonical-field.ts';
import { mapMessageOctets } from './message-octets.ts';

function check(content: string, form: Canonicalization, expected: string): void {
  const message = mapMessageOctets(Buffer.from(content, 'latin1'));
  const lines = message.fields.map((field) => `${canonicalField(message, field, { form })}\r\n`);
  assert.equal(lines.join(''), expected, JSON.stringify(content));
}

test('canonicalField() makes the forms of RFC 6376 §3.4.5', () => {
  const content = 'A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n';
  check(content, 'relaxed', 'a:X\r\nb:Y Z\r\n');
  check(content, 'simple', 'A: X\r\nB : Y\t\r\n\tZ  \r\n');
});

test('canonicalField() relaxes names by ASCII and values by WSP alone (§3.4.2)', () => {
  check('SUBJECT:\t \r\n  a \t b\xa0 \r\n\r\n', 'relaxed', 'subject:a b\xa0\r\n');
  check('A:\r\n', 'relaxed', 'a:\r\n');
  check('A:   \r\n', 'relaxed', 'a:\r\n');
  check('X-\xc4: \xc4\r\n', 'relaxed', 'x-\xc4:\xc4\r\n');
});

test('canonicalField() takes another value for a signature', () => {
  const message = mapMessageOctets(Buffer.from('DKIM-Signature: a=1;  b=xyz; c=2\r\n\r\n'));
  const [field] = message.fields;
  assert.ok(field !== undefined);
  const value = ' a=1;  b=; c=2';
  assert.equal(canonicalField(message, field, { form: 'relaxed', value }), 'dkim-signature:a=1; b=; c=2');
  assert.equal(canonicalField(message, field, { form: 'simple', value }), 'DKIM-Signature: a=1;  b=; c=2');
});

test('selectFields() takes occurrences from the bottom up, and nothing where there is none (§5.4.2)', () => {
  const message = mapMessageOctets(Buffer.from('X: 1\r\nY: 2\r\nx: 3\r\nX: 4\r\n\r\n'));
  const selected = (names: string): string =>
    selectFields(message, names.split(':'))
      .map((field) => message.bytes.toString('latin1', field.valueStart, field.end).trim())
      .join('');
  assert.equal(selected('x'), '4');
  assert.equal(selected('x:y:x'), '423');
  assert.equal(selected('x:x:x:x:x'), '431');
  assert.equal(selected('z::y'), '2');
});
