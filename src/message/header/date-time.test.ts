import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDateTime } from './date-time.ts';

test('parseDateTime() gives RFC 3339 with the offset of the sender', () => {
  const check = (raw: string, expected: string | null): void =>
    assert.equal(parseDateTime(raw)?.rfc3339 ?? null, expected, raw);
  // RFC 5322 Appendix A.
  check('Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T09:55:06-06:00');
  check('Tue, 1 Jul 2003 10:52:37 +0200', '2003-07-01T10:52:37+02:00');
  check('Thu,\t13 Feb 1969 23:32 -0330 (Newfoundland (Time))', '1969-02-13T23:32:00-03:30');
  check('21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06Z');
  check('Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', null);
  check('Wed, 31 Dec 2025 23:59:60 +0000', '2025-12-31T23:59:59Z');
  check('Mon, 3 Mar 2025 08:00:00 EST', '2025-03-03T08:00:00-05:00');
  check('Mon, 3 Mar 2025 08:00:00 GMT+0100', '2025-03-03T08:00:00+01:00');
  check('Mon Mar  3 08:00:00 2025', '2025-03-03T08:00:00Z');
  check('2025-03-03T08:00:00.123+05:30', '2025-03-03T08:00:00+05:30');
  check('Mon, 30 Feb 2025 08:00:00 +0000', null);
  check('Mon, 3 Mar 2025 25:00:00 +0000', null);
  check('yesterday', null);
  check('', null);
});

test('parseDateTime() counts the instant in UTC', () => {
  assert.equal(parseDateTime('Thu, 1 Jan 1970 01:00:01 +0100')?.instantMs, 1_000);
});

test('parseDateTime() never throws, and reads its own RFC 3339', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => {
      parseDateTime(raw);
    }),
  );
  const years = { min: new Date('1900-01-02'), max: new Date('9999-12-30'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(years), fc.integer({ min: -839, max: 839 }), (date, offset) => {
      const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
      const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
      const local = date.toISOString().slice(0, 19);
      const text = offset === 0 ? `${local}Z` : `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
      assert.equal(parseDateTime(text)?.rfc3339, text);
    }),
  );
});
