import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.ts';

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

test('decodeQuotedPrintable() decodes, joins soft breaks and keeps what is wrong', () => {
  const check = (encoded: string, expected: string, damaged = false): void => {
    const decoded = decodeQuotedPrintable(latin1(encoded));
    assert.equal(Buffer.from(decoded.bytes).toString('latin1'), expected, encoded);
    assert.equal(decoded.damaged, damaged, encoded);
  };
  check('Now=20is=\r\n the=\n time', 'Now is the time');
  check('a =  \r\nb', 'a b');
  check('trailing  \r\nx\t', 'trailing\r\nx');
  check('=e4=E4', '\u00e4\u00e4');
  check('100 =% =\r', '100 =% =\r', true);
  check('a=', 'a');
});

test('decodeBase64() decodes what was joined, broken or badly padded', () => {
  const check = (encoded: string, expected: string, damaged = false): void => {
    const decoded = decodeBase64(latin1(encoded));
    assert.equal(Buffer.from(decoded.bytes).toString('latin1'), expected, encoded);
    assert.equal(decoded.damaged, damaged, encoded);
  };
  check('aGVs\r\nbG8=\r\n', 'hello');
  check('aGVsbG8', 'hello');
  check('aGk=aGk=', 'hihi');
  check('aG!Vs', 'hel', true);
  check('a', '', true);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual([...decodeBase64(latin1(Buffer.from(bytes).toString('base64'))).bytes], [...bytes]);
    }),
  );
});
