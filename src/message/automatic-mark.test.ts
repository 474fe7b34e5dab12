import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { automaticMark } from './automatic-mark.ts';
import { readHeaderSection } from './header/header-section.ts';

function markOf(fields: string): string | null {
  const bytes = Buffer.from(`From: Ann <ann@example.net>\r\n${fields}\r\n\r\nHello\r\n`, 'latin1');
  return automaticMark(readHeaderSection(bytes, { from: 0, to: bytes.length }));
}

test('automaticMark() tells what a program or a list has sent from a letter', () => {
  const check = (fields: string, expected: string | null): void => {
    const mark = markOf(fields);
    assert.equal(mark?.split(':')[0] ?? null, expected, fields);
    assert.ok(mark === null || /^[a-z-]+: [^\r\n]+$/.test(mark), fields);
  };
  check('Subject: Hello', null);
  // RFC 3834 §5: white space, comments and parameters around the keyword, no case.
  check('Auto-Submitted: auto-replied', 'auto-submitted');
  check('Auto-Submitted: auto-generated', 'auto-submitted');
  check('Auto-Submitted: auto-notified; owner-email="a@b.example"', 'auto-submitted'); // RFC 5436 §2.7.1
  check('Auto-Submitted: (rejected by a program) AUTO-Replied (really)', 'auto-submitted');
  check('Auto-Submitted:\r\n auto-replied', 'auto-submitted');
  // §5.1: what is not known is not "no".
  check('Auto-Submitted: x-anything', 'auto-submitted');
  check('Auto-Submitted: no', null);
  check('Auto-Submitted: No (a person wrote it)', null);
  check('Auto-Submitted:', null);
  check('Auto-Submitted: no\r\nAuto-Submitted: auto-replied', 'auto-submitted');
  check('Subject: Automatische Antwort: Ihre Anfrage', 'auto-reply');
  check('Precedence: auto_reply', 'auto-reply');
  check('Auto-Submitted: no\r\nSubject: Out of office: what shall we write?', null);
  check('Content-Type: Multipart/Report; report-type=delivery-status; boundary=x', 'report');
  check('Content-Type: multipart/mixed; boundary="multipart/report"', null);
  check('List-Id: Developers <dev.example.net>', 'list');
  check('List-Post: NO', 'list'); // RFC 2369 §3.4: one to which nobody may write
  check('List-Unsubscribe: <https://example.net/u>', 'list');
  check('Precedence: bulk', 'list');
  check('Precedence: List', 'list');
  check('Precedence: junk', 'list');
  check('Precedence: first-class', null);
  // They may be added on the way, by anybody, without another fingerprint.
  check('X-Auto-Response-Suppress: All', null);
  check('X-Autoreply: yes', null);
});

test('automaticMark() never throws, and shows a bounded line', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Auto-Submitted', 'Precedence', 'Content-Type', 'Subject', 'List-Id'),
      fc.string({ maxLength: 500 }),
      (name, value) => {
        const mark = markOf(`${name}: ${value}`);
        assert.ok(mark === null || (mark.length < 120 && !/[\r\n]/.test(mark)));
      },
    ),
  );
});
