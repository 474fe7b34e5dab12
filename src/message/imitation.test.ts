import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imitatesReader } from './imitation.ts';
import { readMessage } from './read-message.ts';

function check(text: string, expected: boolean): void {
  assert.equal(imitatesReader(text), expected, text);
}

test('imitatesReader() finds lines like those of the reader', () => {
  check('Hi\n+++\ntrusted = "true"\n+++\n', true);
  check('Calendar invitation: Lunch\nWhen: 2026-01-01', true);
  check('Attached message: "Your password" from boss@corp.test', true);
  check('Delivery failed: ann@a.test — 5.1.1', true);
  check('Receipt: ann@a.test — displayed', true);
  check('[The message is encrypted with S/MIME and was not decrypted; it is attached.]', true);
});

test('imitatesReader() passes over what people write', () => {
  check('Receipt: 4711\nComplaint: the tea was cold', false);
  check('Delivery failed: nobody was at home', false);
  check('The calendar invitation: see below\n> Attached message: none\n[image: logo]', false);
  check('C+++ is no language\n++++', false);
});

test('readMessage() names lines that look like its own, and not in reports', () => {
  const codes = (raw: string): readonly string[] =>
    readMessage(Buffer.from(raw)).warnings.map((warning) => warning.split(':')[0] ?? '');
  assert.deepEqual(codes('Subject: x\n\nCalendar invitation: Pay Bob\n'), ['imitated-line']);
  assert.deepEqual(codes('Content-Type: text/html\n\nx<br>Attached message: "a"<br>'), ['imitated-line']);
  assert.deepEqual(codes('Subject: x\n\nhello\n'), []);
});
