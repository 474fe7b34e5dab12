/** A calendar in plain words, as it stands at the head of a body. */

import { shownValue } from '../enclosures/shown-value.ts';
import { type Address, formatAddress } from '../header/addresses.ts';
import type { Attendee, Calendar, CalendarEvent } from './calendar.ts';
import { describeRecurrence } from './recurrence.ts';
import { type CalendarTime, type Duration, dayBefore } from './time.ts';

/** Events that are shown; the rest is counted. */
export const EVENTS_SHOWN_MAX: number = 5;
/** Answers of attendees that are shown in a reply, which has one. */
const ANSWERS_SHOWN_MAX = 5;

/** What a method makes of an event (RFC 5546 §1.4). */
const TITLES: Readonly<Record<string, string>> = {
  REQUEST: 'Calendar invitation',
  CANCEL: 'Calendar cancellation',
  REPLY: 'Answer to a calendar invitation',
  COUNTER: 'Counter-proposal to a calendar invitation',
  DECLINECOUNTER: 'Counter-proposal declined',
  REFRESH: 'Request for the current state of a calendar event',
  ADD: 'More dates of a calendar event',
};

function who(address: Address): string {
  return formatAddress({ name: shownValue(address.name), address: shownValue(address.address) });
}

function inZone(time: CalendarTime): string {
  if (time.time === null) return '';
  if (time.zone === 'UTC') return ' UTC';
  return time.zone === '' ? ' (local time, no zone is named)' : ` (${shownValue(time.zone)})`;
}

function forDuration({ days, minutes }: Duration): string {
  const pieces = [
    days === 0 ? '' : `${days} ${days === 1 ? 'day' : 'days'}`,
    minutes < 60 ? '' : `${Math.floor(minutes / 60)} h`,
    minutes % 60 === 0 ? '' : `${minutes % 60} min`,
  ];
  return pieces.filter((piece) => piece !== '').join(' ');
}

function wholeDays(start: string, end: CalendarTime | null, duration: Duration | null): string {
  const last = end === null || end.date <= start ? start : dayBefore(end.date);
  if (last > start) return `${start} to ${last}, all day`;
  return duration !== null && duration.days > 1 ? `${start}, ${duration.days} days` : `${start}, all day`;
}

function describeTime({ kind, start, end, duration }: CalendarEvent): string {
  if (start === null) return end === null ? '' : `${kind === 'task' ? 'due' : 'until'} ${instant(end)}`;
  if (start.time === null) return wholeDays(start.date, end, duration);
  if (end?.time != null) {
    if (end.zone !== start.zone) return `${instant(start)} to ${instant(end)}`;
    const last = end.date === start.date ? `–${end.time}` : ` to ${end.date} ${end.time}`;
    return `${start.date} ${start.time}${last}${inZone(start)}`;
  }
  return duration === null ? instant(start) : `${instant(start)}, for ${forDuration(duration)}`;
}

function instant(time: CalendarTime): string {
  return time.time === null ? time.date : `${time.date} ${time.time}${inZone(time)}`;
}

function describeWhen(event: CalendarEvent): string {
  const time = describeTime(event);
  if (event.recurrence === '') return time;
  const recurrence = shownValue(describeRecurrence(event.recurrence));
  return time === '' ? recurrence : `${time}, ${recurrence}`;
}

const ANSWERS: Readonly<Record<string, string>> = {
  ACCEPTED: 'accepted',
  DECLINED: 'declined',
  TENTATIVE: 'accepted with reservation',
  DELEGATED: 'delegated',
  'NEEDS-ACTION': 'has not decided',
  COMPLETED: 'completed',
  'IN-PROCESS': 'began with it',
};

function describeAnswer(attendee: Attendee): string {
  const answer = ANSWERS[attendee.participation] ?? shownValue(attendee.participation).toLowerCase();
  return `Answer: ${who(attendee)}${answer === '' ? '' : ` ${answer}`}`;
}

function describeEvent(event: CalendarEvent, method: string): readonly string[] {
  const title = TITLES[method] ?? (event.kind === 'task' ? 'Calendar task' : 'Calendar event');
  const summary = shownValue(event.summary);
  const lines = [`${title}: ${summary === '' ? '(no title)' : summary}`];
  const add = (label: string, value: string): void => {
    if (value !== '') lines.push(`${label}: ${value}`);
  };
  if (method === 'REPLY') lines.push(...event.attendees.slice(0, ANSWERS_SHOWN_MAX).map(describeAnswer));
  add('When', describeWhen(event));
  if (event.occurrence !== null) add('Of a series, the date', instant(event.occurrence));
  add('Where', shownValue(event.location));
  if (event.organizer !== null) add('Organizer', who(event.organizer));
  if (method !== 'REPLY' && event.attendeeCount > 0) add('Attendees', String(event.attendeeCount));
  add('Status', shownValue(event.status).toLowerCase());
  return lines;
}

/** Says what a calendar asks or tells: a block of lines for each event. Every value is one line, cut. */
export function describeCalendar(calendar: Calendar): string {
  const blocks = calendar.events
    .slice(0, EVENTS_SHOWN_MAX)
    .map((event) => describeEvent(event, calendar.method).join('\n'));
  const more = calendar.eventCount - blocks.length;
  if (more > 0) blocks.push(`… and ${more} more events, which the attached calendar lists`);
  return blocks.join('\n\n');
}
