import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFieldFacts } from './field-facts.ts';
import type { Author, FieldFacts } from './verdict.ts';

function facts(text: string): ReturnType<typeof readFieldFacts> {
  return readFieldFacts(Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8'));
}

function checkAuthor(from: string, expected: Partial<Author>): void {
  const { author } = facts(`${from}\nSubject: x\n\nText\n`);
  for (const [name, value] of Object.entries(expected))
    assert.deepEqual(author[name as keyof Author], value, `${name} of ${from}: ${JSON.stringify(author)}`);
}

test('readFieldFacts() finds the one author', () => {
  const check = (from: string, address: string, domain: string | null): void =>
    checkAuthor(`From: ${from}`, { addresses: [address], count: 1, domain });
  check('alice@Corp.Example', 'alice@corp.example', 'corp.example');
  check('Alice <Alice@corp.example>', 'Alice@corp.example', 'corp.example');
  check('alice@corp.example (Alice, at home)', 'alice@corp.example', 'corp.example');
  check('alice(c)@(c)corp.example', 'alice@corp.example', 'corp.example');
  check('Alice\n <alice@corp.example>', 'alice@corp.example', 'corp.example');
  check('=?utf-8?q?Alice?= <alice@corp.example>', 'alice@corp.example', 'corp.example');
  check('<@relay.example,@b.example:alice@corp.example>', 'alice@corp.example', 'corp.example');
  check('Team: alice@corp.example;', 'alice@corp.example', 'corp.example');
  check('Doe, John <john@corp.example>', 'john@corp.example', 'corp.example');
  check('a..b.@corp.example', 'a..b.@corp.example', 'corp.example');
  // RFC 6532: U-labels and A-labels are one domain.
  check('<ä@Bücher.example>', 'ä@xn--bcher-kva.example', 'xn--bcher-kva.example');
  check('<a@xn--bcher-kva.example>', 'a@xn--bcher-kva.example', 'xn--bcher-kva.example');
  // Letters that look alike are another domain.
  check('<a@соrp.example>', 'a@xn--rp-emcl.example', 'xn--rp-emcl.example');
});

test('readFieldFacts() takes no display name, comment or local part for the author', () => {
  const check = (from: string, domain: string | null): void =>
    checkAuthor(`From: ${from}`, { count: 1, domain });
  check('"ceo@corp.example" <x@evil.example>', 'evil.example');
  check('ceo@corp.example <x@evil.example>', 'evil.example');
  check('"ceo@corp.example <ceo@corp.example>" <x@evil.example>', 'evil.example');
  check('=?utf-8?q?ceo=40corp.example_=3Cceo=40corp.example=3E?= <x@evil.example>', 'evil.example');
  check('x@evil.example (ceo@corp.example)', 'evil.example');
  check('"ceo@corp.example"@evil.example', 'evil.example');
  check('"ceo@corp.example\\" "@evil.example', 'evil.example');
  check('<"<ceo@corp.example>"@evil.example>', 'evil.example');
  // Two ways to read it: nobody's domain.
  check('<ceo@corp.example@evil.example>', null);
  check('<ceo@evil.example\0@corp.example>', null);
});

test('readFieldFacts() has no author domain unless there is one address in one field', () => {
  const check = (head: string, expected: Partial<Author>): void =>
    checkAuthor(head, { domain: null, ...expected });
  check('From: a@corp.example, b@evil.example', {
    count: 2,
    addresses: ['a@corp.example', 'b@evil.example'],
  });
  check('From: <a@corp.example> <b@evil.example>', { count: 2 });
  check('From: a@corp.example\nFrom: b@evil.example', { count: 2 });
  check('From: a@corp.example\nFrom: a@corp.example', { count: 2 });
  check('From: a@corp.example\nFrom:', { count: 1 });
  check('From: a@corp.example\nfrom : b@evil.example', { count: 2 });
  check('From: G: a@corp.example, b@corp.example;, c@corp.example', { count: 3 });
  check('From: undisclosed:;', { count: 0, addresses: [] });
  check('From:', { count: 0 });
  check('From: <>', { count: 0 });
  check('From: Mailer Daemon', { count: 0 });
  check('Sender: a@corp.example', { count: 0 });
  check('X-From: a@corp.example', { count: 0 });
  check('From: =?utf-8?q?a=40corp.example?=', { count: 0 });
  check('From: <=?utf-8?q?a=40corp.example?=>', { count: 1 });
  check('From: a@[192.0.2.1]', { count: 1 });
  check('From: a@192.0.2.1', { count: 1 });
  check('From: @corp.example', { count: 1 });
  check('From: a@', { count: 1 });
  check(`From: ${Array.from({ length: 30 }, (_, n) => `a${n}@corp.example`).join(', ')}`, { count: 30 });
});

test('readFieldFacts() sees a second From beyond what a reader looks at', () => {
  const flood = 'Keywords: x\n'.repeat(10_001);
  const { author, fields } = facts(`From: a@corp.example\n${flood}From: b@evil.example\n\n`);
  assert.equal(author.domain, null);
  assert.deepEqual(fields.repeated, ['from']);
  // Nor is a message trusted whose other fields were pushed out of sight.
  assert.equal(facts(`From: a@corp.example\n${flood}Content-Type: text/html\n\n`).author.domain, null);
  assert.equal(facts(`From: a@corp.example\n${'X-Y: x\n'.repeat(10_001)}\n`).author.domain, 'corp.example');
});

test('readFieldFacts() names what occurs twice and may occur once', () => {
  const check = (head: string, expected: readonly string[]): void =>
    assert.deepEqual(facts(`From: a@corp.example\n${head}\n\nText\n`).fields.repeated, expected, head);
  check('Subject: a\nTo: b@x.example', []);
  check('Subject: a\nSUBJECT : b', ['subject']);
  check('Date: a\nMessage-ID: <a>\nDate: b\nMessage-ID: <a>', ['date', 'message-id']);
  check('Content-Type: text/plain\nContent-Type: text/html', ['content-type']);
  check('Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64', ['content-transfer-encoding']);
  check('Reply-To: a\nReply-To: b\nTo: a\nTo: b\nCc: a\nCc: b', ['reply-to', 'to', 'cc']);
  check('Received: a\nReceived: b\nComments: a\nComments: b\nDKIM-Signature: a\nDKIM-Signature: b', []);
});

test('readFieldFacts() tells an encoding where the reader undoes it (RFC 2045 §6.4)', () => {
  const check = (head: string, expected: FieldFacts['transferEncoding'], body = 'Text\n'): void =>
    assert.equal(facts(`From: a@corp.example\n${head}\n\n${body}`).fields.transferEncoding, expected, head);
  const parts = '--b\nContent-Type: text/plain\n\nText\n--b--\n';
  check('Subject: x', null);
  for (const same of ['7bit', '8BIT', 'binary', ' 7bit (as it is)', '', '8bits'])
    check(`Content-Transfer-Encoding: ${same}`, null);
  check('Content-Transfer-Encoding: base64', 'base64');
  check('Content-Transfer-Encoding : (x) Base64 (y)', 'base64');
  check('Content-Transfer-Encoding: "quoted-printable"', 'quoted-printable');
  check('Content-Transfer-Encoding: x-uuencode', 'x-uuencode');
  check('Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64', null, parts);
  // What has no parts is read as text, and its encoding undone.
  check('Content-Type: multipart/mixed; boundary=c\nContent-Transfer-Encoding: base64', 'base64');
  check('Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64', 'base64');
  check(
    'Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64',
    'base64',
    parts,
  );
  check('Content-Type: message/rfc822\nContent-Transfer-Encoding: base64', 'base64');
});

test('readFieldFacts() reads Date, To and Cc as the file shows them', () => {
  const { fields } = facts(
    'From: a@corp.example\nDate: Tue, 24 Nov 2026 20:00:00 +0100\nTo: B <Support@Us.example>, "x"@US.example\nCc: G: c@us.example;\n\n',
  );
  assert.equal(fields.date, Date.UTC(2026, 10, 24, 19));
  assert.deepEqual(fields.to, ['support@us.example', '"x"@us.example']);
  assert.deepEqual(fields.cc, ['c@us.example']);
  assert.equal(facts('From: a@corp.example\nDate: yesterday\n\n').fields.date, null);
  const many = Array.from({ length: 60 }, (_, n) => `a${n}@us.example`).join(', ');
  assert.equal(facts(`To: ${many}\n\n`).fields.to.length, 50);
});

test('readFieldFacts() takes any bytes', () => {
  const piece = fc.constantFrom(
    'From:',
    ' ',
    '\r\n',
    '\n',
    '@',
    '<',
    '>',
    '"',
    '(',
    ')',
    'a',
    '.',
    ',',
    ':',
    ';',
    '=?utf-8?q?',
    '?=',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (pieces) => {
      const { author } = readFieldFacts(Buffer.from(`From: ${pieces.join('')}`));
      if (author.domain !== null) assert.equal(author.count, 1);
    }),
  );
});

test('readFieldFacts() finds a Message-ID where the reader finds one', () => {
  const check = (head: string, expected: boolean): void =>
    assert.equal(facts(`From: a@corp.example\n${head}\n\nText\n`).fields.hasMessageId, expected, head);
  check('Message-ID: <a@corp.example>', true);
  check('Subject: none', false);
  check('Message-ID:', false);
  check('Message-ID: <>', false);
});
