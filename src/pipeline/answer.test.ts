import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toDeliveryId, toMailboxId } from '../journal/journal.ts';
import { readMessage } from '../message/read-message.ts';
import { type AnswerSource, answerOf } from './answer.ts';

interface Received {
  readonly raw: string;
  readonly to?: string;
  readonly tag?: string | null;
  readonly reversePath?: string;
  readonly via?: AnswerSource['message']['arrival']['via'];
  readonly folder?: 'inbox' | 'sent';
}

function received({ raw, ...options }: Received): AnswerSource {
  return {
    delivery: {
      deliveryId: toDeliveryId(7),
      mailboxId: toMailboxId('m'),
      folder: options.folder ?? 'inbox',
      deliveredTo: [options.to ?? 'sam@example.com'],
      tag: options.tag ?? null,
    },
    message: {
      envelope: { reversePath: options.reversePath ?? 'ann@example.net' },
      arrival: { via: options.via ?? 'smtp' },
    },
    read: readMessage(Buffer.from(raw.replaceAll('\n', '\r\n'))),
  };
}

/** One line: kind, queue ids, message ids, and what is said of whom. */
function summary(source: AnswerSource): string | null {
  const answer = answerOf(source);
  if (answer === null) return null;
  const said = answer.recipients.map(
    ({ address, action, text }) => `${address}=${action ?? '-'}${text === '' ? '' : `: ${text}`}`,
  );
  return [answer.kind, answer.queueIds.join(), answer.messageIds.join(), said.join(' & ')].join(' | ');
}

const LETTER = 'From: Ann <ann@example.net>\nSubject: Re: Lunch\n';

function report(fields: string, original = 'Message-ID: <1@example.com>\n'): string {
  return `From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

${fields}
--b
Content-Type: text/rfc822-headers

${original}
--b--
`;
}

const FAILED =
  'Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown';

test('answerOf() finds the queue id in the return path, then what a report names, then the parents', () => {
  const check = (message: Received, expected: string | null): void => {
    assert.equal(summary(received(message)), expected, JSON.stringify(message));
  };
  const queueId = '0011223344556677';
  const bounced = 'bob@example.net=failed: 5.1.1 User unknown';
  check(
    { raw: report(FAILED), tag: `b-${queueId}` },
    `delivery-report | ${queueId} | 1@example.com | ${bounced}`,
  );
  // Local parts are compared without case, and some servers write them so.
  check(
    { raw: report(FAILED), to: 'SAM+B-0011223344556677@EXAMPLE.COM', tag: 'B-0011223344556677' },
    `delivery-report | ${queueId} | 1@example.com | ${bounced}`,
  );
  // The catchall of a mailbox with a tag in its own address.
  check(
    { raw: report(FAILED), to: `sam+shop+b-${queueId}@example.com`, tag: `shop+b-${queueId}` },
    `delivery-report | ${queueId} | 1@example.com | ${bounced}`,
  );
  check(
    {
      raw: report(FAILED, 'Subject: none\n').replace(
        'Reporting',
        `Original-Envelope-Id: ${queueId}\nReporting`,
      ),
    },
    `delivery-report | ${queueId} |  | ${bounced}`,
  );
  check({ raw: report(FAILED), tag: 'b-00112233445566' }, `delivery-report |  | 1@example.com | ${bounced}`);
  check({ raw: report(FAILED, 'Subject: none\n'), tag: 'shop' }, null);
  check({ raw: `${LETTER}In-Reply-To: <1@example.com>\n\nYes` }, 'reply |  | 1@example.com | ');
  check(
    { raw: `${LETTER}In-Reply-To: <3@x>\nReferences: <1@x> <2@x> <3@x>\n\nYes` },
    'reply |  | 3@x,2@x,1@x | ',
  );
  check({ raw: `${LETTER}\nYes` }, null);
  check({ raw: `${LETTER}In-Reply-To: <1@x>\n\nYes`, folder: 'sent' }, null);
});

