import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCalendar } from './calendar.ts';
import { describeCalendar } from './describe.ts';
import { describeRecurrence } from './recurrence.ts';

function described(lines: readonly string[], method = 'REQUEST'): string {
  const calendar = parseCalendar(
    ['BEGIN:VCALENDAR', `METHOD:${method}`, 'BEGIN:VEVENT', ...lines, 'END:VEVENT', 'END:VCALENDAR'].join(
      '\r\n',
    ),
  );
  return calendar === null ? '' : describeCalendar(calendar);
}

test('describeCalendar() says who, when and where', () => {
  const check = (lines: readonly string[], expected: readonly string[], method?: string): void =>
    assert.deepEqual(described(lines, method).split('\n'), expected);
  check(
    [
      'BEGIN:VALARM',
      'SUMMARY:of the alarm',
      'END:VALARM',
      'UID:1@x.test',
      'SUMMARY:Plans\\, and\\nmore\\; a long',
      '  line',
      'DTSTART;TZID=Europe/Berlin:20261201T100000',
      'DTEND;TZID=Europe/Berlin:20261201T110000',
      'RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261231T000000Z',
      'LOCATION:Room 5',
      'ORGANIZER;CN="Doe, Jane":mailto:jane@x.test',
      'ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:agent@b.test',
      'ATTENDEE:MAILTO:joe@x.test',
      'STATUS:CONFIRMED',
      'BEGIN:VALARM',
      'SUMMARY:of the alarm',
      'END:VALARM',
    ],
    [
      'Calendar invitation: Plans, and more; a long line',
      'When: 2026-12-01 10:00–11:00 (Europe/Berlin), every week on Tue until 2026-12-31',
      'Where: Room 5',
      'Organizer: "Doe, Jane" <jane@x.test>',
      'Attendees: 2',
      'Status: confirmed',
    ],
  );
  check(
    ['SUMMARY:Lunch', 'DTSTART:20261201T100000Z', 'DURATION:PT1H30M', 'STATUS:CANCELLED'],
    ['Calendar cancellation: Lunch', 'When: 2026-12-01 10:00 UTC, for 1 h 30 min', 'Status: cancelled'],
    'CANCEL',
  );
  check(
    ['SUMMARY:Lunch', 'DTSTART:20261201T100000', 'ATTENDEE;CN=Joe;PARTSTAT=DECLINED:mailto:joe@x.test'],
    [
      'Answer to a calendar invitation: Lunch',
      'Answer: Joe <joe@x.test> declined',
      'When: 2026-12-01 10:00 (local time, no zone is named)',
    ],
    'REPLY',
  );
  check(
    ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'],
    ['Calendar event: (no title)', 'When: 2026-12-24 to 2026-12-26, all day'],
    'PUBLISH',
  );
  check(
    ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261225'],
    ['Calendar invitation: (no title)', 'When: 2026-12-24, all day'],
  );
  check(
    ['DTSTART:20261224T230000Z', 'DTEND:20261225T010000Z', 'RECURRENCE-ID:20261223T230000Z'],
    [
      'Calendar invitation: (no title)',
      'When: 2026-12-24 23:00 to 2026-12-25 01:00 UTC',
      'Of a series, the date: 2026-12-23 23:00 UTC',
    ],
  );
  check(
    ['DTSTART;TZID="A:B;C":20261224T230000', 'SUMMARY:\x1b[31m\u202ered\0'],
    ['Calendar invitation: [31mred', 'When: 2026-12-24 23:00 (A:B;C)'],
  );
  check(['DTSTART:20261399T100000Z', 'SUMMARY:x'], ['Calendar invitation: x']); // No such day.
  check(
    ['DTSTART:20261224T230000Z', 'RRULE:FREQ=\u202eX', 'SUMMARY:x'],
    ['Calendar invitation: x', 'When: 2026-12-24 23:00 UTC, by the rule FREQ=X'],
  );
  check(['DTSTART:tomorrow', 'no line', ':', ';=:', 'SUMMARY:x'], ['Calendar invitation: x']);
});

test('parseCalendar() finds what is there', () => {
  assert.equal(parseCalendar(''), null);
  assert.equal(parseCalendar('BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nEND:VTIMEZONE\nEND:VCALENDAR'), null);
  const unended = parseCalendar('BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\nBEGIN:VEVENT\nSUMMARY:b');
  assert.deepEqual(
    unended?.events.map(({ summary }) => summary),
    ['a', 'b'],
  );
  const many = parseCalendar('BEGIN:VEVENT\nSUMMARY:a\nEND:VEVENT\n'.repeat(100));
  assert.equal(many?.eventCount, 100);
  assert.match(describeCalendar(many ?? assert.fail()), /… and 95 more events/);
  const task = parseCalendar('BEGIN:VTODO\nSUMMARY:Pay\nDUE;VALUE=DATE:20261224\nEND:VTODO');
  assert.equal(describeCalendar(task ?? assert.fail()), 'Calendar task: Pay\nWhen: due 2026-12-24');
});

test('describeRecurrence() says simple rules in words', () => {
  const check = (rule: string, expected: string): void =>
    assert.equal(describeRecurrence(rule), expected, rule);
  check('FREQ=DAILY', 'every day');
  check('FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU;COUNT=10', 'every 2 weeks on Mon, Wed, 10 times');
  check('FREQ=MONTHLY;BYDAY=-1FR', 'every month on the last Fri');
  check('FREQ=MONTHLY;BYMONTHDAY=1,15', 'every month on day 1,15');
  check('freq=yearly;until=20301231', 'every year until 2030-12-31');
  check('FREQ=YEARLY;BYMONTH=3;BYDAY=1SU', 'by the rule FREQ=YEARLY;BYMONTH=3;BYDAY=1SU');
  check('FREQ=SECONDLY', 'by the rule FREQ=SECONDLY');
  check('\n\x07', 'by the rule ');
});

test('parseCalendar() never throws, stays linear, and shows one line a value', () => {
  const line = fc.constantFrom(
    'BEGIN:VEVENT',
    'END:VEVENT',
    'SUMMARY:',
    'DTSTART;TZID=',
    'ATTENDEE;CN="',
    'RRULE:FREQ=',
    'METHOD:',
    ' ',
    ':',
    ';',
    '"',
    '\\',
    '2026',
    'T10',
    '\u2028',
    '\u202e',
    'BEGIN:VALARM',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.string({ unit: 'binary' })), { maxLength: 20 }), (lines) => {
      const calendar = parseCalendar(lines.map((pair) => pair.join('')).join('\n'));
      if (calendar === null) return;
      for (const shown of describeCalendar(calendar).split('\n'))
        assert.doesNotMatch(shown, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
    }),
  );
  for (const piece of [
    'BEGIN:VEVENT\n',
    'A;',
    '"',
    'A:b\n ',
    'ATTENDEE;CN="x":mailto:a@b\n',
    '\\',
    'BEGIN:A\n',
  ]) {
    const startedAt = performance.now();
    const calendar = parseCalendar(`BEGIN:VEVENT\n${piece.repeat(200_000)}`);
    if (calendar !== null) describeCalendar(calendar);
    assert.ok(performance.now() - startedAt < 3_000, piece);
  }
});
