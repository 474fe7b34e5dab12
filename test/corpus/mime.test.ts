/**
 * Reads a corpus of mail that others made, each with the parts that another parser finds in it, when
 * the corpus lies beside the project; else this skips.
 *
 * All cases must agree, but those named below with the reason why ours is right or the case is none
 * for us; a named case that agrees fails too, so that the lists stay true.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAddresses } from '../../src/message/header/addresses.ts';
import { parseDateTime } from '../../src/message/header/date-time.ts';
import { decodeLine } from '../../src/message/header/encoded-word.ts';
import { parseMessageIds } from '../../src/message/header/message-ids.ts';
import { parseParameterized } from '../../src/message/header/parameters.ts';
import { readMessage } from '../../src/message/read-message.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpora/mime');
const skip = existsSync(corpus) ? false : 'the corpus ../shared/corpora/mime is not here';

interface ExpectedPart {
  readonly headers: readonly {
    readonly name: string | object;
    readonly value: { readonly Text?: string; readonly ContentType?: { readonly c_type: string } };
  }[];
  readonly body: { readonly Text?: string; readonly Html?: string };
  readonly is_encoding_problem: boolean;
}

interface Expected {
  readonly text_body: readonly number[];
  readonly attachments: readonly number[];
  readonly parts: readonly ExpectedPart[];
}

/** Readings where ours is another, by family and name (both line ends, or the one that is named). */
const OTHER_TREES: Readonly<Record<string, string>> = {
  'legacy/033':
    'UTF-8 is declared, Latin-1 is sent: the text is shown, and attached as well since it was mended',
  'malformed/009': 'a delimiter of the outer multipart ends the inner one (RFC 2046 §5.1.2)',
  'malformed/011': 'as malformed/009',
  'malformed/012':
    'a delimiter of the outer multipart ends the inner one, in an attached message too (RFC 2046 §5.1.2)',
  'malformed/020':
    'of two Content-Type fields ours takes the first, and thus shows the plain alternative alone',
  'malformed/021': 'as malformed/020',
  'thirdparty/002': 'base64 that decodes to garbage is attached as well as shown',
  'thirdparty/005 crlf':
    'the LF of UTF-16 octets became CRLF, so that they are no UTF-16: shown, and attached as well',
  'thirdparty/015': 'a delimiter of the outer multipart ends the inner one, whose own never comes',
};

/** Field values where ours is another, by the value as it stands in the corpus. */
const OTHER_FIELDS: Readonly<Record<string, string>> = {
  '20 11 (some \n 44 comments(more comments\n )) 79 05:34:27 -0300':
    'a month in digits is no date of mail: day and month could be either (RFC 5322 §3.3)',
  ' 4 8 15 16 23 42, 4 8 15 16 23 42, 4 8 15 16 23 42, ': 'no date',
  'by 2002:aa7:cd10:0:b0:45c:2c83:1208 with SMTP id b16-20020aa7cd10000000b0045c2c831208mr4220805edw.81.1665423075119;\n\tMon, 10 Oct 2022 10:31:15 -0700 (PDT)':
    'the value of a Received field, not of a Date field',
  '<1234   @   local(blah)  .machine .example>\n': 'white space is no part of an id (RFC 5322 §4.5.4)',
  '   m \n':
    'in References a word without brackets and @ is no id; parseMessageId() takes it for a Message-ID',
  'image/jpeg;\n   name="=?iso-8859-1?B?4Q==?= =?utf-8?B?w6k=?= =?iso-8859-1?q?=ED?=.jpeg"\n':
    'white space between encoded words is no part of the text (RFC 2047 §6.2)',
  'á/é; á=é\n':
    'no registered type has other letters than ASCII; such a part is attached under its type as sent',
  'inva/lid; name="   \n': 'white space at the end of a field is trimmed before it is parsed',
  'inva/lid; name="   \n    \n': 'white space at the end of a field is trimmed before it is parsed',
  'malicious/attempt; 1*2*=a; 3**=b; 4***=c; *5**6*=d;*****7*8*=e; 9*10*11*12*13*14=f; 15*x***fff*===g;1 * 999999999999999999 *= h; 18 *=*=*=*=*==i;\n':
    'names with more asterisks than RFC 2231 has are no parameters that anything reads',
  'Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example\n':
    'a source route and white space are no part of an address (RFC 5322 §4.4)',
  'John Doe <jdoe@machine(comment).  example>\n': 'white space is no part of an address (RFC 5322 §4.4)',
  'from testintranator.net.vm ([unix socket])_ by testintranator.net.vm (Cyrus v2.3.14) with LMTPA;_ Tue, 21 Jul 2009 14:34:14 +0200\n':
    'the line end was written as _, before the date too',
  'NO (posting not allowed on this list)\n': 'List-Post: NO (RFC 2369 §3.4) is a word, no address',
};