test('answerOf() says what each kind of report says, in one line', () => {
  const check = (message: Received, expected: string | null): void => {
    assert.equal(summary(received(message)), expected, JSON.stringify(message));
  };
  const only = (fields: string): Received => ({ raw: report(fields) });
  const about = 'delivery-report |  | 1@example.com | ';
  check(
    only('Final-Recipient: rfc822; b@x\nAction: delayed\nStatus: 4.4.1'),
    `${about}b@x=delayed: 4.4.1 the host does not answer`,
  );
  check(only('Final-Recipient: rfc822; b@x\nAction: relayed\nStatus: 2.0.0'), `${about}b@x=relayed: 2.0.0`);
  check(only('Final-Recipient: rfc822; b@x\nAction: failed'), `${about}b@x=failed`);
  // A forwarded address: the one that we wrote to, and the one that failed.
  check(
    only('Original-Recipient: rfc822; b@x\nFinal-Recipient: rfc822; c@y\nAction: failed\nStatus: 5.2.2'),
    `${about}b@x=failed: 5.2.2 the mailbox is full & c@y=failed: 5.2.2 the mailbox is full`,
  );
  check(
    {
      raw: `From: fbl@example.net
Content-Type: multipart/report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
Original-Rcpt-To: <bob@example.net>

--b
Content-Type: message/rfc822

Message-ID: <1@example.com>

--b--
`,
    },
    'complaint |  | 1@example.com | bob@example.net=-: abuse',
  );
  check(
    {
      raw: `From: bob@example.net
Content-Type: multipart/report; boundary=b

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; bob@example.net
Original-Message-ID: <1@example.com>
Disposition: manual-action/MDN-sent-manually; displayed

--b--
`,
    },
    'disposition |  | 1@example.com | bob@example.net=-: displayed',
  );
  check(
    { raw: `${LETTER}Auto-Submitted: auto-replied\nIn-Reply-To: <1@example.com>\n\nAway`, reversePath: '' },
    'auto-reply |  | 1@example.com | ',
  );
});

test("answerOf() takes what comes to a return path in no known form for a program's", () => {
  const tag = 'b-0011223344556677';
  assert.equal(
    summary(received({ raw: 'From: x@y\nSubject: Sorry\n\nNo.', tag, reversePath: '' })),
    'auto-reply | 0011223344556677 |  | =-: Sorry',
  );
  assert.equal(
    summary(received({ raw: `${LETTER}\nI am away`, tag })),
    'auto-reply | 0011223344556677 |  | ',
  );
});

test('answerOf() leaves out what we report ourselves, and not what another mailbox of ours answers', () => {
  assert.equal(answerOf(received({ raw: report(FAILED), via: 'outbox', reversePath: '' })), null);
  assert.equal(
    summary(received({ raw: `${LETTER}In-Reply-To: <1@x>\n\nYes`, via: 'outbox', reversePath: 'a+b-1@x' })),
    'reply |  | 1@x | ',
  );
});

test('answerOf() bounds ids, recipients and texts, and what it says is one line without tricks', () => {
  const references = Array.from({ length: 500 }, (_, n) => `<${n}@x>`).join('\n ');
  const many = answerOf(received({ raw: `${LETTER}References: ${references}\n\nYes` }));
  assert.deepEqual(many?.messageIds.slice(0, 2), ['499@x', '498@x']);
  assert.equal(many?.messageIds.length, 20);
  const fields = Array.from(
    { length: 300 },
    (_, n) =>
      `Final-Recipient: rfc822; u${n}@x\nAction: failed\nDiagnostic-Code: smtp; ${'very '.repeat(150)}bad\n`,
  ).join('\n');
  const long = answerOf(received({ raw: report(fields) }));
  assert.equal(long?.recipients.length, 100);
  assert.ok((long?.recipients[0]?.text.length ?? 999) <= 202);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const answer = answerOf(
        received({
          raw: report(`Final-Recipient: rfc822; b@x\nAction: failed\nDiagnostic-Code: smtp; a${text}`),
        }),
      );
      for (const recipient of answer?.recipients ?? [])
        assert.doesNotMatch(recipient.text, /[\p{Cc}\u2028\u2029]/u);
    }),
  );
});
