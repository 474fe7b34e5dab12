import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCrlf } from './content-intake.ts';
import { OPERATIONS } from './operations.ts';
import { splitReference } from './reference.ts';
import { INPUT_SCHEMAS } from './schemas.ts';
import { formatDuration, formatSize, listOf } from './trace/words.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array): string => new TextDecoder().decode(of);

test('every operation has a schema', () => {
  assert.deepEqual(Object.keys(INPUT_SCHEMAS), Object.keys(OPERATIONS));
});

test('withCrlf() mends bare line feeds across chunks and leaves the rest', () => {
  const check = (input: string, previous: string, expected: string): void =>
    assert.equal(text(withCrlf(bytes(input), bytes(previous)[0])), expected);
  check('a\nb', '', 'a\r\nb');
  check('a\r\nb\n', '', 'a\r\nb\r\n');
  check('\nb', '\r', '\nb');
  check('\nb', 'x', '\r\nb');
  check('a\rb', '', 'a\rb');
  check('\n\n', '', '\r\n\r\n');
});

test('splitReference() tells mailboxes, ids and Message-IDs apart', () => {
  const check = (
    reference: string,
    explicit: string | undefined,
    mailbox: string | undefined,
    name: string,
  ): void => assert.deepEqual(splitReference(reference, explicit), { mailbox, name });
  check('support/2026-x', undefined, 'support', '2026-x');
  check('2026-x', 'sam', 'sam', '2026-x');
  check('<a/b@example.com>', undefined, undefined, 'a/b@example.com');
  check('support/2026-x', 'sam', 'sam', '2026-x');
});

test('figures read as people write them', () => {
  assert.deepEqual([1, 2048, 26_214_400].map(formatSize), ['1 byte', '2.0 KiB', '25 MiB']);
  assert.deepEqual([3, 2400, 310_000, 7_500_000, 273_600_000].map(formatDuration), [
    '3 ms',
    '2.4 s',
    '5 min 10 s',
    '2 h 5 min',
    '3 d 4 h',
  ]);
  assert.equal(listOf(['a', 'b', 'c']), 'a, b and c');
});
