import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecipient, OutgoingRow } from '../journal/journal.ts';
import { toDeliveryId, toJournalId, toMailboxId, toQueueId } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import { sentFieldsOf } from './sent-fields.ts';

const AT = epochMs(Date.UTC(2026, 10, 25, 9, 30));

const BOB: OutgoingRecipient = {
  recipientId: 1,
  address: 'bob@example.net',
  field: 'to',
  domain: 'example.net',
  isLocal: false,
  state: 'queued',
  attempts: 0,
  doubts: 0,
  nextAt: AT,
  lastAttemptAt: null,
  reply: null,
  status: null,
  remote: null,
  tls: null,
  endedAt: null,
  answer: null,
};

const ROW: OutgoingRow = {
  queueId: toQueueId('0011223344556677'),
  journalId: toJournalId(1),
  deliveryId: toDeliveryId(1),
  mailboxId: toMailboxId('m'),
  mailbox: 'sam',
  id: '2026-11-25-093000-lunch',
  messageId: '1@example.com',
  threadId: '0011223344556677',
  from: 'sam@example.com',
  subject: 'Lunch',
  reversePath: 'sam+b-0011223344556677@example.com',
  smtputf8: false,
  format: 'markdown',
  sizeBytes: 100,
  raw: { path: '', offset: 0, sizeBytes: 100, sha256: '', encoding: 'plain' },
  rawKept: true,
  held: null,
  by: 'root',
  runId: null,
  submittedAt: AT,
  expiresAt: AT,
  endedAt: null,
  status: 'pending',
  version: 1,
  recipients: [BOB],
};

test('sentFieldsOf() says for each state what the file shows', () => {
  const check = (
    row: Partial<OutgoingRow>,
    recipient: Partial<OutgoingRecipient>,
    expected: readonly [status: string, next: string | null, details: string, deliveredAt: string | null],
  ): void => {
    const fields = sentFieldsOf({ ...ROW, ...row, recipients: [{ ...BOB, ...recipient }] });
    const [shown] = fields.recipients;
    assert.deepEqual(
      [shown?.status, shown?.next_attempt, fields.delivery_details, fields.delivered_at],
      expected,
    );
  };
  const time = '2026-11-25T09:30:00.000Z';
  check({}, {}, ['pending', time, '', null]);
  check({ held: 'approval: waits' }, {}, ['pending', null, 'held: approval: waits', null]);
  check({}, { state: 'transmitting', nextAt: null }, ['pending', null, '', null]);
  check({ status: 'deferred' }, { state: 'deferred', reply: '451 later' }, [
    'deferred',
    time,
    'bob@example.net: 451 later',
    null,
  ]);
  check({ status: 'delivered', endedAt: AT }, { state: 'delivered', nextAt: null, reply: '250 ok' }, [
    'delivered',
    null,
    '250 ok',
    time,
  ]);
  check({ status: 'failed', endedAt: AT }, { state: 'failed', nextAt: null, reply: '550 no\r\nmore' }, [
    'failed',
    null,
    'bob@example.net: 550 no more',
    null,
  ]);
  check({ status: 'failed', endedAt: AT }, { state: 'cancelled', nextAt: null }, ['failed', null, '', null]);
});

test('sentFieldsOf() lists all recipients, the blind ones by name, and the reasons of the first', () => {
  const recipients = Array.from({ length: 8 }, (_, n) => ({
    ...BOB,
    address: `u${n}@example.net`,
    field: n > 5 ? ('bcc' as const) : ('to' as const),
    state: 'failed' as const,
    reply: '550 no',
    answer: n === 0 ? 'replied' : null,
  }));
  const fields = sentFieldsOf({ ...ROW, status: 'failed', recipients });
  assert.equal(fields.recipients.length, 8);
  assert.equal(fields.recipients[0]?.answer, 'replied');
  assert.equal(fields.bcc, 'u6@example.net, u7@example.net');
  assert.match(fields.delivery_details, /^u0@example.net: 550 no; .*u4@example.net: 550 no; and 3 more$/);
});
