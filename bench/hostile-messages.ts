/**
 * Messages that are made to take the reader long, or much memory, each in one way: what a parser of one
 * part of the format has to bear. None is larger than what a server takes.
 */

export interface HostileMessage {
  readonly name: string;
  /** Made when it is asked for: they would not all fit into memory. */
  readonly bytes: () => Buffer;
}

const MIB = 1024 * 1024;
/** The size that a server takes by default. */
const LARGEST_BYTES = 25 * MIB;

function latin1(...pieces: readonly string[]): Buffer {
  return Buffer.from(pieces.join(''), 'latin1');
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('');
}

/** `piece` again and again, up to a size. */
function upTo(bytes: number, piece: string): string {
  return piece.repeat(Math.floor(bytes / piece.length));
}

function html(body: string): Buffer {
  return latin1('Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n', body);
}

function plain(body: string): Buffer {
  return latin1('From: Ann <ann@a.test>\r\nSubject: Re: x\r\n\r\n', body);
}

function header(fields: string): Buffer {
  return latin1(fields, '\r\n\r\nbody\r\n');
}

function report(type: string, body: string): Buffer {
  return latin1(
    'From: <MAILER-DAEMON@a.test>\r\nSubject: Undelivered\r\n',
    `Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: ${type}\r\n\r\n`,
    body,
    '\r\n--b--\r\n',
  );
}

function notice(body: string): Buffer {
  return latin1(
    'From: MAILER-DAEMON@a.test\r\nSubject: failure notice\r\n\r\nThis is the mail system at host a.\r\n\r\n',
    body,
  );
}

function calendar(body: string): Buffer {
  return latin1(
    'Subject: x\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n',
    'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n',
    body,
    'END:VEVENT\r\nEND:VCALENDAR\r\n',
  );
}

function multipart(body: string): Buffer {
  return latin1('Content-Type: multipart/mixed; boundary=b\r\n\r\n', body);
}

