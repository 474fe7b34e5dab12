/** The parsers of what a message is made of: what must hold for every input. */
import assert from 'node:assert/strict';
import { alternativesDiffer } from '../../src/message/alternatives.ts';
import { parseCalendar } from '../../src/message/calendar/calendar.ts';
import { describeCalendar } from '../../src/message/calendar/describe.ts';
import { decodeCharset } from '../../src/message/charset/charset.ts';
import { parseDocument } from '../../src/message/document/document.ts';
import { slugOf } from '../../src/message/document/slug.ts';
import { formatAddressList, parseAddressEntries } from '../../src/message/header/addresses.ts';
import { parseDateTime } from '../../src/message/header/date-time.ts';
import { decodeLine } from '../../src/message/header/encoded-word.ts';
import { readHeader } from '../../src/message/header/header.ts';
import { readHeaderSection, scanHeaderSection } from '../../src/message/header/header-section.ts';
import { parseMessageIds } from '../../src/message/header/message-ids.ts';
import { parseParameterized } from '../../src/message/header/parameters.ts';
import { htmlToMarkdown } from '../../src/message/html/html-to-markdown.ts';
import { surveyHtml } from '../../src/message/html/survey.ts';
import { joinFlowed } from '../../src/message/mime/flowed.ts';
import { type Entity, readMimeTree } from '../../src/message/mime/mime-tree.ts';
import { decodeTransfer } from '../../src/message/mime/transfer-encoding.ts';
import { newText } from '../../src/message/quotation/quoted-rest.ts';
import { readMessage } from '../../src/message/read-message.ts';
import { renderMessage } from '../../src/message/render.ts';
import { readDeliveryStatus } from '../../src/message/report/delivery-status.ts';
import { describeReport } from '../../src/message/report/describe.ts';
import { readDisposition } from '../../src/message/report/disposition.ts';
import { readFeedback } from '../../src/message/report/feedback.ts';
import { readNotice } from '../../src/message/report/notice.ts';
import { RECIPIENTS_MAX } from '../../src/message/report/report.ts';
import { summarizeMessage } from '../../src/message/summary.ts';
import { withoutInvisible } from '../../src/message/unicode/invisible-characters.ts';
import { lookAlikeAddresses, lookAlikeSubject } from '../../src/message/unicode/look-alike.ts';
import { epochMs } from '../../src/system/clock.ts';
import type { Target } from './target.ts';

/** One line, without a character that moves a cursor. */
function isOneLine(text: string): boolean {
  return !/[\p{Cc}\u2028\u2029]/u.test(text);
}

function latin1(input: Buffer): string {
  return input.toString('latin1');
}

/** As text reaches the parsers behind it: LF line ends, no NUL. */
function asText(input: Buffer): string {
  return input.toString('utf8').replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd');
}

const ENVELOPE = {
  mailbox: 'agent',
  deliveredTo: ['agent@b.test'],
  tag: null,
  receivedAt: epochMs(0),
  receivedFromIp: '192.0.2.1',
  envelopeFrom: '',
};

function message(input: Buffer): void {
  const { header } = summarizeMessage(input);
  const { body, attachments, ...read } = readMessage(input);
  assert.deepEqual(read.header, header, 'the reader and the summary see the same header');
  assert.doesNotMatch(body, /[\0\r]/, 'a body has neither NUL nor CR');
  for (const warning of read.warnings) assert.match(warning, /^[a-z-]+: \S/, 'a warning has a code');
  const names = attachments.map(({ filename }) => filename);
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, names.length, 'names are unique');
  for (const name of names) assert.ok(!/[/\\\0]/.test(name) && !/^\.+$|^$/.test(name), JSON.stringify(name));
  const { document } = renderMessage(input, ENVELOPE);
  assert.notEqual(parseDocument(Buffer.from(document)).kind, 'malformed', 'what is written can be read');
}

function header(input: Buffer): void {
  let at = 0;
  const { bodyStart } = scanHeaderSection(input, { from: 0, to: input.length }, (field) => {
    assert.ok(field.nameStart >= at && field.nameEnd >= field.nameStart, 'fields are in order');
    assert.ok(
      field.valueEnd >= field.valueStart || field.nameEnd === field.nameStart,
      'a value ends behind its start',
    );
    at = field.valueEnd;
  });
  assert.ok(bodyStart >= 0 && bodyStart <= input.length, 'the body lies in the message');
  const read = readHeader(readHeaderSection(input, { from: 0, to: input.length })).header;
  for (const text of [
    read.from,
    read.to,
    read.cc,
    read.replyTo,
    read.subject,
    read.messageId,
    read.inReplyTo,
  ]) {
    assert.ok(isOneLine(text), JSON.stringify(text));
  }
}

function addresses(input: Buffer): void {
  const entries = parseAddressEntries(latin1(input));
  assert.ok(isOneLine(formatAddressList(entries)), 'an address list is one line');
  const all = entries.flatMap((entry) => ('members' in entry ? entry.members : [entry]));
  for (const remark of lookAlikeAddresses('from', all)) assert.ok(isOneLine(remark), JSON.stringify(remark));
}

