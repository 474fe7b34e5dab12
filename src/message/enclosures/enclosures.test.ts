import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../read-message.ts';

/** A message of one multipart; each part is its header fields, an empty line, and its body. */
function mixed(parts: readonly string[], type = 'multipart/mixed'): Buffer {
  const lines = [
    `Content-Type: ${type}; boundary=b`,
    '',
    ...parts.flatMap((part) => ['--b', part]),
    '--b--',
    '',
  ];
  return Buffer.from(lines.join('\n').replace(/\n/g, '\r\n'));
}

function codes(warnings: readonly string[]): readonly string[] {
  return warnings.map((warning) => warning.replace(/:.*$/s, ''));
}

const TEXT = 'Content-Type: text/plain\n\nhello';

test('readMessage() names attached messages by their subject and says which they are', () => {
  const check = (part: string, filename: string, line: string): void => {
    const read = readMessage(mixed([TEXT, part]));
    assert.deepEqual(
      read.attachments.map((each) => each.filename),
      [filename],
    );
    assert.equal(read.body, `hello\n\n${line}`);
    assert.deepEqual(read.warnings, []);
  };
  const inner = 'From: Jane <jane@x.test>\nSubject: =?utf-8?q?Caf=C3=A9?= 1/2\n\nx';
  check(
    `Content-Type: message/rfc822\n\n${inner}`,
    'Café 1_2.eml',
    'Attached message: "Café 1/2" from Jane <jane@x.test>',
  );
  check(
    `Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${Buffer.from(inner).toString('base64')}`,
    'Café 1_2.eml',
    'Attached message: "Café 1/2" from Jane <jane@x.test>',
  );
  check('Content-Type: message/global\n\nSubject: Café\n\nx', 'Café.eml', 'Attached message: "Café"');
  check('Content-Type: message/rfc822; name=own.eml\n\nSubject: a\n\nx', 'own.eml', 'Attached message: "a"');
  check('Content-Type: message/rfc822\n\nno header', 'message.eml', 'Attached message: (no subject)');
  check(
    'Content-Type: message/rfc822\n\nSubject: ../../etc/x\n\n',
    'etc_x.eml',
    'Attached message: "../../etc/x"',
  );
});

test('readMessage() keeps the attachments of an attached message within it', () => {
  const inner = mixed([TEXT, 'Content-Type: image/png; name=x.png\n\npng'])
    .toString('latin1')
    .replace(/\r\n/g, '\n');
  const nested = inner.replace(/boundary=b/, 'boundary=c').replace(/^--b/gm, '--c');
  const read = readMessage(mixed([`Content-Type: message/rfc822\n\nSubject: outer\n${nested}`]));
  assert.deepEqual(
    read.attachments.map((each) => each.filename),
    ['outer.eml'],
  );
  assert.equal(read.body, 'Attached message: "outer"');
  assert.match(Buffer.from(read.attachments[0]?.bytes ?? []).toString(), /png/);
});

test('readMessage() says what it does not open', () => {
  const check = (raw: Buffer | string, code: string, body: RegExp, attachments: number): void => {
    const read = readMessage(typeof raw === 'string' ? Buffer.from(raw.replace(/\n/g, '\r\n')) : raw);
    assert.deepEqual(codes(read.warnings), [code], JSON.stringify(read.warnings));
    assert.match(read.body, body);
    assert.equal(read.attachments.length, attachments);
  };
  check(
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx',
    'encrypted',
    /^\[The message is encrypted with S\/MIME/,
    1,
  );
  check(
    'Content-Type: application/x-pkcs7-mime; name=smime.p7m\n\nx',
    'encrypted',
    /encrypted with S\/MIME/,
    1,
  );
  check(
    'Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx',
    'signed-content',
    /^\[The message is inside an S\/MIME signature/,
    1,
  );
  // The octets are believed before the parameter: 1.2.840.113549.1.7.2 is signed-data.
  const signed = Buffer.from('308006092a864886f70d010702a080', 'hex').toString('base64');
  check(
    `Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n${signed}`,
    'signed-content',
    /signature/,
    1,
  );
  check(
    mixed(
      [TEXT, 'Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx'],
      'multipart/signed; protocol="application/pkcs7-signature"',
    ),
    'signature-not-verified',
    /^hello$/,
    1,
  );
  check(
    mixed(
      [
        'Content-Type: application/pgp-encrypted\n\nVersion: 1',
        'Content-Type: application/octet-stream\n\nx',
      ],
      'multipart/encrypted; protocol="application/pgp-encrypted"',
    ),
    'encrypted',
    /^\[The message is encrypted with OpenPGP/,
    2,
  );
  check(
    '\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----',
    'encrypted',
    /^-----BEGIN PGP MESSAGE/,
    0,
  );
  check('\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\nabc', 'signature-not-verified', /abc/, 0);
  check(
    'Content-Type: message/partial; id="a@b"; number=2; total=3\n\nx',
    'partial-message',
    /piece 2 of 3 .*\(id "a@b"\)/,
    1,
  );
  check(
    'Content-Type: message/external-body; access-type=URL; URL="https://x.test/"\n\nContent-Type: image/png\n\n',
    'external-body',
    /^\[A part lies elsewhere \(access "URL", "https:\/\/x\.test\/"\)/,
    1,
  );
  check(mixed([TEXT, 'Content-Type: application/ms-tnef; name=winmail.dat\n\nx']), 'tnef', /^hello$/, 1);
  check('Content-Type: application/octet-stream; name="winmail.dat"\n\nx', 'tnef', /container of Outlook/, 1);
});

test('readMessage() says an invitation once, at the head, and attaches it', () => {
  const calendar =
    'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Plans\nDTSTART:20261201T100000Z\nEND:VEVENT\nEND:VCALENDAR';
  const read = readMessage(
    mixed([
      TEXT,
      `Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n${calendar}`,
      `Content-Type: application/ics; name=invite.ics\n\n${calendar.replace('METHOD:REQUEST\n', '')}`,
    ]),
  );
  assert.equal(read.body, 'Calendar invitation: Plans\nWhen: 2026-12-01 10:00 UTC\n\nhello');
  assert.deepEqual(
    read.attachments.map((each) => each.filename),
    ['invitation.ics', 'invite.ics'],
  );
});

test('readMessage() stays linear in attached messages and never throws', () => {
  const startedAt = performance.now();
  const header = `Subject: ${'=?utf-8?q?a?= '.repeat(4_000)}`;
  readMessage(mixed(Array.from({ length: 900 }, () => `Content-Type: message/rfc822\n\n${header}\n\nx`)));
  assert.ok(performance.now() - startedAt < 8_000);
  const type = fc.constantFrom(
    'message/rfc822',
    'text/calendar',
    'application/pkcs7-mime',
    'message/partial',
    'message/external-body',
    'multipart/signed',
    'application/ms-tnef',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(type, fc.string({ unit: 'binary' })), { maxLength: 5 }), (parts) => {
      readMessage(mixed(parts.map(([name, body]) => `Content-Type: ${name}; ${body}\n\n${body}`)));
    }),
  );
});