const STRUCTURE: readonly HostileMessage[] = [
  {
    name: '10,000 nested multiparts',
    bytes: () =>
      latin1(lines(10_000, (n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`)),
  },
  {
    name: '10,000 nested message/rfc822',
    bytes: () =>
      latin1(
        lines(10_000, () => 'Content-Type: message/rfc822\r\n\r\n'),
        'x',
      ),
  },
  { name: '1,000,000 parts', bytes: () => multipart('--b\r\n\r\n'.repeat(1_000_000)) },
  {
    name: 'lines that are almost delimiters, 25 MiB',
    bytes: () => multipart(`--b\r\n\r\n${upTo(LARGEST_BYTES, '--\r\n--bb\r\n--b-\r\n')}`),
  },
  {
    name: '1,000 parts of one name',
    bytes: () =>
      multipart(lines(1_000, () => '--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n')),
  },
  {
    name: '1,000 HTML parts',
    bytes: () =>
      multipart(lines(1_000, (n) => `--b\r\nContent-Type: text/html\r\n\r\n<p>${n}${'<b>'.repeat(500)}\r\n`)),
  },
  {
    name: '12 texts of a megabyte, each in two ways',
    bytes: () =>
      multipart(
        lines(
          12,
          () =>
            `--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\n${upTo(MIB, 'one two three\r\n')}--c\r\nContent-Type: text/html\r\n\r\n${upTo(MIB, '<p>four five six</p>')}\r\n--c--\r\n`,
        ),
      ),
  },
];

const HEADERS: readonly HostileMessage[] = [
  { name: '100,000 header fields', bytes: () => header('A: b\r\n'.repeat(100_000)) },
  { name: 'a header field of 1 MB', bytes: () => header(`Subject: ${'x'.repeat(1_000_000)}`) },
  { name: 'a header of 25 MiB', bytes: () => header(upTo(LARGEST_BYTES, 'Subject: x\r\n y\r\n')) },
  { name: 'a field of folds, 25 MiB', bytes: () => header(`Subject: x${upTo(LARGEST_BYTES, '\r\n y')}`) },
  {
    name: 'continuations of RFC 2231, 25 MiB',
    bytes: () =>
      header(`Content-Type: text/plain${lines(1_500_000, (n) => `;\r\n a*${n % 1_000_000}*=%41`)}`),
  },
  {
    name: 'continuations of one name',
    bytes: () => header(`Content-Disposition: attachment${lines(90_000, (n) => `; filename*${n}=a`)}`),
  },
  {
    name: 'a parameter of percent signs',
    bytes: () => header(`Content-Disposition: attachment; filename*=utf-8''${upTo(MIB, '%E2%82')}`),
  },
  {
    name: 'encoded words, 25 MiB',
    bytes: () => header(`Subject: ${upTo(LARGEST_BYTES, '=?utf-8?q?=C3?= ')}`),
  },
  {
    name: 'encoded words of many charsets',
    bytes: () =>
      header(
        `Subject: ${lines(20_000, (n) => `=?${['iso-2022-jp', 'gb18030', 'utf-7', 'koi8-r'][n % 4]}?b?GyRCRnw=?= `)}`,
      ),
  },
  { name: 'half an encoded word, 1 MB', bytes: () => header(`Subject: ${upTo(MIB, '=?utf-8?q?')}`) },
  {
    name: '1,000,000 addresses',
    bytes: () => header(`To: ${upTo(LARGEST_BYTES, '"a, b" <a@b.test>,\r\n ')}`),
  },
  { name: 'open groups and brackets', bytes: () => header(`To: ${upTo(MIB, 'a:<"(')}`) },
  {
    name: 'nested comments',
    bytes: () => header(`From: ${upTo(MIB / 2, '(')}${upTo(MIB / 2, ')')} <a@b.test>`),
  },
  {
    name: 'encoded words in addresses',
    bytes: () => header(`From: ${upTo(MIB, '=?utf-8?q?a,b?= <a@b.test>, ')}`),
  },
  { name: 'message ids', bytes: () => header(`References: ${upTo(MIB, '<a@b.test> ')}`) },
  { name: 'message ids that never end', bytes: () => header(`References: ${upTo(MIB, '<a@')}`) },
  { name: 'a date of comments', bytes: () => header(`Date: ${upTo(MIB, '(Mon) ')}`) },
  {
    name: 'look-alike letters',
    bytes: () => header(`From: ${upTo(MIB, '=?utf-8?b?0LDQtQ==?= ')}<a@xn--80ak6aa92e.test>`),
  },
];

const BODIES: readonly HostileMessage[] = [
  {
    name: 'HTML of 100,000 nested elements, 25 MiB',
    bytes: () => html(`<div><b>${'x'.repeat(240)}`.repeat(100_000)),
  },
  { name: 'nested blockquotes', bytes: () => html(upTo(4 * MIB, '<blockquote>x ')) },
  { name: 'nested lists', bytes: () => html(upTo(4 * MIB, '<ul><li>x ')) },
  { name: 'nested tables', bytes: () => html(upTo(4 * MIB, '<table><tr><td>x ')) },
  { name: 'a table of 100,000 columns', bytes: () => html(`<table><tr>${'<td>x'.repeat(100_000)}</table>`) },
  {
    name: 'a table of spans',
    bytes: () => html(`<table>${'<tr><td colspan=1000 rowspan=1000>x'.repeat(20_000)}</table>`),
  },
  {
    name: 'end tags of no elements',
    bytes: () => html(`${'<div>'.repeat(200_000)}${'</p></b>'.repeat(300_000)}`),
  },
  { name: 'attributes', bytes: () => html(`<p ${lines(200_000, (n) => `a${n}=b `)}>x`) },
  { name: 'tags that never end', bytes: () => html(upTo(4 * MIB, '<a href="')) },
  { name: 'comments that never end', bytes: () => html(upTo(4 * MIB, '<!--')) },
  { name: 'entities', bytes: () => html(upTo(4 * MIB, '&amp;&#x2028;&notit;')) },
  { name: 'links', bytes: () => html(upTo(4 * MIB, '<a href="http://a.test/?b=c">x</a>')) },
  { name: 'text of Markdown marks', bytes: () => html(upTo(4 * MIB, '*_[`\\')) },
  {
    name: 'style rules for many elements',
    bytes: () =>
      html(
        `<style>${lines(50_000, (n) => `.c${n},p.c${n}>b{display:none}`)}</style>${lines(50_000, (n) => `<p class="c${n} d e f">x`)}`,
      ),
  },
  {
    name: 'style selectors of many classes',
    bytes: () =>
      html(
        `<style>${'*{color:#fff;background:#fff}'.repeat(10_000)}${'.a.a'.repeat(100_000)}{display:none}</style>${'<p class="a b c">x'.repeat(50_000)}`,
      ),
  },
  {
    name: 'style rules for siblings',
    bytes: () =>
      html(
        `<style>${lines(2_000, (n) => `p ~ i ~ .c${n % 3} + b,:not(:is(p,i)) ~ p{display:none}`)}</style>${upTo(4 * MIB, '<i class=c1></i><b class=c2>x</b>')}`,
      ),
  },
  {
    name: 'style rules in rules',
    bytes: () => html(`<style>${upTo(MIB, 'p{color:red;&.a{')}</style>${upTo(MIB, '<p class=a>x')}`),
  },
  {
    name: 'style quotes, 4 MiB',
    bytes: () => html(`<style>${upTo(4 * MIB, '\'/*"\\')}</style>x`),
  },
  {
    name: 'style calculations',
    bytes: () => html(upTo(4 * MIB, `<p style="font-size:${'calc('.repeat(60)}1px + (1px * 2)">x`)),
  },
  {
    name: 'style selectors of brackets',
    bytes: () => html(`<style>${upTo(MIB, '[a="([:not((')}{color:red}</style>${upTo(MIB, '<p a=b>x')}`),
  },
  { name: 'style declarations, 4 MiB', bytes: () => html(`<p style="${upTo(4 * MIB, 'color:red;')}">x`) },
  { name: 'style brackets, 4 MiB', bytes: () => html(`<style>${upTo(4 * MIB, '{(["')}</style>x`) },
  {
    name: 'hidden elements',
    bytes: () => html(upTo(4 * MIB, '<span style="display:none">x</span>')),
  },
  {
    name: '6 MB of blank lines, signed',
    bytes: () =>
      latin1(
        'From: ann@a.test\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=s; h=from; bh=AAAA; b=AAAA\r\n\r\nx\r\n',
        '\r\n'.repeat(3_000_000),
      ),
  },
  { name: 'spaces at line ends, 25 MiB', bytes: () => plain(upTo(LARGEST_BYTES, 'x \t \t  \t \r\n')) },
  {
    name: 'base64 of 25 MiB without a line end',
    bytes: () =>
      latin1(
        'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n',
        upTo(LARGEST_BYTES, 'QUJD'),
      ),
  },
  {
    name: 'base64 text of 25 MiB without a line end',
    bytes: () => latin1('Content-Transfer-Encoding: base64\r\n\r\n', upTo(LARGEST_BYTES, 'QUJD')),
  },
  {
    name: 'base64 of one letter a line',
    bytes: () =>
      latin1('Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n', upTo(LARGEST_BYTES, 'Q\r\n')),
  },
  {
    name: 'quoted-printable of 25 MiB',
    bytes: () =>
      latin1(
        'Content-Type: a/b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
        upTo(LARGEST_BYTES, '=3D =Z='),
      ),
  },
  {
    name: 'a text of one octet that is none of UTF-8',
    bytes: () => latin1('Content-Type: text/plain; charset=utf-8\r\n\r\n', upTo(LARGEST_BYTES, '\xff')),
  },
  { name: 'NUL, 25 MiB', bytes: () => plain(upTo(LARGEST_BYTES, '\0')) },
  {
    name: 'ISO-2022-JP escapes',
    bytes: () =>
      latin1('Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n', upTo(4 * MIB, '\x1b$B\x1b(B')),
  },
  { name: 'zero-width characters', bytes: () => html(upTo(4 * MIB, '&#8203;&#x202e;x')) },
  {
    name: 'format=flowed',
    bytes: () => latin1('Content-Type: text/plain; format=flowed\r\n\r\n', upTo(4 * MIB, '> x \r\n')),
  },
];

const REPLIES_AND_REPORTS: readonly HostileMessage[] = [
  { name: '100,000 levels of quotes', bytes: () => plain(`${'>'.repeat(100_000)} x\r\n`.repeat(20)) },
  { name: '100,000 lines of quotes', bytes: () => plain('> x\r\n\r\n'.repeat(100_000)) },
  { name: 'lines before quotes', bytes: () => plain(`On 5 ${'wrote '.repeat(40)}:\r\n`.repeat(15_000)) },
  {
    name: 'a report on 100,000 recipients',
    bytes: () =>
      report(
        'message/delivery-status',
        lines(
          100_000,
          (n) => `Final-Recipient: rfc822; u${n}@a.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n`,
        ),
      ),
  },
  {
    name: 'a report of one field, 25 MiB',
    bytes: () => report('message/delivery-status', `Action: ${upTo(LARGEST_BYTES, 'failed\r\n ')}`),
  },
  {
    name: 'a report of empty lines',
    bytes: () => report('message/delivery-status', upTo(LARGEST_BYTES, '\r\n')),
  },
  {
    name: 'a complaint on 100,000 recipients',
    bytes: () =>
      report(
        'message/feedback-report',
        lines(100_000, (n) => `Original-Rcpt-To: <u${n}@a.test>\r\n`),
      ),
  },
  {
    name: 'a notice on 100,000 recipients',
    bytes: () => notice(lines(100_000, (n) => `<u${n}@a.test>: 550 5.1.1 no such user\r\n`)),
  },
  { name: 'a notice of addresses', bytes: () => notice(upTo(4 * MIB, 'a@b.test ')) },
  {
    name: 'a notice of host names',
    bytes: () => notice(`<a@b.test>:\r\n${upTo(4 * MIB, 'host a.b.c.d.e ')}`),
  },
  {
    name: 'a meeting of 100,000 attendees',
    bytes: () =>
      calendar(lines(100_000, (n) => `ATTENDEE;CN="A, ${n}";PARTSTAT=ACCEPTED:mailto:u${n}@a.test\r\n`)),
  },
  { name: 'a meeting of folds', bytes: () => calendar(`SUMMARY:x${upTo(4 * MIB, '\r\n y')}\r\n`) },
  {
    name: '100,000 events',
    bytes: () =>
      calendar('END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART:20260101T100000Z\r\n'.repeat(100_000)),
  },
  { name: 'nested components', bytes: () => calendar('BEGIN:VALARM\r\n'.repeat(200_000)) },
  {
    name: 'a rule that never ends',
    bytes: () =>
      calendar(
        `DTSTART:20260101T100000Z\r\nRRULE:FREQ=SECONDLY;COUNT=999999999;BYDAY=${'MO,'.repeat(100_000)}\r\n`,
      ),
  },
  { name: 'escapes of a calendar', bytes: () => calendar(`DESCRIPTION:${upTo(4 * MIB, '\\n\\,\\;')}\r\n`) },
];

/** All of them. */
export function hostileMessages(): readonly HostileMessage[] {
  return [...STRUCTURE, ...HEADERS, ...BODIES, ...REPLIES_AND_REPORTS];
}
