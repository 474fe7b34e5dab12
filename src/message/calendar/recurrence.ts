/** Recurrence rules (RFC 5545 §3.3.10) in words where they are simple, as they stand where they are not. */
import { oneLine } from '../header/encoded-word.ts';

/** What is longer says nothing to a reader. */
const RULE_CHARACTERS_MAX = 200;

const UNITS: Readonly<Record<string, readonly [every: string, several: string]>> = {
  DAILY: ['day', 'days'],
  WEEKLY: ['week', 'weeks'],
  MONTHLY: ['month', 'months'],
  YEARLY: ['year', 'years'],
};
const DAYS: Readonly<Record<string, string>> = {
  MO: 'Mon',
  TU: 'Tue',
  WE: 'Wed',
  TH: 'Thu',
  FR: 'Fri',
  SA: 'Sat',
  SU: 'Sun',
};
const ORDINALS: Readonly<Record<string, string>> = {
  '1': 'first ',
  '2': 'second ',
  '3': 'third ',
  '4': 'fourth ',
  '5': 'fifth ',
  '-1': 'last ',
};
/** Parts that the words say, or that change nothing of them. */
const SAID = new Set(['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'COUNT', 'UNTIL', 'WKST']);

/** `the first Mon`, `Tue`; null where it is no weekday. */
function dayInWords(day: string): string | null {
  const match = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/.exec(day.trim());
  const name = DAYS[match?.[2] ?? ''];
  if (match === null || name === undefined) return null;
  if (match[1] === undefined) return name;
  const ordinal = ORDINALS[match[1].replace('+', '')];
  return ordinal === undefined ? null : `the ${ordinal}${name}`;
}

function onDays(parts: ReadonlyMap<string, string>): string | null {
  const byDay = parts.get('BYDAY');
  const byMonthDay = parts.get('BYMONTHDAY');
  if (byDay !== undefined && byMonthDay !== undefined) return null;
  if (byMonthDay !== undefined)
    return /^\d{1,2}(?:,\d{1,2}){0,30}$/.test(byMonthDay) ? ` on day ${byMonthDay}` : null;
  if (byDay === undefined) return '';
  const days = byDay.split(',').map(dayInWords);
  return days.includes(null) ? null : ` on ${days.join(', ')}`;
}

function until(parts: ReadonlyMap<string, string>): string | null {
  const count = parts.get('COUNT');
  if (count !== undefined) return /^\d{1,6}$/.test(count) ? `, ${count} times` : null;
  const last = parts.get('UNTIL');
  if (last === undefined) return '';
  const day = /^(\d{4})(\d{2})(\d{2})(?:T|$)/.exec(last);
  return day === null ? null : ` until ${day[1]}-${day[2]}-${day[3]}`;
}

/** @param rule The value of RRULE, upper case or not. @returns `every 2 weeks on Mon, Wed until 2026-12-31`. */
export function describeRecurrence(rule: string): string {
  const line = oneLine(rule.slice(0, RULE_CHARACTERS_MAX)).toUpperCase();
  const parts = new Map<string, string>();
  for (const part of line.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const unit = UNITS[parts.get('FREQ') ?? ''];
  const interval = parts.get('INTERVAL') ?? '1';
  const days = onDays(parts);
  const end = until(parts);
  const isSimple = [...parts.keys()].every((name) => SAID.has(name)) && /^\d{1,4}$/.test(interval);
  if (unit === undefined || days === null || end === null || !isSimple) return `by the rule ${line}`;
  const every = Number(interval) === 1 ? `every ${unit[0]}` : `every ${Number(interval)} ${unit[1]}`;
  return `${every}${days}${end}`;
}
