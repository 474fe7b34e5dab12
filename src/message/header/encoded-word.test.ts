import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLine, decodeWords } from './encoded-word.ts';

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

test('decodeWords() decodes encoded words, broken ones too', () => {
  const check = (raw: string, expected: string): void => assert.equal(decodeWords(raw), expected, raw);
  // RFC 2047 §8.
  check('(=?ISO-8859-1?Q?a?=)', '(a)');
  check('(=?ISO-8859-1?Q?a?= b)', '(a b)');
  check('(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)');
  check('(=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=)', '(ab)');
  check('(=?ISO-8859-1?Q?a_b?=)', '(a b)');
  check('(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)');
  check(
    '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=',
    'If you can read this you understand the example.',
  );
  check('=?UTF-8*en?Q?caf=C3=A9?=', 'café'); // RFC 2231 §5.
  check('=?utf-8?q?=E2=9C?= =?utf-8?q?=93?=', '✓'); // One character split over two words.
  check('=?utf-8?q?a b?=', 'a b');
  check('=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=', '日本');
  check('=?x-nowhere?q?abc?=', 'abc');
  check('=?utf-8?q?unfinished', '=?utf-8?q?unfinished');
  check(latin1('Grüße'), 'Grüße'); // RFC 6532.
  check('Gr\u00fc\u00dfe', 'Grüße'); // Latin-1 of no declared charset.
});

test('decodeWords() decodes what senders make of RFC 2047', () => {
  const check = (raw: string, expected: string): void => assert.equal(decodeWords(raw), expected, raw);
  check('Re:=?utf-8?q?caf=C3=A9?=!', 'Re:café!'); // Next to text, without white space (against §5).
  check('"=?utf-8?q?caf=C3=A9?="', '"café"'); // Inside a quoted string (against §5).
  check('=?utf-8?b?w6 k=?=', 'é'); // A space in base64.
  check('=?utf-8?q? caf=C3=A9 ?=', ' café ');
  check('=?utf-8?q?who?_me?_yes?=', 'who? me? yes'); // A raw `?`.
  check('=?utf-8?q??=', '');
  check('=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=', '=?utf-8?q?a?='); // Nested: decoded once.
  check('=?utf-8?q?a =?utf-8?q?b?=', '=?utf-8?q?a b'); // The first has no end of its own.
  check('=?utf-8?q?a?= =?utf-8?q?b', 'a =?utf-8?q?b'); // The last has no end.
  check('=?utf-8?b?Y2Fmw6k?=', 'café'); // Without its padding.
  check('=?utf-8?b?Y2Fmw6k====?=', 'café'); // With too much of it.
  check('=?utf-8?b?Y2Fmw?= =?utf-8?b?6k=?=', 'café'); // A quantum in two words.
  check('=?utf-8?b?Y2Fm?= =?utf-8?q?=C3=A9?=', 'café'); // Both encodings.
  check('=?utf-8?q?caf=C3?=\t =?UTF-8*fr?q?=A9?=', 'café'); // RFC 2231 §5.
  check('=?utf-8?q?=ED=A0=BD=ED=B8=80?=', '😀'); // Surrogates as UTF-8 (CESU-8).
  check('=?utf-8?q?=ED=A0=BD?= =?utf-8?q?=ED=B8=80?=', '😀');
  check('=?utf-16be?b?2D0=?= =?utf-16be?b?3gA=?=', '😀'); // A surrogate pair in two words.
  check('=?utf-8?q?50=%?=', '50=%'); // `=` that encodes nothing.
  check('=?utf-8?x?abc?=', '=?utf-8?x?abc?='); // An encoding that does not exist.
  check('=??q?caf=C3=A9?=', 'café');
  check('=?us-ascii?q?caf=C3=A9?=', 'café');
  check('=?iso-8859-1?q?a?=  text  =?iso-8859-1?q?b?=', 'a  text  b');
});

test('decodeLine() leaves no control character', () => {
  assert.equal(decodeLine('=?utf-8?q?a=0D=0ABcc:_x=1B[31m?='), 'a Bcc: x [31m');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => assert.doesNotMatch(decodeLine(raw), /\p{Cc}/u)),
  );
});

test('decodeWords() is linear', () => {
  for (const piece of ['=?', '=?a?q?', '=?a?q?b?= ', '=?utf-8?q?=C3?= ']) {
    const startedAt = performance.now();
    decodeWords(piece.repeat(100_000));
    assert.ok(performance.now() - startedAt < 3_000, piece);
  }
});
