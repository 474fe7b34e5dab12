import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../read-message.ts';
import { attachmentOf, composed, draftOf } from './drafts.sim.ts';
import { type ForwardParts, forwardDraftParts } from './forward.ts';
import { SevenBitScan } from './seven-bit.ts';

const FIELDS = {
  message_id: 'm1@example.org',
  from: 'Joe <joe@example.org>',
  to: 'Ann <ann@agents.example>',
  cc: '',
  reply_to: '',
  subject: 'Fw: Order 7/8',
  date: '2026-11-25T05:43:25Z',
  in_reply_to: '',
  references: 'a@x',
};
const ORIGINAL =
  'From: Joe <joe@example.org>\r\nSubject: Order 7/8\r\nDate: Wed, 25 Nov 2026 05:43:25 +0000\r\n\r\n';

function forwardOf(raw: Buffer, fields: Partial<typeof FIELDS> = {}): Promise<ForwardParts> {
  return forwardDraftParts({
    original: { fields: { ...FIELDS, ...fields } },
    raw: async function* () {
      // In two pieces, so that a line end may be cut.
      yield raw.subarray(0, raw.length >> 1);
      yield raw.subarray(raw.length >> 1);
    },
  });
}

test('forwardDraftParts() says what is forwarded', async () => {
  const parts = await forwardOf(Buffer.from(ORIGINAL));
  assert.equal(parts.subject, 'Fwd: Order 7/8');
  assert.deepEqual(parts.references, ['a@x', 'm1@example.org']);
  assert.deepEqual(parts.introduction.split('\n'), [
    '---------- Forwarded message ----------',
    'From: Joe <joe@example.org>',
    'Date: 2026-11-25 05:43 UTC',
    'Subject: Fw: Order 7/8',
    'To: Ann <ann@agents.example>',
  ]);
  assert.equal(parts.attachment.filename, 'Fw: Order 7_8.eml');
  const long = await forwardOf(Buffer.from(ORIGINAL), { subject: 'x\r\n'.repeat(1_000), date: 'x' });
  assert.ok(long.introduction.length < 700 && !long.introduction.includes('Date'));
  assert.ok(long.attachment.filename.length <= 64);
  assert.equal((await forwardOf(Buffer.from(''), { subject: '///' })).attachment.filename, 'message.eml');
});

test('composeMessage() attaches a 7-bit original as a message, octet for octet, and another as octets', async () => {
  const check = async (raw: Buffer, contentType: string): Promise<void> => {
    const { attachment } = await forwardOf(raw);
    const bytes = await composed(
      draftOf({ attachments: [attachment], body: { format: 'markdown', text: 'See.' } }),
    );
    assert.match(bytes.toString('latin1'), /^[\t\r\n\x20-\x7e]*$/);
    const [read] = readMessage(bytes).attachments;
    assert.equal(read?.contentType, contentType);
    assert.equal(read?.filename, 'Fw: Order 7_8.eml');
    assert.deepEqual(Buffer.from(read?.bytes ?? []), raw);
  };
  await check(Buffer.from(`${ORIGINAL}Hello\r\n.\r\nFrom me\r\n`), 'message/rfc822');
  await check(Buffer.from(`${ORIGINAL}no line end`), 'message/rfc822');
  await check(Buffer.from(`${ORIGINAL}Grüße\r\n`), 'application/octet-stream');
  await check(Buffer.from(`${ORIGINAL}bare\nline end\r\n`), 'application/octet-stream');
  await check(Buffer.from(`${ORIGINAL}${'x'.repeat(999)}\r\n`), 'application/octet-stream');
});

test('composeMessage() shows a forwarded message by its subject and sender to our own reader', async () => {
  const { attachment } = await forwardOf(Buffer.from(`${ORIGINAL}Hello\r\n`));
  const read = readMessage(await composed(draftOf({ attachments: [attachment] })));
  assert.equal(read.body, 'Hello\n\nAttached message: "Order 7/8" from Joe <joe@example.org>');
});

test('composeMessage() sends a file that is only called a message as octets', async () => {
  for (const contentType of ['message/rfc822', 'message/partial', 'message/global']) {
    const attachments = [attachmentOf(Buffer.from(ORIGINAL), { contentType })];
    const [read] = readMessage(await composed(draftOf({ attachments }))).attachments;
    assert.equal(read?.contentType, 'application/octet-stream');
  }
  const changed = attachmentOf(Buffer.from('é'), { contentType: 'message/rfc822', isSevenBit: true });
  await assert.rejects(composed(draftOf({ attachments: [changed] })), { code: 'request.conflict' });
});

test('SevenBitScan finds what RFC 2045 §2.7 excludes, however the octets are cut', () => {
  const check = (text: string, expected: boolean): void => {
    fc.assert(
      fc.property(fc.nat(text.length), (at) => {
        const bytes = Buffer.from(text, 'latin1');
        const scan = new SevenBitScan();
        scan.add(bytes.subarray(0, at));
        scan.add(bytes.subarray(at));
        assert.equal(scan.isSevenBit, expected, JSON.stringify(text.slice(0, 40)));
        assert.equal(scan.sizeBytes, bytes.length);
      }),
      { numRuns: 20 },
    );
  };
  check('', true);
  check('a\r\nb\r\n\r\n', true);
  check('a\r\nb', true);
  check(`${'x'.repeat(998)}\r\ny`, true);
  check(`${'x'.repeat(999)}\r\ny`, false);
  check('\nb', false);
  check('a\n', false);
  check('a\r\n\n', false);
  check('a\rb', false);
  check('a\r', false);
  check('a\0', false);
  check('a\x80', false);
});
