import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, decodeQuotedPrintable } from '../mime/transfer-encoding.ts';
import { base64Size, encodeBase64, encodeText } from './body-octets.ts';
import { collected } from './drafts.sim.ts';

test('encodeText() leaves text as it is where nobody on its way would change it', () => {
  const check = (text: string, expected: string): void => {
    const { encoding, octets } = encodeText(text);
    assert.equal(`${encoding} ${Buffer.from(octets).toString('latin1')}`, expected);
  };
  check('', '7bit ');
  check('a = b\n\tc', '7bit a = b\r\n\tc');
  check('x'.repeat(76), `7bit ${'x'.repeat(76)}`);
  check('x'.repeat(77), `quoted-printable ${'x'.repeat(75)}=\r\nxx`);
  check('From a', 'quoted-printable =46rom a');
  check('a\nFrom b', 'quoted-printable a\r\n=46rom b');
  check('.', 'quoted-printable =2E');
  check('a \nb\t', 'quoted-printable a=20\r\nb=09');
  check('--=_1_x', 'quoted-printable --=3D_1_x');
  check('é', 'quoted-printable =C3=A9');
  check('a\x1b', 'quoted-printable a=1B');
  check(`${'x'.repeat(75)}.y`, `quoted-printable ${'x'.repeat(75)}=\r\n=2Ey`);
});

test('encodeText() gives lines of at most 76 characters that decode to the text', () => {
  const unit = fc.constantFrom('a', '=', ' ', '\t', '\n', 'é', '😀', '.', 'From ', '\x01', 'x'.repeat(70));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
      const { encoding, octets } = encodeText(text);
      const lines = Buffer.from(octets).toString('latin1').split('\r\n');
      assert.ok(
        lines.every((line) => /^[\t\x20-\x7e]*$/.test(line) && line.length <= 76 && !/[ \t]$/.test(line)),
      );
      const decoded = encoding === '7bit' ? octets : decodeQuotedPrintable(octets).bytes;
      assert.equal(Buffer.from(decoded).toString().replaceAll('\r\n', '\n'), text);
    }),
  );
});

test('encodeText() takes a mebibyte in milliseconds', () => {
  const startedAt = performance.now();
  encodeText('é='.repeat(350_000));
  assert.ok(performance.now() - startedAt < 500);
});

test('encodeBase64() decodes to the source however it is cut, as long as base64Size() says', async () => {
  const sizes = [0, 1, 2, 3, 56, 57, 58, 114, 1023, 57 * 1024, 57 * 1024 + 1, 200_000];
  for (const size of sizes) {
    const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 7) % 251));
    for (const cut of [1 + (size >> 1), 1_000, 70_000]) {
      const encoded = await collected(
        encodeBase64(
          (async function* () {
            for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
          })(),
        ),
      );
      assert.equal(encoded.length, base64Size(size), `${size}`);
      assert.ok(
        encoded
          .toString('latin1')
          .split('\r\n')
          .every((line) => line.length <= 76),
      );
      assert.deepEqual(Buffer.from(decodeBase64(encoded).bytes), bytes);
    }
  }
});
