import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { charsetName, decodeCharset, decodePartCharset } from './charset.ts';

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replace(/ /g, ''), 'hex');
}

test('decodeCharset() decodes the charsets of mail by the names that are sent', () => {
  const check = (label: string, hex: string, expected: string): void =>
    assert.deepEqual(decodeCharset(bytes(hex), label), { text: expected, problem: null }, label);
  for (const label of ['utf-8', '"UTF-8"', 'utf8mb4', 'UTF8', 'utf-8*en', 'AL32UTF8', ' utf-8; x']) {
    check(label, 'c3a9', 'é');
  }
  for (const label of [
    'iso-8859-1',
    'iso8859-1',
    'latin1',
    'Latin-1',
    'cp1252',
    'Win-1252',
    'windows1252',
    '8859-1',
  ]) {
    check(label, 'e9 80', 'é€');
  }
  check('iso-8859-15', 'a4', '€');
  check('windows-874', 'a1', 'ก');
  check('TIS-620', 'a1', 'ก');
  check('x-mac-roman', '8e', 'é');
  check('x-mac-cyrillic', '80', 'А');
  check('x-mac-greek', 'e1', 'α');
  check('x-mac-ce', '8e', 'é');
  check('koi8-r', 'c1', 'а');
  check('KOI8-U', 'a4', 'є');
  check('win-1251', 'e0', 'а');
  check('gb2312', 'c4e3 ba c3', '你好');
  check('gb2312', '8139 fe 30', decodeCharset(bytes('8139fe30'), 'gb18030').text); // Beyond GB 2312: read as GB 18030.
  check('ks_c_5601-1987', 'b0a1', '가');
  check('cp949', '8141', '갂'); // Of UHC, which EUC-KR does not have.
  check('big5-hkscs', 'a741', '你');
  check('cp932', '93fa 967b', '日本');
  check('cp51932', 'c6fc cbdc', '日本');
  check('iso-2022-jp', '1b2442 467c 4b5c 1b2842', '日本');
  check('', '1b2442 467c 4b5c 1b2842', '日本'); // Undeclared, as old systems send it.
  check('viscii', '80 d5', 'Ạạ');
  check('x-viet-tcvn', 'b5', 'à');
  check('utf-7', Buffer.from('Hi Mom -+Jjo--!').toString('hex'), 'Hi Mom -☺-!'); // RFC 2152.
  for (const [raw, expected] of [
    ['A+ImIDkQ.', 'A\u2262\u0391.'], // RFC 2152's examples.
    ['+ZeVnLIqe', '日本語'],
    ['Item 3 is +AKM-1.', 'Item 3 is £1.'],
    ['1 +- 1 +AGE-', '1 + 1 a'],
    ['+2D3eAA-', '😀'],
    ['+2D0-', '\ufffd'],
    ['+', ''],
  ] as const) {
    assert.equal(decodeCharset(Buffer.from(raw), 'utf-7').text, expected, raw);
  }
  check('cp437', '82', 'é');
  check('x-user-defined', 'c3a9', 'é');
  check('us-ascii', 'e9', 'é');
  check('us-ascii', 'c3a9', 'é');
});

test('decodeCharset() finds the byte order of UTF-16', () => {
  const check = (label: string, hex: string, expected: string): void =>
    assert.equal(decodeCharset(bytes(hex), label).text, expected, `${label} ${hex}`);
  check('utf-16', 'fffe 6100', 'a');
  check('utf-16', 'feff 0061', 'a');
  check('utf-16', '0061 0062', 'ab');
  check('utf-16', '6100 6200', 'ab');
  check('unicode', '65e5 672c', '日本'); // RFC 2781 §4.3: big-endian.
  check('utf-16le', '3dd8 00de', '😀');
});

test('decodeCharset() decodes charsets that shift', () => {
  const check = (label: string, raw: string, expected: string): void =>
    assert.equal(decodeCharset(Buffer.from(raw, 'latin1'), label).text, expected, label);
  // RFC 1843's own example.
  check(
    'hz-gb-2312',
    'The next sentence is in GB.~{<:Ky2;S{#,NpJ)l6HK!#~}Bye.',
    'The next sentence is in GB.己所不欲，勿施於人。Bye.',
  );
  check('hz', 'a~~b~\nc ~{VPNR', 'a~bc 中我');
  check('hz-gb-2312', '~{VP\nVP', '中\nVP'); // A line end returns to ASCII.
  check('iso-2022-kr', '\x1b$)C\x0e0!\x0f a', '가 a');
  check('iso-2022-kr', '\x0e0!0\x0fabc', '가\ufffdabc'); // Half a pair takes nothing with it.
  check('hz', '~{VPN~}abc', '中\ufffdabc');
  check('iso-2022-cn', '\x1b$)A\x0eVPND\x0f a', '中文 a');
  check('iso-2022-cn', '\x1b$)G\x0eG(\x0f a', '\ufffd\ufffd a'); // CNS 11643 is not read.
  assert.equal(
    decodeCharset(Buffer.from('\x1b$)G\x0eG(', 'latin1'), 'iso-2022-cn').problem,
    'invalid-octets',
  );
});

test('decodePartCharset() mends wrong labels', () => {
  const check = (label: string, hex: string, text: string, problem: string | null): void =>
    assert.deepEqual(decodePartCharset(bytes(hex), label), { text, problem }, `${label} ${hex}`);
  check('utf-8', 'e9', 'é', 'invalid-octets');
  check('utf-8', 'c3a9 e9', 'é\ufffd', 'invalid-octets');
  check('utf-8', 'eda0bd edb880', '😀', null);
  check('iso-8859-1', 'c3a9', 'é', 'mislabelled');
  check('cp1252', 'e282ac', '€', 'mislabelled');
  check('iso-8859-1', '61', 'a', null);
  check('iso-8859-1', 'c3a9 e9', 'Ã©é', null);
  check('iso-8859-5', 'd0b0', decodeCharset(bytes('d0b0'), 'iso-8859-5').text, null); // May be what was meant.
  check('x-nowhere', 'c3a9', 'é', 'unknown-charset');
  assert.equal(decodeCharset(bytes('c3a9'), 'iso-8859-1').text, 'Ã©', 'an encoded word is what it says');
});

test('decodeCharset() is total and linear', () => {
  const labels = [
    'utf-8',
    'utf-7',
    'utf-16',
    'hz',
    'iso-2022-kr',
    'iso-2022-cn',
    'iso-2022-jp-2',
    'gb2312',
    'tcvn',
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...labels, '', 'x'), (octets, label) => {
      assert.equal(typeof decodePartCharset(octets, label).text, 'string');
    }),
  );
  fc.assert(fc.property(fc.string(), (label) => void charsetName(label)));
  for (const piece of ['~{', '~', '\x1b$)A\x0eVP', '\x0e', '\xed\xa0\xbd', '+', '\x1b$B']) {
    const startedAt = performance.now();
    for (const label of labels) decodePartCharset(Buffer.from(piece.repeat(200_000), 'latin1'), label);
    assert.ok(performance.now() - startedAt < 4_000, piece);
  }
});
