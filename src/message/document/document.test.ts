import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import {
  type Frontmatter,
  formatDocument,
  formatFrontmatter,
  parseDocument,
  type SentFields,
} from './document.ts';
import { editFrontmatter } from './edit-frontmatter.ts';

const FRONTMATTER: Frontmatter = {
  id: '2026-11-24-200000-lunch',
  message_id: '1@a.test',
  thread_id: '0011223344556677',
  from: '"Ann, B." <ann@a.test>',
  to: 'agent@b.test',
  cc: '',
  reply_to: '',
  delivered_to: 'agent@b.test',
  subject: 'Lunch',
  date: '2026-11-24T20:00:00+01:00',
  received_at: '2026-11-24T19:00:01.000Z',
  received_from_ip: null,
  size_bytes: 1234,
  in_reply_to: '',
  references: '',
  list_id: '',
  auto_submitted: '',
  dkim: 'none',
  spf: 'none',
  dmarc: 'none',
  trusted: 'none',
  mailbox: 'agent',
  read: false,
  read_at: null,
  labels: [],
  envelope_from: 'ann@a.test',
  tag: null,
  trust_reason: null,
  auth_domain: null,
  warnings: [],
  fingerprint: 'ab'.repeat(32),
  sent: null,
  attachments: [],
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('formatDocument() writes the fields of contract §5 in order and omits what is empty', () => {
  const attachments = [{ filename: 'a.pdf', content_type: 'application/pdf', size: 3, path: 'a.pdf' }];
  assert.equal(
    formatDocument({ ...FRONTMATTER, attachments, labels: ['x', 'y'], tag: 'todo' }, 'Shall we?'),
    `+++
id = "2026-11-24-200000-lunch"
message_id = "1@a.test"
thread_id = "0011223344556677"
from = "\\"Ann, B.\\" <ann@a.test>"
to = "agent@b.test"
delivered_to = "agent@b.test"
subject = "Lunch"
date = "2026-11-24T20:00:00+01:00"
received_at = "2026-11-24T19:00:01.000Z"
size_bytes = 1234
dkim = "none"
spf = "none"
dmarc = "none"
trusted = "none"
mailbox = "agent"
read = false
labels = ["x", "y"]
envelope_from = "ann@a.test"
tag = "todo"
fingerprint = "${'ab'.repeat(32)}"

[[attachments]]
filename = "a.pdf"
content_type = "application/pdf"
size = 3
path = "a.pdf"
+++

Shall we?
`,
  );
});

const SENT: SentFields = {
  outbound_format: 'markdown',
  delivery_status: 'deferred',
  bcc: 'carl@c.test',
  delivered_at: null,
  delivery_details: '',
  recipients: [
    {
      address: 'ann@a.test',
      status: 'delivered',
      reply: '250 2.0.0 OK',
      next_attempt: null,
      answer: 'bounced: 5.1.1 User unknown',
    },
    {
      address: 'carl@c.test',
      status: 'deferred',
      reply: '',
      next_attempt: '2026-11-24T19:05:01.000Z',
      answer: null,
    },
  ],
};

test('formatFrontmatter() writes what became of a sent message before its attachments', () => {
  const attachments = [{ filename: 'a.pdf', content_type: 'application/pdf', size: 3, path: 'a.pdf' }];
  const toml = formatFrontmatter({ ...FRONTMATTER, sent: SENT, attachments });
  assert.equal(
    toml.slice(toml.indexOf('outbound')),
    `outbound = true
outbound_format = "markdown"
delivery_status = "deferred"
bcc = "carl@c.test"

[[recipients]]
address = "ann@a.test"
status = "delivered"
reply = "250 2.0.0 OK"
answer = "bounced: 5.1.1 User unknown"

[[recipients]]
address = "carl@c.test"
status = "deferred"
next_attempt = "2026-11-24T19:05:01.000Z"

[[attachments]]
filename = "a.pdf"
content_type = "application/pdf"
size = 3
path = "a.pdf"
`,
  );
});

test('parseDocument() reads sent files of the earlier version, which list no recipients', () => {
  const parsed = parseDocument(
    bytes('+++\nid = "x"\noutbound = true\ndelivery_status = "delivered"\nrecipients = 3\n+++\n\nHi\n'),
  );
  assert.ok(parsed.kind === 'document');
  assert.deepEqual(parsed.frontmatter.sent, {
    outbound_format: '',
    delivery_status: 'delivered',
    bcc: '',
    delivered_at: null,
    delivery_details: '',
    recipients: [],
  });
});

test('formatFrontmatter() writes hostile values on one line that any TOML 1.0 parser reads back', () => {
  const check = (value: string, written: string): void => {
    const toml = formatFrontmatter({ ...FRONTMATTER, subject: value });
    assert.ok(toml.includes(`\nsubject = ${written}\n`), toml);
    assert.equal(parse(toml)['subject'], value);
  };
  check('+++', '"\\u002B++"');
  check('a ++++++ b', '"a \\u002B\\u002B\\u002B\\u002B++ b"');
  check('"""\n\\', '"\\"\\"\\"\\n\\\\"');
  check('\u001b[31m\u0000\u007f\u009b', '"\\u001B[31m\\u0000\\u007F\\u009B"');
  check('a\u202eb\u2066c\u{e0041}', '"a\\u202Eb\\u2066c\\U000E0041"');
  check('] = 1\r\n[[attachments]]', '"] = 1\\r\\n[[attachments]]"');
});

test('parseDocument() gives back every value that formatDocument() wrote', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 30 })
    .map((value) => value.replace(/\p{Surrogate}/gu, ''));
  const hostile = fc.oneof(
    text,
    fc.constantFrom('+++', '++++', '"', "'''", '\\', '\n+++\n', '\u202e', 'a\u0000b'),
  );
  const attachment = fc.record({ filename: hostile, content_type: hostile, size: fc.nat(), path: hostile });
  const sentRecipient = fc.record({
    address: hostile,
    status: hostile,
    reply: hostile,
    next_attempt: fc.option(hostile),
    answer: fc.option(hostile),
  });
  const sent = fc.record({
    outbound_format: hostile,
    delivery_status: hostile,
    bcc: hostile,
    delivered_at: fc.option(hostile.filter((value) => value !== '')),
    delivery_details: hostile,
    recipients: fc.array(sentRecipient, { maxLength: 3 }),
  });
  const changes = fc.record({
    subject: hostile,
    from: hostile,
    to: hostile,
    cc: hostile,
    references: hostile,
    read: fc.boolean(),
    labels: fc.array(hostile, { maxLength: 3 }),
    warnings: fc.array(hostile, { maxLength: 3 }),
    sent: fc.option(sent),
    attachments: fc.array(attachment, { maxLength: 3 }),
  });
  const body = fc.string({ unit: fc.constantFrom('a', '\n', '+', ' ', 'é') });
  fc.assert(
    fc.property(changes, body, (changed, text) => {
      const document = formatDocument({ ...FRONTMATTER, ...changed }, text);
      const parsed = parseDocument(bytes(document));
      assert.equal(parsed.kind, 'document');
      assert.ok(parsed.kind === 'document');
      assert.equal(
        JSON.stringify(parsed.frontmatter),
        JSON.stringify({ ...FRONTMATTER, ...changed, tag: null }),
      );
      assert.equal(parsed.body, text);
      // A reader that splits on the string finds the same three pieces.
      assert.equal(document.slice(0, document.length - text.length - 1).split('+++').length, 3);
    }),
  );
});

