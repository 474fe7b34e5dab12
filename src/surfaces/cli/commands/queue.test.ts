import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueuedRecipientView, QueuedView, QueueShowOutput } from '../../../operations/queue.ts';
import { formatQueue, formatQueued } from './queue.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const style = (_: unknown, text: string): string => text;

function recipient(fields: Partial<QueuedRecipientView> = {}): QueuedRecipientView {
  return {
    address: 'ann@example.net',
    field: 'to',
    status: 'queued',
    attempts: 0,
    reply: null,
    enhanced_status: null,
    remote: null,
    tls: null,
    next_attempt_at: null,
    last_attempt_at: null,
    answer: null,
    ...fields,
  };
}

function message(fields: Partial<QueuedView> = {}): QueuedView {
  return {
    queue_id: '3f9c0a17d2b4e865',
    message_id: 'm1@example.com',
    mailbox: 'agent',
    id: '2026-11-25-115000-lunch',
    from: 'agent@example.com',
    subject: 'Lunch',
    status: 'pending',
    held: null,
    submitted_at: '2026-11-25T11:50:00.000Z',
    expires_at: '2026-11-30T11:50:00.000Z',
    ended_at: null,
    next_attempt_at: null,
    attempts: 0,
    size_bytes: 900,
    by: 'root',
    run_id: null,
    recipients: [recipient()],
    ...fields,
  };
}

const LATE: QueuedRecipientView = recipient({
  address: 'late@example.net',
  field: 'bcc',
  status: 'deferred',
  attempts: 2,
  reply: '451 4.7.1 Greylisted\u001b[2J',
  enhanced_status: '4.7.1',
  remote: 'mx.example.net [192.0.2.1]:25',
  tls: 'TLSv1.3, certificate verified',
  next_attempt_at: '2026-11-25T12:05:00.000Z',
});
const TAKEN: QueuedRecipientView = recipient({ status: 'delivered', attempts: 1, reply: '250 2.0.0 Ok' });

test('formatQueue() shows what there is to act upon, and no escape of another server', () => {
  const check = (columns: number, rows: readonly QueuedView[], expected: readonly string[]): void =>
    assert.equal(formatQueue(rows, NOW, { columns, style }), `${expected.join('\n')}\n`);
  const deferred = message({
    status: 'deferred',
    recipients: [TAKEN, LATE],
    next_attempt_at: LATE.next_attempt_at,
  });
  const held = message({
    queue_id: '00aa11bb22cc33dd',
    held: 'approval: The mailbox asks for it',
    submitted_at: '2026-11-23T09:00:00.000Z',
    mailbox: 'careful',
  });
  check(
    Number.POSITIVE_INFINITY,
    [deferred, held],
    [
      'QUEUE ID  AGE     STATUS    MAILBOX  TO                  NEXT TRY (UTC)       LAST REPLY',
      '3f9c0a17  10 min  deferred  agent    ann@example.net +1  2026-11-25 12:05:00  451 4.7.1 Greylisted␛[2J',
      '00aa11bb  2 d     held      careful  ann@example.net     -                    approval: The mailbox asks for it',
    ],
  );
  check(
    70,
    [deferred],
    [
      'QUEUE ID  STATUS    TO             NEXT TRY (UTC)       LAST REPLY',
      '3f9c0a17  deferred  ann@example.…  2026-11-25 12:05:00  451 4.7.1 Gre…',
    ],
  );
});

test('formatQueued() tells recipients, tries and what came since, and ends with what can be done', () => {
  const history = { tries: [], decisions: [], came_back: [], reports: [] };
  const shown: QueueShowOutput = {
    ...message({ status: 'deferred', recipients: [LATE], run_id: '0123456789abcdef0123456789abcdef' }),
    ...history,
    tries: [
      {
        at: '2026-11-25T11:50:01.000Z',
        domain: 'example.net',
        remote: null,
        tls: null,
        stage: 'route',
        results: [
          {
            address: 'late@example.net',
            outcome: 'deferred',
            reply: 'DNS could not say',
            enhanced_status: '4.4.3',
            next_attempt_at: null,
          },
        ],
      },
    ],
    came_back: [
      {
        at: '2026-11-25T11:58:00.000Z',
        kind: 'delivery-report',
        message: 'agent/x',
        recipients: [{ address: 'late@example.net', text: 'bounced: 5.1.1' }],
      },
    ],
    decisions: [{ at: '2026-11-25T11:55:00.000Z', decision: 'retry-asked', by: 'root', reason: null }],
  };
  const wide = { columns: Number.POSITIVE_INFINITY };
  const expected = [
    'message     3f9c0a17d2b4e865',
    'status      deferred',
    'from        agent@example.com (mailbox agent)',
    'subject     Lunch',
    'message-id  m1@example.com',
    'copy        agent/2026-11-25-115000-lunch, in sent',
    'sent        2026-11-25 11:50:00 UTC by root, in run 0123456789ab',
    'given up    2026-11-30 11:50:00 UTC, where it is not delivered by then',
    '',
    'Recipients',
    '  bcc  late@example.net: deferred, 2 tries, next 2026-11-25 12:05:00 UTC',
    '       451 4.7.1 Greylisted␛[2J',
    '       from mx.example.net [192.0.2.1]:25, TLSv1.3, certificate verified',
    '',
    'Tries (UTC)',
    '  2026-11-25 11:50:01  no server of example.net; it ended at route',
    '    late@example.net deferred: DNS could not say (4.4.3)',
    '',
    'Since (UTC)',
    '  2026-11-25 11:55:00  retry-asked by root',
    '  2026-11-25 11:58:00  delivery-report came: agent/x; late@example.net bounced: 5.1.1',
    '',
    'To try now     aimx queue retry 3f9c0a17',
    'To give it up  aimx queue cancel 3f9c0a17',
    '',
  ];
  assert.equal(formatQueued(shown, wide), expected.join('\n'));
  const last = (fields: Partial<QueuedView>): string =>
    formatQueued({ ...message(fields), ...history }, wide)
      .trimEnd()
      .split('\n')
      .at(-2) ?? '';
  assert.equal(last({ held: 'approval: x' }), 'To let it go  aimx queue approve 3f9c0a17');
  assert.equal(last({ held: 'loop: x' }), 'To let it go  aimx queue release 3f9c0a17');
});
