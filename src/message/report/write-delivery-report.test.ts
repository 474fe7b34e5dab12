import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { epochMs } from '../../system/clock.ts';
import { readMessage } from '../read-message.ts';
import type { DeliveryReport } from './report.ts';
import type { DeliveryReportFacts, UndeliveredRecipient } from './undelivered.ts';
import { ORIGINAL_HEAD_BYTES_MAX, writeDeliveryReport } from './write-delivery-report.ts';

const SENT_AT = epochMs(Date.UTC(2026, 10, 25, 9, 30));
const HOUR_MS = 3_600_000;

const BOB: UndeliveredRecipient = {
  address: 'bob@example.net',
  status: '5.1.1',
  reply: '550 5.1.1 User unknown',
  remote: 'mx.example.net [192.0.2.1]:25',
  attempts: 1,
  doubts: 0,
  lastAttemptAt: epochMs(SENT_AT + 2_000),
  nextAt: null,
};

const FACTS: DeliveryReportFacts = {
  kind: 'failed',
  hostname: 'mx.example.com',
  from: 'mailer-daemon@example.com',
  to: 'sam@example.com',
  messageId: 'r1@example.com',
  unique: '00112233445566778899',
  at: epochMs(SENT_AT + 3_000),
  original: {
    queueId: '0011223344556677',
    id: '2026-11-25-093000-lunch',
    messageId: '1@example.com',
    subject: 'Lunch',
    submittedAt: SENT_AT,
    expiresAt: epochMs(SENT_AT + 120 * HOUR_MS),
    head: Buffer.from(
      'From: sam@example.com\r\nSubject: Lunch\r\nMessage-ID: <1@example.com>\r\n\r\nShall we?\r\n',
    ),
  },
  recipients: [BOB],
};

function text(facts: DeliveryReportFacts): string {
  return Buffer.from(writeDeliveryReport(facts)).toString('latin1');
}

function report(facts: DeliveryReportFacts): DeliveryReport {
  const found = readMessage(writeDeliveryReport(facts)).report;
  assert.equal(found?.kind, 'delivery-report');
  return found;
}

test('writeDeliveryReport() writes the report that RFC 3464 describes, octet for octet', () => {
  assert.equal(
    text(FACTS),
    `From: Mail Delivery System <mailer-daemon@example.com>
To: sam@example.com
Subject: Undelivered: Lunch
Date: Wed, 25 Nov 2026 09:30:03 +0000
Message-ID: <r1@example.com>
In-Reply-To: <1@example.com>
References: <1@example.com>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="=_00112233445566778899"

--=_00112233445566778899
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

Your message could not be delivered to these recipients, and is not tried
again for them:

  bob@example.net
    mailbox does not exist (5.1.1)
    mx.example.net [192.0.2.1]:25 said: 550 5.1.1 User unknown
    Tried once, last at 2026-11-25 09:30 UTC.
    What to do: Check the address, and send the message again to the right
    one.

The message:
  Subject: Lunch
  Sent: 2026-11-25 09:30 UTC
  In your sent folder: 2026-11-25-093000-lunch
  Message-ID: <1@example.com>

  aimx queue show 0011223344556677     every try, in order

Mail Delivery System, mx.example.com
--=_00112233445566778899
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mx.example.com
Original-Envelope-Id: 0011223344556677
Arrival-Date: Wed, 25 Nov 2026 09:30:00 +0000

Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 User unknown
Last-Attempt-Date: Wed, 25 Nov 2026 09:30:02 +0000

--=_00112233445566778899
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

From: sam@example.com
Subject: Lunch
Message-ID: <1@example.com>

--=_00112233445566778899--
`.replaceAll('\n', '\r\n'),
  );
});

test('writeDeliveryReport() is read back by our own reader as what it was written from', () => {
  const second: UndeliveredRecipient = {
    ...BOB,
    address: 'jürgen+a=b\\c@exämple.net',
    reply: null,
    remote: null,
  };
  assert.deepEqual(report({ ...FACTS, recipients: [BOB, second] }), {
    kind: 'delivery-report',
    source: 'fields',
    recipients: [
      {
        address: 'bob@example.net',
        originalAddress: null,
        action: 'failed',
        status: '5.1.1',
        diagnostic: '550 5.1.1 User unknown',
        remoteMta: 'mx.example.net',
      },
      {
        address: 'jürgen+a=b\\c@exämple.net',
        originalAddress: null,
        action: 'failed',
        status: '5.1.1',
        diagnostic: null,
        remoteMta: null,
      },
    ],
    recipientCount: 2,
    reportingMta: 'mx.example.com',
    originalMessageId: '1@example.com',
    originalEnvelopeId: '0011223344556677',
    originalSubject: 'Lunch',
  });
});

test('writeDeliveryReport() of a delay says until when it is tried, and asks for nothing', () => {
  const delayed: DeliveryReportFacts = {
    ...FACTS,
    kind: 'delayed',
    recipients: [
      {
        ...BOB,
        status: null,
        reply: 'Connection refused',
        attempts: 5,
        nextAt: epochMs(SENT_AT + 5 * HOUR_MS),
      },
    ],
  };
  const written = text(delayed);
  for (const part of [
    'Subject: Delayed: Lunch\r\n',
    'Action: delayed\r\nStatus: 4.0.0\r\n',
    'Diagnostic-Code: x-aimx; Connection refused\r\n',
    'Will-Retry-Until: Mon, 30 Nov 2026 09:30:00 +0000\r\n',
    'it is tried again until 2026-11-30 09:30 UTC.',
    'Tried 5 times, last at 2026-11-25 09:30 UTC.\r\n    It is tried again at 2026-11-25 14:30 UTC.\r\n',
    'aimx queue cancel 0011223344556677   give it up',
  ])
    assert.ok(written.includes(part), part);
  assert.ok(!written.includes('What to do'));
  assert.equal(report(delayed).recipients[0]?.action, 'delayed');
});