test('parseDocument() reads what others wrote, and says why it cannot', () => {
  const check = (text: string, expected: string): void => {
    const parsed = parseDocument(bytes(text));
    assert.equal(parsed.kind === 'document' ? parsed.body : parsed.kind, expected, text);
  };
  check('+++\r\nid = "x"\r\n+++\r\n\r\nHello\r\nyou\r\n', 'Hello\r\nyou');
  check("\ufeff+++\nid = 'x'\noutbound = true # sent\n+++\n\nHello", 'Hello');
  check('+++\n+++\n', '');
  check('Hello', 'malformed');
  check('+++\nid = "x"\n', 'malformed');
  check('+++\nid = \n+++\n', 'malformed');
  fc.assert(fc.property(fc.uint8Array(), (any) => void parseDocument(any)));
});

test('editFrontmatter() changes its three fields and keeps every other octet', () => {
  const edit = (text: string, changes: Parameters<typeof editFrontmatter>[1]): string => {
    const edited = editFrontmatter(bytes(text), changes);
    return edited.kind === 'edited' ? Buffer.from(edited.bytes).toString() : edited.reason;
  };
  const read = { read: true, read_at: '2026-11-24T20:00:00.000Z' };
  const check = (before: string, changes: Parameters<typeof editFrontmatter>[1], after: string): void =>
    assert.equal(edit(before, changes), after);
  check(
    '+++\nid = "x" # mine\nread = false\n\n[[attachments]]\nread = "no"\n+++\n\nread = false\n',
    read,
    '+++\nid = "x" # mine\nread = true\nread_at = "2026-11-24T20:00:00.000Z"\n\n[[attachments]]\nread = "no"\n+++\n\nread = false\n',
  );
  check(
    '+++\n  "read"=true\nread_at = \'then\'\nlabels = [\n  "a", # first\n  "b",\n]\nmine = 1\n+++\n',
    { read: false, read_at: null, labels: ['c'] },
    '+++\nread = false\nlabels = ["c"]\nmine = 1\n+++\n',
  );
  check(
    '+++\r\nid = "x"\r\n+++\r\n\r\nHi',
    { labels: ['a'] },
    '+++\r\nid = "x"\r\nlabels = ["a"]\r\n+++\r\n\r\nHi',
  );
  check('+++\nread = true\nlabels = ["a"]\n+++\n', { labels: [] }, '+++\nread = true\n+++\n');
  check('+++\nread = true\n+++\n', {}, '+++\nread = true\n+++\n');
  const body = Buffer.concat([bytes('+++\nread = false\n+++\n\n'), Uint8Array.of(0xff, 0xfe)]);
  const edited = editFrontmatter(body, { read: true });
  assert.ok(edited.kind === 'edited');
  assert.deepEqual(Buffer.from(edited.bytes).subarray(-2), Buffer.of(0xff, 0xfe));
});

test('editFrontmatter() refuses a form in which something else would change', () => {
  const refused = (text: string): void =>
    assert.equal(editFrontmatter(bytes(text), { read: true }).kind, 'malformed', text);
  refused('+++\nsubject = """\nread = false\n"""\n+++\n');
  refused('no frontmatter');
  refused('+++\nread = \n+++\n');
});
