import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRow, TraceRow } from '../../journal/journal.ts';
import { epochMs } from '../../system/clock.ts';
import { OUTGOING_WORDING, outgoingSentence, submittedBy } from './outgoing-words.ts';

function row(event: string, detail: TraceRow['detail'], runId: string | null = null): TraceRow {
  return { event, detail, runId } as unknown as TraceRow;
}

test('OUTGOING_WORDING tells each event of a sent message, whatever its details hold', () => {
  const check = (event: string, detail: TraceRow['detail'], expected: string | null): void =>
    assert.equal(OUTGOING_WORDING[event]?.(detail), expected, event);
  // The story begins with who sent it, so that only a hold is left to tell.
  check('outgoing.submitted', { queueId: 'a1', by: 'root', to: 1, held: null }, null);
  check(
    'outgoing.submitted',
    { queueId: 'a1', by: 'root', to: 1, held: 'approval: The mailbox asks for it' },
    'held before it left: the mailbox asks for it',
  );
  check('outgoing.held', { by: 'root', reason: 'operator: Held by root' }, 'held by root');
  check(
    'outgoing.held',
    { by: 'root', reason: 'restored: A backup was restored' },
    'held by root: a backup was restored',
  );
  check(
    'outgoing.released',
    { by: 'root', reason: 'loop: It answers a list' },
    'released by root (it was held: it answers a list)',
  );
  check('outgoing.retry-asked', { by: 'uid 1000' }, 'uid 1000 asked to try now');
  const results = [
    { address: 'bob@example.net', outcome: 'delivered', reply: '250 2.0.0 Ok' },
    { address: 'ann@example.net', outcome: 'in-doubt', reply: 'It may have arrived' },
  ];
  const attempt = { domain: 'example.net', stage: 'dot', startedAt: 0, results };
  const said = 'bob@example.net taken: 250 2.0.0 Ok; ann@example.net in doubt: It may have arrived';
  check(
    'outgoing.attempted',
    { ...attempt, remote: 'mx.example.net [192.0.2.1]:25', tls: 'TLSv1.3' },
    `tried at mx.example.net [192.0.2.1]:25, TLSv1.3: ${said}`,
  );
  check(
    'outgoing.attempted',
    { ...attempt, remote: 'mx.example.net [192.0.2.1]:25', tls: null },
    `tried at mx.example.net [192.0.2.1]:25, without TLS: ${said}`,
  );
  check('outgoing.attempted', { ...attempt, remote: null, tls: null }, `tried for example.net: ${said}`);
  check('outgoing.in-doubt', { recipients: 1, remote: null }, null);
  check(
    'outgoing.answered',
    {
      kind: 'delivery-report',
      id: '2026-11-25-1',
      recipients: [{ address: 'bob@example.net', text: '5.1.1 No' }],
    },
    'a delivery report came back, filed as 2026-11-25-1: bob@example.net 5.1.1 No',
  );
  check('outgoing.answered', { kind: 'reply', id: null, recipients: [] }, 'a reply came back');
  check('outgoing.reported', { purpose: 'warning' }, 'its sender was told that it is late');
  check('outgoing.ended', { status: 'delivered' }, 'every recipient has it');
  check(
    'delivery.answers',
    { queueId: 'a1', id: '2026-11-24-1', kind: 'complaint' },
    'a complaint about 2026-11-24-1, which was sent from here',
  );
  // Rows of another version say less, or something else.
  for (const [event, words] of Object.entries(OUTGOING_WORDING))
    for (const detail of [{}, { by: 7, kind: 7, results: 'none', recipients: null }])
      assert.doesNotMatch(words(detail) ?? '', /undefined|null|\[object/, event);
});

test('submittedBy() names who sent it, and in which run', () => {
  const detail = { queueId: '3f9c0a17c2d4e6f8', by: 'uid 1000', to: 1, held: null };
  const check = (rows: readonly TraceRow[], expected: string | null): void =>
    assert.equal(submittedBy(rows), expected);
  check([], null);
  check([row('outgoing.submitted', detail)], 'uid 1000 as 3f9c0a17c2d4e6f8');
  check(
    [row('message.accepted', {}), row('outgoing.submitted', detail, '1f2e3d4c5b6a7988')],
    'uid 1000 as 3f9c0a17c2d4e6f8, in run 1f2e3d4c5b6a',
  );
});

test('outgoingSentence() says how a message stands, and what can be done', () => {
  const check = (states: readonly string[], fields: Partial<OutgoingRow>, expected: string): void =>
    assert.equal(
      outgoingSentence({
        queueId: '3f9c',
        held: null,
        status: 'pending',
        endedAt: null,
        expiresAt: epochMs(Date.UTC(2026, 10, 30, 12)),
        recipients: states.map((state) => ({ state })),
        ...fields,
      } as unknown as OutgoingRow),
      expected,
    );
  const ended = { endedAt: epochMs(1) };
  check(['delivered'], { ...ended, status: 'delivered' }, 'Its recipient has it.');
  check(['delivered', 'delivered'], { ...ended, status: 'delivered' }, 'All of its 2 recipients have it.');
  check(
    ['delivered', 'failed'],
    { ...ended, status: 'failed' },
    '1 of its 2 recipients has it; the others were given up.',
  );
  check(
    ['deferred'],
    { status: 'deferred' },
    'It is on its way: 0 of its 1 recipient have it. It is given up at 2026-11-30 12:00:00 UTC; how each stands: aimx queue show 3f9c',
  );
  check(
    ['queued'],
    { held: 'approval: The mailbox asks for it' },
    'It is held and goes nowhere: the mailbox asks for it. To let it go: aimx queue approve 3f9c',
  );
  check(
    ['queued'],
    { held: 'loop: It answers a list' },
    'It is held and goes nowhere: it answers a list. To let it go: aimx queue release 3f9c',
  );
});
