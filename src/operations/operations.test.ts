import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCrlf } from './content-intake.ts';
import type { OperationContext } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { splitReference } from './reference.ts';
import { ownRun } from './runs.ts';
import { INPUT_SCHEMAS } from './schemas.ts';
import { formatDuration, formatSize, listOf } from './trace/words.ts';
import { lastLine } from './trace.ts';

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

interface FakeRun {
  readonly runId: string;
  readonly mailbox: string;
  readonly mailboxId: string;
}

/** Rows of runs, for a caller who owns the mailbox `mine`. */
function contextWith(runs: readonly FakeRun[]): OperationContext {
  const query = async (kind: string, input: { runId?: string; runIdPrefix?: string }): Promise<unknown> =>
    kind === 'run'
      ? (runs.find(({ runId }) => runId === input.runId) ?? null)
      : { rows: runs.filter(({ runId }) => runId.startsWith(input.runIdPrefix ?? '?')), nextCursor: null };
  const context: unknown = {
    rows: { query },
    caller: { kind: 'peer', uid: 1000, gid: 1000, pid: 1 },
    config: { mailboxes: [{ name: 'mine' }] },
    configProblem: null,
    owned: new Set(['mine']),
    mailboxIds: null,
  };
  return context as OperationContext;
}

test('ownRun() takes an id, or its first digits where they fit one run of the caller', async () => {
  const run = (runId: string, mailbox = 'mine'): FakeRun => ({ runId, mailbox, mailboxId: mailbox });
  const context = contextWith([run('abcdef01'), run('abcdef02'), run('12345678'), run('12345699', 'other')]);
  const found = async (reference: string): Promise<string> => (await ownRun(context, reference)).runId;
  assert.equal(await found('abcdef01'), 'abcdef01');
  assert.equal(await found('123456'), '12345678', 'a run of somebody else is no candidate');
  await assert.rejects(found('abcdef'), {
    code: 'request.ambiguous',
    detail: { candidates: ['abcdef01', 'abcdef02'] },
  });
  for (const unknown of ['12345', '12345699', 'zzzzzzzz', 'ABCDEF01', ''])
    await assert.rejects(found(unknown), { code: 'request.not-found' });
});

test('lastLine() is what a program said last, and never long', () => {
  assert.equal(lastLine('first\n  second \r\n\n'), 'second');
  assert.equal(lastLine('\n \n'), undefined);
  assert.equal(lastLine('x'.repeat(1000))?.length, 200);
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
