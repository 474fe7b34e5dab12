/** Times and durations of iCalendar (RFC 5545 §3.3.4 to §3.3.6), as they are written. */
import type { ContentLine } from './content-lines.ts';

export interface CalendarTime {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** `HH:MM`; null for a whole day. */
  readonly time: string | null;
  /** `UTC`, the TZID as given, or `""`: the local time of whoever reads it (§3.3.5). */
  readonly zone: string;
}

export interface Duration {
  readonly days: number;
  readonly minutes: number;
}

const TIME = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?$/;

/** Reads a DATE or DATE-TIME with its TZID; null where it names no day or time. */
export function parseCalendarTime(line: ContentLine): CalendarTime | null {
  const match = TIME.exec(line.value.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, , utc] = match;
  const instant = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = instant.getUTCMonth() === Number(month) - 1 && Number(day) > 0;
  if (!exists || Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59) return null;
  return {
    date: `${year}-${month}-${day}`,
    time: hour === undefined ? null : `${hour}:${minute}`,
    zone: hour === undefined ? '' : utc === 'Z' ? 'UTC' : (line.parameters.get('TZID') ?? ''),
  };
}

/** The day before: a DTEND of whole days is the first that is free again (§3.6.1). */
export function dayBefore(date: string): string {
  const instant = Date.parse(`${date}T00:00:00Z`) - 24 * 60 * 60 * 1000;
  return new Date(instant).toISOString().slice(0, 10);
}

const DURATION = /^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:\d{1,8}S)?)?$/;

/** Reads a positive duration (§3.3.6); null where it is none or nothing long. */
export function parseDuration(value: string): Duration | null {
  const match = DURATION.exec(value.trim().toUpperCase());
  if (match === null) return null;
  const [weeks, days, hours, minutes] = match.slice(1, 5).map((digits) => Number(digits ?? 0));
  const duration = { days: (weeks ?? 0) * 7 + (days ?? 0), minutes: (hours ?? 0) * 60 + (minutes ?? 0) };
  return duration.days === 0 && duration.minutes === 0 ? null : duration;
}