function words(input: Buffer): void {
  const text = decodeLine(latin1(input));
  assert.ok(isOneLine(text) && text.isWellFormed(), JSON.stringify(text));
  assert.ok([...slugOf(text)].length <= 20, 'a slug has 20 characters');
  for (const remark of lookAlikeSubject(text)) assert.ok(isOneLine(remark), JSON.stringify(remark));
  for (const id of parseMessageIds(latin1(input))) assert.ok(isOneLine(id) && !/[<> ]/.test(id), id);
}

function parameters(input: Buffer): void {
  const { value, parameters: found } = parseParameterized(latin1(input));
  assert.equal(value, value.toLowerCase());
  for (const name of found.keys()) assert.equal(name, name.toLowerCase());
}

function date(input: Buffer): void {
  const parsed = parseDateTime(latin1(input));
  if (parsed === null) return;
  assert.match(parsed.rfc3339, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/);
  assert.ok(!Number.isNaN(Date.parse(parsed.rfc3339)), parsed.rfc3339);
}

function mime(input: Buffer): void {
  const check = (entity: Entity, from: number, to: number): void => {
    const { start, bodyStart, bodyEnd, children } = entity;
    assert.ok(
      from <= start && start <= bodyStart && bodyStart <= bodyEnd && bodyEnd <= to,
      'parts are nested',
    );
    let at = bodyStart;
    for (const child of children ?? []) {
      check(child, at, bodyEnd);
      at = child.bodyEnd;
    }
  };
  check(readMimeTree(input).root, 0, input.length);
}

function flowed(input: Buffer): void {
  for (const deleteSpace of [false, true]) {
    const text = asText(input);
    const joined = joinFlowed(text, { deleteSpace });
    assert.ok(joined.length <= 2 * text.length + 2, 'joining adds nothing');
  }
}

const ENCODINGS = ['base64', 'quoted-printable', 'x-uuencode', '7bit'];
const CHARSETS = [
  'utf-8',
  'iso-2022-jp',
  'gb18030',
  'big5',
  'euc-kr',
  'utf-7',
  'utf-16',
  'windows-1252',
  'hz-gb-2312',
  'none',
];

function charset(input: Buffer): void {
  for (const encoding of ENCODINGS) {
    const decoded = decodeTransfer(input, encoding);
    assert.ok((decoded?.bytes.length ?? 0) <= input.length, 'decoding makes nothing larger');
  }
  for (const label of CHARSETS) assert.ok(decodeCharset(input, label).text.isWellFormed(), label);
}

function html(input: Buffer): void {
  const source = asText(input);
  const { markdown: text } = htmlToMarkdown(source);
  assert.doesNotMatch(text, /\]\(\s*javascript:/i);
  assert.doesNotMatch(text, /[\0\r]/);
  surveyHtml(source);
}

function alternatives(input: Buffer): void {
  const text = asText(input);
  const middle = text.indexOf('\n\n');
  alternativesDiffer(text.slice(0, Math.max(0, middle)), text.slice(middle + 2));
  const seen = withoutInvisible(text);
  assert.ok(seen.text.length <= text.length, 'nothing is added');
}

function calendar(input: Buffer): void {
  const parsed = parseCalendar(asText(input));
  if (parsed !== null) assert.doesNotMatch(describeCalendar(parsed), /[\0\r]/);
}

const NOTHING = { originalMessageId: null, originalEnvelopeId: null, originalSubject: null };

function report(input: Buffer): void {
  const status = readDeliveryStatus(latin1(input));
  const notice = readNotice(asText(input));
  for (const found of [status, ...(notice === null ? [] : [notice])]) {
    assert.ok(found.recipients.length <= RECIPIENTS_MAX && found.recipients.length <= found.recipientCount);
    for (const { address, diagnostic } of found.recipients) {
      assert.ok(isOneLine(address) && isOneLine(diagnostic ?? ''), JSON.stringify({ address, diagnostic }));
    }
  }
  const described = [readFeedback(latin1(input), NOTHING), readDisposition(latin1(input), NOTHING)].map(
    describeReport,
  );
  for (const text of described) assert.ok(text.split('\n').every(isOneLine), text);
}

function quoted(input: Buffer): void {
  const body = asText(input);
  const { text, quoted: left } = newText(body, body.slice(0, 10));
  assert.ok(body.includes(text), 'what is new stands in the body');
  if (body.trim() !== '') assert.notEqual(text.trim(), '', 'never nothing of something');
  if (left !== 'left-out') assert.equal(text, body);
}

function document(input: Buffer): void {
  parseDocument(input);
}

export const MESSAGE_TARGETS: Readonly<Record<string, Target>> = {
  message,
  header,
  addresses,
  words,
  parameters,
  date,
  mime,
  flowed,
  charset,
  html,
  alternatives,
  calendar,
  report,
  quoted,
  document,
};