function squeeze(text: string): string {
  return text.replace(/[\s\0\ufffd]+/g, '');
}

/** Whether a text is there, whatever stands where the corpus could not decode. */
function holds(text: string, expected: string): boolean {
  const squeezed = text.replace(/[\s\0]+/g, '');
  let at = 0;
  for (const piece of expected.split(/[\ufffd\0]+/).map(squeeze)) {
    const found = squeezed.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

/** What differs between our reading and the corpus's; empty where nothing does. */
function differences(raw: Uint8Array, expected: Expected): readonly string[] {
  const read = readMessage(raw);
  const found: string[] = [];
  // Text of a part whose end never comes is attached by the other parser; ours shows it.
  const unended = expected.attachments.filter((index) => {
    const part = expected.parts[index];
    if (part?.body.Text === undefined || !(part.is_encoding_problem || index === 0)) return false;
    return part.headers.every(({ value }) =>
      ['text', 'multipart', undefined].includes(value.ContentType?.c_type),
    );
  });
  const shown = [...expected.text_body, ...unended].map((index) => expected.parts[index]?.body ?? {});
  for (const { Text } of shown) {
    if (Text !== undefined && !holds(read.body, Text))
      found.push(`text ${JSON.stringify(Text.slice(0, 60))}`);
  }
  if (shown.some((part) => squeeze(part.Html ?? '') !== '') && read.body === '') found.push('html');
  const attached = new Set(expected.attachments.filter((index) => !unended.includes(index)));
  for (const index of expected.text_body) {
    const part = expected.parts[index]?.body ?? {};
    if (part.Text === undefined && part.Html === undefined) attached.add(index);
  }
  if (read.attachments.length !== attached.size) {
    found.push(`attachments ${read.attachments.length}, expected ${attached.size}`);
  }
  const subject = expected.parts[0]?.headers.find((header) => header.name === 'subject')?.value.Text;
  if (subject !== undefined && !holds(read.header.subject, subject)) {
    found.push(`subject ${JSON.stringify(read.header.subject)}, expected ${JSON.stringify(subject)}`);
  }
  return found;
}

test('readMessage() finds what the corpus of mails expects, with LF and with CRLF', { skip }, (context) => {
  let all = 0;
  const wrong: string[] = [];
  const others = new Set<string>();
  for (const family of ['rfc', 'legacy', 'malformed', 'thirdparty']) {
    const folder = join(corpus, 'eml', family);
    for (const file of readdirSync(folder).filter((each) => each.endsWith('.eml'))) {
      const raw = readFileSync(join(folder, file));
      const crlf = Buffer.from(raw.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
      const name = `${family}/${file.replace(/\.eml$/, '')}`;
      for (const [bytes, suffix] of [
        [raw, ''],
        [crlf, ' crlf'],
      ] as const) {
        const expected = join(folder, file.replace(/eml$/, suffix === '' ? 'json' : 'crlf.json'));
        all += 1;
        const found = differences(bytes, JSON.parse(readFileSync(expected, 'utf8')) as Expected);
        const key = name in OTHER_TREES ? name : `${name}${suffix}`;
        if (found.length > 0) others.add(key);
        if (found.length > 0 && !(key in OTHER_TREES)) wrong.push(`${name}${suffix}: ${found.join('; ')}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual([...others].sort(), Object.keys(OTHER_TREES).sort(), 'a named case agrees');
  assert.equal(all, 214);
  context.diagnostic(`${all} readings, ${others.size} mails read otherwise for a reason`);
});

interface Case {
  readonly header: string;
  readonly expected: never;
}

/** A field as the header section gives it: up to a line that is no continuation, unfolded. */
function unfold(text: string): string {
  const [field] = text.replace(/^[\r\n]+/, '').split(/\r?\n(?![ \t])/);
  return Buffer.from((field ?? '').replace(/\r?\n/g, ''), 'utf8')
    .toString('latin1')
    .trim();
}

interface ExpectedDate {
  readonly year: number;
  readonly hour: number;
  readonly minute: number;
  readonly day: number;
}

function agreesOnDate(raw: string, expected: ExpectedDate | null): boolean {
  const date = parseDateTime(raw);
  if (expected === null || date === null) return expected === null && date === null;
  const { rfc3339 } = date;
  return (
    Number(rfc3339.slice(0, 4)) === expected.year &&
    Number(rfc3339.slice(8, 10)) === expected.day &&
    Number(rfc3339.slice(11, 13)) === expected.hour &&
    Number(rfc3339.slice(14, 16)) === expected.minute
  );
}

function agreesOnAddresses(raw: string, expected: object | null): boolean {
  const wanted = JSON.stringify(expected).match(/"address":"(?:[^"\\]|\\.)*"/g) ?? [];
  const ours = parseAddresses(raw).map(({ address }) => `"address":${JSON.stringify(address)}`);
  return wanted.every((address) => ours.includes(address));
}

interface ExpectedContentType {
  readonly c_type: string;
  readonly c_subtype: string | null;
  readonly attributes: readonly (readonly [string, string])[] | null;
}

function agreesOnContentType(raw: string, expected: ExpectedContentType | null): boolean {
  const parsed = parseParameterized(raw);
  if (expected === null) return true;
  const type = expected.c_subtype === null ? expected.c_type : `${expected.c_type}/${expected.c_subtype}`;
  return (
    parsed.value.replace(/\/$/, '') === type.toLowerCase() &&
    // Of the language that a value is in we make nothing.
    (expected.attributes ?? [])
      .filter(([name]) => !name.endsWith('-language'))
      .every(([name, value]) => parsed.parameters.get(name.toLowerCase()) === value)
  );
}

const FIELDS: Readonly<Record<string, (raw: string, expected: never) => boolean>> = {
  'date.json': agreesOnDate,
  'id.json': (raw, expected: readonly string[] | string | null) =>
    JSON.stringify(parseMessageIds(raw)) === JSON.stringify([expected ?? []].flat()),
  'content_type.json': agreesOnContentType,
  'address.json': agreesOnAddresses,
  'list.json': (raw, expected: readonly string[] | string | null) =>
    JSON.stringify(parseAddresses(raw).map(({ name, address }) => name || address)) ===
    JSON.stringify([expected ?? []].flat()),
  'unstructured.json': (raw, expected: string | null) => squeeze(decodeLine(raw)) === squeeze(expected ?? ''),
  // Of Received fields we read nothing but when the hop was (RFC 5321 §4.4: behind the last `;`).
  'received.json': (raw, expected: { readonly date: ExpectedDate | null } | null) => {
    const date = expected?.date ?? null;
    const ours = raw.slice(raw.lastIndexOf(';') + 1).trim();
    // What the corpus puts before 1970 are years of two digits and dates of asctime(3), misread.
    if (date !== null && date.year < 1970) return (parseDateTime(ours)?.instantMs ?? 0) > 0;
    return date === null || agreesOnDate(ours, date);
  },
};

test('header field parsers agree with the corpus of fields', { skip }, (context) => {
  let all = 0;
  const wrong: string[] = [];
  const others = new Set<string>();
  for (const [name, agrees] of Object.entries(FIELDS)) {
    const cases = JSON.parse(readFileSync(join(corpus, name), 'utf8')) as readonly Case[];
    for (const { header, expected } of cases) {
      all += 1;
      if (agrees(unfold(header), expected)) continue;
      others.add(header);
      if (!(header in OTHER_FIELDS)) wrong.push(`${name}: ${JSON.stringify([header, expected])}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual([...others].sort(), Object.keys(OTHER_FIELDS).sort(), 'a named case agrees');
  assert.equal(all, 432);
  context.diagnostic(`${all} fields, ${others.size} read otherwise for a reason`);
});
