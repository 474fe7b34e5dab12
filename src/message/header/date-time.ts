/**
 * Dates of header fields (RFC 5322 §3.3, §4.3), read leniently, written as RFC 3339.
 */

export interface DateTime {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly instantMs: number;
  /** RFC 3339 with the offset as written; `Z` where it is zero. */
  readonly rfc3339: string;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** RFC 5322 §4.3: names of zones that mean something, in minutes; all others mean `-0000`. */
const ZONES: Readonly<Record<string, number>> = {
  EDT: -240,
  EST: -300,
  CDT: -300,
  CST: -360,
  MDT: -360,
  MST: -420,
  PDT: -420,
  PST: -480,
};

/** `[day-name ,] day month year hour:minute[:second] [zone]`, with `-` between date parts as old software has. */
const RFC_5322 =
  /^(?:[a-z]{2,12}\.?\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]{0,6}\.?[\s,-]+(\d{2,4})[\s,]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?\s*(am|pm)?\s*(?:(?:UTC|GMT)?([+-]\d{1,2}):?(\d{2})|([a-z]{1,5}))?/i;
/** `[day-name] month day hour:minute:second [zone] year`, as asctime(3) writes it. */
const ASCTIME =
  /^(?:[a-z]{3}[\s,]+)?([a-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([+-]\d{2}):?(\d{2})\s+|([a-z]{1,5})\s+)?(\d{4})/i;
const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*(?:([+-]\d{2}):?(\d{2})|(Z))?/i;

/** No date is longer; the rest, comments mostly, is not looked at. */
const DATE_LENGTH_MAX = 200;

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly offsetMinutes: number;
}

/** RFC 5322 §4.3: two digits below 50 are of this century, others and three digits count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length >= 4) return year;
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}

function offsetOf(hours: string | undefined, minutes: string | undefined, zone: string | undefined): number {
  if (hours !== undefined) {
    const sign = hours.startsWith('-') ? -1 : 1;
    return sign * (Math.abs(Number(hours)) * 60 + Number(minutes ?? '0'));
  }
  return ZONES[(zone ?? '').toUpperCase()] ?? 0;
}

function hour24(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function toDateTime(fields: Fields): DateTime | null {
  const { year, month, day, hour, minute, second, offsetMinutes } = fields;
  if (month < 0 || year < 1900 || year > 9999 || day < 1 || day > 31) return null;
  if (hour > 23 || minute > 59 || second > 60 || Math.abs(offsetMinutes) >= 24 * 60) return null;
  const local = Date.UTC(year, month, day, hour, minute, Math.min(second, 59));
  // A day that the month does not have has moved on to the next month.
  if (new Date(local).getUTCMonth() !== month) return null;
  const offset =
    offsetMinutes === 0
      ? 'Z'
      : `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offsetMinutes) / 60))}:${two(Math.abs(offsetMinutes) % 60)}`;
  return {
    instantMs: local - offsetMinutes * 60_000,
    rfc3339: `${new Date(local).toISOString().slice(0, 19)}${offset}`,
  };
}

/** Comments may be nested (RFC 5322 §3.2.2). */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    else if (character === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) kept.push(character);
  }
  return kept.join('').replace(/\s+/g, ' ').trim();
}

/**
 * Reads a date as mail or a mailbox file has it. Never throws.
 *
 * @returns null where it is none, or names a day or time that does not exist.
 */
export function parseDateTime(raw: string): DateTime | null {
  const text = withoutComments(raw.slice(0, DATE_LENGTH_MAX));
  const mail = RFC_5322.exec(text);
  if (mail !== null) {
    return toDateTime({
      year: fullYear(mail[3] as string),
      month: MONTHS.indexOf((mail[2] as string).toLowerCase()),
      day: Number(mail[1]),
      hour: hour24(Number(mail[4]), mail[7]),
      minute: Number(mail[5]),
      second: Number(mail[6] ?? '0'),
      offsetMinutes: offsetOf(mail[8], mail[9], mail[10]),
    });
  }
  const iso = RFC_3339.exec(text);
  if (iso !== null) {
    return toDateTime({
      year: Number(iso[1]),
      month: Number(iso[2]) - 1,
      day: Number(iso[3]),
      hour: Number(iso[4]),
      minute: Number(iso[5]),
      second: Number(iso[6] ?? '0'),
      offsetMinutes: offsetOf(iso[7], iso[8], iso[9]),
    });
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return null;
  return toDateTime({
    year: Number(asctime[9]),
    month: MONTHS.indexOf((asctime[1] as string).toLowerCase()),
    day: Number(asctime[2]),
    hour: Number(asctime[3]),
    minute: Number(asctime[4]),
    second: Number(asctime[5]),
    offsetMinutes: offsetOf(asctime[6], asctime[7], asctime[8]),
  });
}
