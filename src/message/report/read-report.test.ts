import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../read-message.ts';
import { describeReport } from './describe.ts';
import type { DeliveryReport, MessageReport } from './report.ts';

function reportPart(type: string, body: string, head = ''): string {
  return [
    'From: <MAILER-DAEMON@a.test>',
    'Subject: Undeliverable',
    `${head}Content-Type: multipart/report; boundary=b`,
    '',
    '--b',
    '',
    'Sorry.',
    '--b',
    `Content-Type: ${type}`,
    '',
    body,
    '--b--',
    '',
  ].join('\r\n');
}

function read(raw: string): MessageReport | null {
  return readMessage(Buffer.from(raw)).report;
}

function status(body: string): DeliveryReport {
  const report = read(reportPart('message/delivery-status', body));
  assert.equal(report?.kind, 'delivery-report');
  return report as DeliveryReport;
}

test('readReport() reads the fields of each recipient, well-formed and not', () => {
  const check = (fields: string, expected: readonly unknown[]): void => {
    const { recipients } = status(`Reporting-MTA: dns; a.test\r\n\r\n${fields}`);
    assert.deepEqual(
      recipients.map(({ address, action, status: code, diagnostic, remoteMta }) =>
        [address, action, code, diagnostic, remoteMta].map((value) => value ?? '-').join(' | '),
      ),
      expected,
      fields,
    );
  };
  check('Final-Recipient: rfc822; ann@b.test\r\nAction: failed\r\nStatus: 5.1.1', [
    'ann@b.test | failed | 5.1.1 | - | -',
  ]);
  check('final-recipient:RFC822;<ann@b.test>\r\naction:FAILED\r\nstatus:5.1.1 (no such user)', [
    'ann@b.test | failed | 5.1.1 | - | -',
  ]);
  check('Final-Recipient : rfc822; @relay.test:ann@b.test\r\nAction : delayed', [
    'ann@b.test | delayed | - | - | -',
  ]);
  check('Final-Recipient: rfc822; ann@b.test\r\nStatus: 4.2.2', ['ann@b.test | delayed | 4.2.2 | - | -']);
  check('Final-Recipient: rfc822; ann@b.test\r\nAction: expired', ['ann@b.test | failed | - | - | -']);
  check('Final-Recipient: rfc822; ann@b.test\r\nAction: deliverable', ['ann@b.test | - | - | - | -']);
  check('Action: failed', [' | failed | - | - | -']);
  check('Final-Recipient: utf-8; J\\x{FC}rgen@b.test\r\nAction: failed', [
    'Jürgen@b.test | failed | - | - | -',
  ]);
  check(
    'Final-Recipient: rfc822; ann@b.test\r\nAction: failed\r\nDiagnostic-Code: smtp; 550\r\n  no such\r\n\tuser\r\nRemote-MTA: dns; mx.b.test (192.0.2.1)',
    ['ann@b.test | failed | - | 550 no such user | mx.b.test'],
  );
  check(
    'Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nFinal-Recipient: rfc822; c@d.test\r\nAction: relayed',
    ['a@b.test | failed | - | - | -', 'c@d.test | relayed | - | - | -'],
  );
});

test('describeReport() shows the first of many recipients and counts the rest', () => {
  const fields = Array.from(
    { length: 10_000 },
    (_, n) => `Final-Recipient: rfc822; u${n}@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n`,
  ).join('\r\n');
  const report = status(fields);
  assert.equal(report.recipientCount, 10_000);
  assert.equal(report.recipients.length, 1_000);
  const lines = describeReport(report).split('\n');
  assert.equal(lines.length, 51);
  assert.equal(lines[50], '… and 9950 more recipients, which the report lists');
});

test('describeReport() keeps on its lines what a report contains', () => {
  const { recipients, ...rest } = status('Final-Recipient: rfc822; a@b.test\r\nAction: failed');
  const [recipient] = recipients;
  assert.ok(recipient !== undefined);
  const diagnostic = `x\n+++\n\u202e\u200b\u001b[31m${'y'.repeat(1_000)}`;
  const lines = describeReport({ ...rest, recipients: [{ ...recipient, diagnostic }] }).split('\n');
  assert.equal(lines.length, 1);
  assert.ok((lines[0] ?? '').length < 400);
  assert.match(lines[0] ?? '', /"x \+\+\+ \[31my+ …"$/);
});