test('writeDeliveryReport() says of a doubt that it may have arrived, and has a status for what has none', () => {
  const check = (recipient: Partial<UndeliveredRecipient>, at: number, status: string): string => {
    const facts = { ...FACTS, at: epochMs(at), recipients: [{ ...BOB, ...recipient }] };
    assert.equal(report(facts).recipients[0]?.status, status);
    return text(facts).replace(/\r\n */g, ' ');
  };
  const { expiresAt } = FACTS.original;
  const doubtful = check(
    { status: null, reply: 'Connection reset', doubts: 3, attempts: 3 },
    SENT_AT,
    '5.0.0',
  );
  assert.ok(doubtful.includes('It may have arrived: 3 times the connection ended'), doubtful);
  assert.ok(doubtful.includes('Ask the recipient whether it arrived'), doubtful);
  assert.ok(!check({}, SENT_AT, '5.1.1').includes('may have arrived'));
  check({ status: null, reply: 'Connection refused' }, expiresAt, '4.4.7');
  check({ status: '5.1.1\r\nX: y' }, expiresAt, '4.4.7');
});

test('writeDeliveryReport() says what to do as the status asks for', () => {
  const check = (status: string | null, advice: RegExp): void => {
    assert.match(
      text({ ...FACTS, recipients: [{ ...BOB, status }] }).replace(/\r\n */g, ' '),
      advice,
      status ?? '',
    );
  };
  check('5.1.1', /What to do: Check the address/);
  check('5.1.8', /What to do: The other side does not take mail of this sender/);
  check('5.7.26', /What to do: The other side does not take mail of this sender/);
  check('5.2.2', /What to do: Reach the recipient in another way/);
  check('5.3.4', /What to do: Send less/);
  check('4.4.1', /What to do: Check what stands behind the @/);
  check('5.7.1', /What to do: It was refused by policy/);
  check(null, /What to do: What the other side said tells the cause/);
});

test('writeDeliveryReport() gives back the header section of the original, whole fields of a long one', () => {
  const headers = (head: Buffer): string => {
    const written = text({ ...FACTS, original: { ...FACTS.original, head } });
    return written.slice(written.lastIndexOf('Content-Type: ')).replace('--=_00112233445566778899--\r\n', '');
  };
  assert.equal(
    headers(Buffer.from('A: b\nC: d\n\nsecret body')),
    'Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n\r\nA: b\r\nC: d\r\n\r\n',
  );
  assert.ok(
    headers(Buffer.from('Subject: é\r\n\r\n')).startsWith('Content-Type: message/global-headers\r\n'),
  );
  const long = `A: b\r\n${`X: ${'y'.repeat(70)}\r\n y\r\n`.repeat(ORIGINAL_HEAD_BYTES_MAX / 70)}`;
  const kept = headers(Buffer.from(long).subarray(0, ORIGINAL_HEAD_BYTES_MAX));
  assert.ok(kept.length < ORIGINAL_HEAD_BYTES_MAX + 200);
  assert.match(kept, /\r\nX: y{70}\r\n y\r\n\r\n$/);
});

test('writeDeliveryReport() lets nothing that others wrote end a field, a line or a part', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.constantFrom(
      '\r\nBcc: x@y',
      'a\r\n\r\n--=_00112233445566778899\r\n',
      '--=_00112233445566778899--',
      '=?utf-8?q?=0D=0AX:_y?=',
      '\u2028X: y',
      'x'.repeat(2_000),
      '',
    ),
  );
  const facts = fc.record({
    subject: hostile,
    address: hostile,
    reply: hostile,
    remote: hostile,
    id: hostile,
    head: hostile,
  });
  fc.assert(
    fc.property(facts, ({ subject, address, reply, remote, id, head }) => {
      const written = text({
        ...FACTS,
        original: { ...FACTS.original, subject, messageId: id, id, head: Buffer.from(head) },
        recipients: [{ ...BOB, address, reply, remote }],
      });
      assert.equal(written.split('\r\n--=_00112233445566778899').length, 5);
      assert.doesNotMatch(written, /[^\r]\n|\r[^\n]|[^\r\n\t\x20-\x7e]/);
      assert.ok(written.split('\r\n').every((line) => line.length <= 998));
      const fields = (section: string): string[] =>
        section
          .split('\r\n')
          .filter((line) => line !== '' && !line.startsWith(' '))
          .map((line) => line.split(':')[0] ?? '');
      const [header = '', , status = ''] = written.split('\r\n--=_00112233445566778899');
      assert.deepEqual(
        fields(header).filter((name) => !['In-Reply-To', 'References'].includes(name)),
        ['From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted', 'MIME-Version', 'Content-Type'],
      );
      const known =
        'Content-Type Content-Transfer-Encoding Reporting-MTA Original-Envelope-Id Arrival-Date Final-Recipient Action Status Remote-MTA Diagnostic-Code Last-Attempt-Date';
      for (const name of fields(status)) assert.ok(known.split(' ').includes(name), name);
      const found = readMessage(Buffer.from(written)).report;
      assert.ok(found?.kind === 'delivery-report' && found.recipientCount === 1);
    }),
    { numRuns: 300 },
  );
});
