import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AttachmentNames, NAME_BYTES_MAX, safeAttachmentName } from './attachment-name.ts';

function named(...declared: readonly string[]): readonly string[] {
  const names = new AttachmentNames();
  return declared.map((name) => names.next(name));
}

test('safeAttachmentName() gives the names of contract §4', () => {
  const check = (declared: string, expected: string): void =>
    assert.equal(safeAttachmentName(declared), expected, JSON.stringify(declared));
  check('../../../etc/cron.d/evil', 'evil');
  check('-rf', 'rf');
  check('a\\b\\c.pdf', 'a_b_c.pdf');
  check('.bashrc', 'bashrc');
  check('/etc/passwd', 'passwd');
  check('report 2025.pdf', 'report 2025.pdf');
  check('a\u0000b\nc.txt', 'a_b_c.txt');
  check('invoice\u202efdp.exe', 'invoice_fdp.exe');
  check('\u200b\ufeff', '');
  check('..', '');
  check('', '');
  check('Übersicht.pdf'.normalize('NFD'), 'Übersicht.pdf');
});

test('safeAttachmentName() keeps the extension of a name that is too long', () => {
  const name = safeAttachmentName(`${'é'.repeat(5_000)}.jpeg`);
  assert.ok(Buffer.byteLength(name) <= NAME_BYTES_MAX);
  assert.match(name, /^é+\.jpeg$/);
});

test('AttachmentNames tells names apart without case and names the nameless by their place', () => {
  assert.deepEqual(named('a.txt', 'A.TXT', 'a.txt', ''), ['a.txt', 'A-1.TXT', 'a-2.txt', 'attachment-4']);
  assert.deepEqual(named('x-1.txt', 'x.txt', 'x.txt'), ['x-1.txt', 'x.txt', 'x-2.txt']);
});

test("AttachmentNames never gives the bundle's own name", () => {
  assert.deepEqual(named('2025-04-09-070503-hello.md'), ['attached-2025-04-09-070503-hello.md']);
});

test('AttachmentNames gives safe and different names for whatever is declared', () => {
  const declared = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'A', '.', 'é.é', 'e\u0301.é')),
  );
  fc.assert(
    fc.property(declared, (list) => {
      const names = named(...list);
      assert.equal(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size, names.length);
      for (const name of names) {
        assert.ok(Buffer.byteLength(name) <= NAME_BYTES_MAX);
        assert.match(name, /^[^\s.\-_/\\\p{Cc}\p{Cs}][^/\\\p{Cc}\p{Cs}]*$/u);
      }
    }),
  );
});