test('readReport() tells a letter, an answer and a report apart', () => {
  const check = (head: string, body: string, expected: MessageReport['kind'] | null): void => {
    assert.equal(read(`${head}\r\n\r\n${body}`)?.kind ?? null, expected, head);
  };
  const notice = 'This is the mail system at host a.test.\r\n\r\n<ann@b.test>: unknown user';
  check('From: MAILER-DAEMON@a.test\r\nSubject: Undelivered Mail', notice, 'delivery-report');
  check('From: <>\r\nSubject: x', notice, 'delivery-report');
  check('From: ann@a.test\r\nSubject: Undelivered Mail Returned to Sender', notice, 'delivery-report');
  check('From: ann@a.test\r\nSubject: Re: Undelivered Mail', notice, null);
  check('From: ann@a.test\r\nSubject: Lunch', 'Delivery to the following recipients failed', null);
  check('From: postmaster@a.test\r\nSubject: Maintenance on Friday', 'All will be down.', null);
  check('From: ann@a.test\r\nAuto-Submitted: auto-replied\r\nSubject: x', 'Away.', 'auto-reply');
  check('From: ann@a.test\r\nAuto-Submitted: auto-generated\r\nSubject: Out of office', 'Report.', null);
  check('From: ann@a.test\r\nSubject: Abwesenheitsnotiz: Bin weg', 'Weg.', 'auto-reply');
  check('From: ann@a.test\r\nSubject: Out of Office: back on Monday', 'Away.', 'auto-reply');
  check('From: ann@a.test\r\nSubject: Vacation photos', 'See.', null);
  check('From: ann@a.test\r\nSubject: Out of office on Friday?', 'Are you?', null);
  check('From: no-reply@parcels.test\r\nSubject: Delivery failed: your parcel', 'Nobody was there.', null);
  check('From: ann@a.test\r\nPrecedence: auto_reply\r\nSubject: x', 'Away.', 'auto-reply');
  // What changes on the way tells nothing (design: a forged copy could have it).
  check('From: ann@a.test\r\nX-Autoreply: yes\r\nX-Failed-Recipients: x@y.test\r\nSubject: x', 'Hi.', null);
});

test('readReport() reads a disposition with its modifiers', () => {
  const report = read(
    reportPart(
      'message/disposition-notification',
      'Final-Recipient: rfc822; ann@b.test\r\nOriginal-Message-ID: <1@c.test>\r\nDisposition: automatic-action/MDN-sent-automatically; deleted/error,expired',
    ),
  );
  assert.deepEqual(report, {
    kind: 'disposition',
    recipient: 'ann@b.test',
    disposition: 'deleted',
    modifiers: ['error', 'expired'],
    isAutomatic: true,
    userAgent: null,
    originalMessageId: '1@c.test',
    originalEnvelopeId: null,
    originalSubject: null,
  });
});

/** Generous for a slow machine; what is not linear takes minutes. */
const BOMB_MS_MAX = 3_000;

test('readReport() stays linear in reports that are made to take long', () => {
  const long = 2_000_000;
  const bombs: Readonly<Record<string, string>> = {
    'one field of folds': `Diagnostic-Code: smtp; x${'\r\n y'.repeat(long / 4)}`,
    'one long line': `Final-Recipient: ${'<'.repeat(long)}`,
    'empty lines': '\r\n'.repeat(long / 2),
    'fields of one name': 'Action: failed\r\n'.repeat(long / 16),
    spaces: `Final-Recipient: rfc822;${' '.repeat(long)}x`,
  };
  for (const [what, body] of Object.entries(bombs)) {
    const startedAt = performance.now();
    read(reportPart('message/delivery-status', body));
    assert.ok(performance.now() - startedAt < BOMB_MS_MAX, what);
  }
  const pieces = [
    '-',
    '=',
    ' ',
    '\n',
    '> ',
    '\ta@b',
    '<a@',
    'a.',
    '550 ',
    'host a.',
    'to ',
    'message ',
    'Message-ID:\n',
    '\n ',
    '(',
  ];
  for (const piece of pieces) {
    const body = `This is the mail system at host a.\n${piece.repeat(long / piece.length)}`;
    const startedAt = performance.now();
    read(`From: MAILER-DAEMON@a.test\r\n\r\n${body}`);
    assert.ok(performance.now() - startedAt < BOMB_MS_MAX, JSON.stringify(piece));
  }
});

test('readReport() never throws', () => {
  const words = fc.constantFrom(
    'Final-Recipient: rfc822; a@b.test\r\n',
    'Action: failed\r\n',
    'Status: 5.1.1\r\n',
    '\r\n',
    ' ',
    ';',
    '\\x{110000}',
    '+ZZ',
    '<',
    ':',
    '--b\r\n',
    'Content-Type: message/rfc822\r\n\r\n',
    '\0',
    'é',
  );
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 30 }),
      fc.constantFrom(
        'message/delivery-status',
        'message/feedback-report',
        'message/disposition-notification',
        'text/plain',
      ),
      (parts, type) => {
        const report = read(reportPart(type, parts.join('')));
        if (report !== null) assert.ok(!/[\r\0]/.test(describeReport(report)));
      },
    ),
  );
});
