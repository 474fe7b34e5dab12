import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { contentFingerprint, legacyFingerprint } from './fingerprint.ts';
import { HEADER_BYTES_MAX, HEADER_FIELDS_MAX } from './header/header-section.ts';
import { readMessage } from './read-message.ts';
import { summarizeMessage } from './summary.ts';

const LETTER = [
  'Received: from a.test by b.test; Tue, 24 Nov 2026 20:00:00 +0000',
  'DKIM-Signature: v=1; a=rsa-sha256; bh=abc; b=def',
  'From: Ann (her desk) <ann@a.test>',
  'To: agent@b.test',
  'Subject: Lunch',
  ' on Friday ',
  'Message-ID: <1@a.test>',
  '',
  'Shall we?',
  '',
].join('\r\n');

function of(text: string): string {
  return contentFingerprint(Buffer.from(text, 'latin1'));
}

test('contentFingerprint() is SHA-256 of the form that design §3.3 gives', () => {
  const form =
    'from:Ann (her desk) <ann@a.test>\r\nto:agent@b.test\r\nsubject:Lunch on Friday\r\nmessage-id:<1@a.test>\r\n\r\nShall we?\r\n';
  assert.equal(of(LETTER), createHash('sha256').update(form).digest('hex'));
});

test('contentFingerprint() stays the same over what a retry may change', () => {
  const check = (what: string, letter: string): void => assert.equal(of(letter), of(LETTER), what);
  check('another Received', LETTER.replace('20:00:00', '20:05:00'));
  check('one more Received, folded', `Received: from b.test\r\n\tby c.test\r\n${LETTER}`);
  check('another DKIM-Signature', LETTER.replace('b=def', 'b=xyz'));
  for (const name of [
    'Return-Path',
    'Delivered-To',
    'Received-SPF',
    'ARC-Seal',
    'ARC-Message-Signature',
    'Authentication-Results',
    'X-Spam-Score',
    'x-anything',
  ]) {
    check(name, `${name}: something\r\n${LETTER}`);
  }
  check('the case of a field name and the space behind it', LETTER.replace('To: agent', 'TO:\tagent'));
  check('another fold', LETTER.replace('Lunch\r\n on Friday ', 'Lunch on\r\n Friday'));
  check('no final line end', LETTER.slice(0, -2));
  check('more final line ends', `${LETTER}\r\n\r\n\r\n`);
});

test('contentFingerprint() changes with everything else', () => {
  const check = (what: string, letter: string): void => assert.notEqual(of(letter), of(LETTER), what);
  check('subject', LETTER.replace('Lunch', 'Dinner'));
  check('its case', LETTER.replace('Lunch', 'lunch'));
  check('comment', LETTER.replace('her desk', 'her sofa'));
  check('another Message-ID', LETTER.replace('<1@', '<2@'));
  check('a field more', LETTER.replace('To:', 'Reply-To: eve@evil.test\r\nTo:'));
  check(
    'the order of fields',
    LETTER.replace(
      'To: agent@b.test\r\nSubject: Lunch\r\n on Friday ',
      'Subject: Lunch\r\n on Friday \r\nTo: agent@b.test',
    ),
  );
  check('a space within a value', LETTER.replace('Lunch', 'Lunch '));
  check('body', LETTER.replace('Shall', 'shall'));
  check('a space at the end of the body', LETTER.replace('we?', 'we? '));
  check('a name that only begins like one of the list', `Received-By: x\r\n${LETTER}`);
  check(
    'a field that would join two',
    LETTER.replace('To: agent@b.test\r\n', 'To: agent@b.testsubject:\r\n'),
  );
});

test('contentFingerprint() looks at fields beyond every limit of the reader', () => {
  const many = `${'A: b\r\n'.repeat(20_000)}`;
  assert.notEqual(of(`${many}Last: 1\r\n\r\nx`), of(`${many}Last: 2\r\n\r\nx`));
});

test('legacyFingerprint() is one for a message and for the file of it', () => {
  const message = {
    messageId: '1@a.test',
    from: 'Ann@A.test',
    date: 'Tue, 24 Nov 2026 20:00:00 +0100',
    subject: 'Lunch',
  };
  const file = {
    messageId: '1@a.test',
    from: 'Ann B. <ann@a.test>',
    date: '2026-11-24T19:00:00Z',
    subject: 'Lunch',
  };
  assert.equal(legacyFingerprint(message), legacyFingerprint(file));
  assert.notEqual(legacyFingerprint(message), legacyFingerprint({ ...file, subject: 'Dinner' }));
  assert.notEqual(legacyFingerprint(message), legacyFingerprint({ ...file, date: '2026-11-24T19:00:01Z' }));
  assert.equal(
    legacyFingerprint({ ...file, subject: '' }),
    legacyFingerprint({ ...file, subject: '(no subject)' }),
  );
});

test('legacyFingerprint() is none without a Message-ID or a Date', () => {
  const file = { messageId: '1@a.test', from: 'ann@a.test', date: '2026-11-24T19:00:00Z', subject: 'Lunch' };
  assert.equal(legacyFingerprint({ ...file, messageId: '' }), null);
  assert.equal(legacyFingerprint({ ...file, date: 'soon' }), null);
});

test('a copy with the same contentFingerprint() reads the same, whatever was put before it', () => {
  const read = (letter: string): unknown => {
    const bytes = Buffer.from(letter, 'latin1');
    const { attachments, ...shown } = readMessage(bytes);
    return { shown, attachments, header: summarizeMessage(bytes).header };
  };
  const check = (what: string, stuffing: string): void => {
    assert.equal(of(stuffing + LETTER), of(LETTER), what);
    assert.deepEqual(read(stuffing + LETTER), read(LETTER), what);
  };
  check('as many fields as are read', 'X-A: b\r\n'.repeat(HEADER_FIELDS_MAX));
  check('as many octets as are read', `X-A: ${'b'.repeat(HEADER_BYTES_MAX)}\r\n`);
  check('signatures', 'DKIM-Signature: b\r\nARC-Seal: c\r\n'.repeat(HEADER_FIELDS_MAX));
});
