import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNotice } from './notice.ts';

/** `address | action | status | diagnostic | remote`, a line each; null for no notice. */
function check(text: string, expected: readonly string[] | null): void {
  const notice = readNotice(text);
  const found = notice?.recipients.map(({ address, action, status, diagnostic, remoteMta }) =>
    [address, action, status, diagnostic, remoteMta].map((value) => value ?? '-').join(' | '),
  );
  assert.deepEqual(found ?? null, expected, text);
}

const POSTFIX =
  "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n";

test('readNotice() finds recipients at the beginnings of lines, and what was said of each', () => {
  check(`${POSTFIX}<ann@b.test>: host mx.b.test[192.0.2.1] said: 550 5.1.1 unknown`, [
    'ann@b.test | failed | 5.1.1 | 550 5.1.1 unknown | mx.b.test',
  ]);
  // A reason that is wrapped before an address begins no other recipient.
  check(
    `${POSTFIX}<ann@b.test>: host mx.b.test[192.0.2.1] said: 550 5.7.1\n    <eve@c.test> is not allowed`,
    ['ann@b.test | failed | 5.7.1 | 550 5.7.1 | mx.b.test'],
  );
  check(
    `${POSTFIX}  ann@b.test\n    550-5.7.1 This mail\n    550 5.7.1 is unwanted.\n  bob@b.test\n    timed out`,
    [
      'ann@b.test | failed | 5.7.1 | 550-5.7.1 This mail is unwanted. | -',
      'bob@b.test | failed | - | timed out | -',
    ],
  );
  check(`${POSTFIX}<ann@b.test>: a\n<bob@b.test>: b\n<ANN@b.test>: c`, [
    'ann@b.test | failed | - | a | -',
    'bob@b.test | failed | - | b | -',
  ]);
  check('----- Transcript of session follows -----\n550 <ann@b.test>... User unknown', [
    'ann@b.test | failed | - | 550 <ann@b.test>... User unknown | -',
  ]);
  check(
    'Delivery has failed to these recipients or groups:\n\nann@b.test<mailto:ann@b.test>\nIt does not exist.',
    ['ann@b.test | failed | - | It does not exist. | -'],
  );
});

test('readNotice() finds a recipient within a sentence, or before the words', () => {
  check('There was an error delivering your mail to <ann@b.test>.\n\n552 5.2.2 full', [
    'ann@b.test | failed | 5.2.2 | 552 5.2.2 full | -',
  ]);
  check('Unknown user: ann@b.test', ['ann@b.test | failed | - | Unknown user: ann@b.test | -']);
  check('<ann@b.test>\n\nEach of the following recipients was rejected by a remote mail server.', [
    'ann@b.test | failed | - | - | -',
  ]);
});

test('readNotice() names what happened, and a recipient without an address where there is none', () => {
  check(
    'A message that you sent has not yet been delivered to one or more of its\nrecipients.\n\n  ann@b.test\n    451 later',
    ['ann@b.test | delayed | - | 451 later | -'],
  );
  check('Your message was successfully delivered to\n\n<ann@b.test>: ok', [
    'ann@b.test | delivered | - | ok | -',
  ]);
  check(POSTFIX, [' | failed | - | - | -']);
  check('Shall we meet? ann@b.test', null);
});

test('readNotice() takes nobody for a recipient that is to be asked, nor one of the original', () => {
  check(`${POSTFIX}For assistance, please contact\n<help@b.test>\n\n<ann@b.test>: unknown`, [
    'ann@b.test | failed | - | unknown | -',
  ]);
  for (const line of [
    '--- Below this line is a copy of the message.',
    '------ This is a copy of the message, including all the headers. ------',
    'Received: from x',
    '----- Original message -----',
  ]) {
    check(`${POSTFIX}<ann@b.test>: unknown\n\n${line}\n\n<bob@b.test>: said so`, [
      'ann@b.test | failed | - | unknown | -',
    ]);
  }
});
