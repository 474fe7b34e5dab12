import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeRecord, HEAD_BYTES, isIntact, parseHead, type RecordFields } from './record.ts';

const fields: fc.Arbitrary<RecordFields> = fc.record({
  kind: fc.constantFrom('message' as const, 'evidence' as const),
  journalId: fc.maxSafeNat(),
  durableUpTo: fc.maxSafeNat(),
  contentBytes: fc.nat(1024 * 1024),
  contentSha256: fc.uint8Array({ maxLength: 9 }).map((bytes) => hash('sha256', bytes)),
  envelope: fc.string({ unit: 'grapheme', maxLength: 200 }),
});

test('parseHead() reads what encodeRecord() wrote', () => {
  fc.assert(
    fc.property(fields, (record) => {
      const bytes = Buffer.from(encodeRecord(record));
      const head = parseHead(bytes);
      assert.ok(head);
      assert.ok(isIntact(head, bytes));
      assert.deepEqual(
        {
          kind: head.kind,
          journalId: head.journalId,
          durableUpTo: head.durableUpTo,
          contentBytes: head.contentBytes,
          contentSha256: head.contentSha256,
          envelope: bytes.toString('utf8', HEAD_BYTES),
        },
        { ...record },
      );
    }),
  );
});

test('isIntact() sees every changed bit of head and envelope', () => {
  fc.assert(
    fc.property(fields, fc.nat(), fc.nat(7), (record, place, bit) => {
      const bytes = Buffer.from(encodeRecord(record));
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const head = parseHead(bytes);
      assert.ok(head === null || !isIntact(head, bytes));
    }),
  );
});

test('parseHead() is total', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      parseHead(Buffer.from(bytes));
    }),
  );
});
