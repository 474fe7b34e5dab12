/**
 * Events of a calendar that is sent by mail (RFC 5545, RFC 6047): who, when, where.
 *
 * Times are kept as they are written, in the zone that is named beside them: what a zone means on a day
 * is for calendars to know. Alarms, zones and what else is nested in an event are not looked at.
 */
import type { Address } from '../header/addresses.ts';
import { type ContentLine, parseContentLines, unescapeText } from './content-lines.ts';
import { type CalendarTime, type Duration, parseCalendarTime, parseDuration } from './time.ts';

/** Events that are read; a file with more is a calendar, not an invitation. */
export const EVENTS_MAX: number = 20;
/** Attendees that are kept by name; all are counted. */
export const ATTENDEES_KEPT_MAX: number = 100;
/** RFC 5545 nests two levels. */
const DEPTH_MAX = 8;

export interface Attendee extends Address {
  /** Upper case, such as `ACCEPTED`; `""` where it is not said. */
  readonly participation: string;
}

export interface CalendarEvent {
  readonly kind: 'event' | 'task';
  readonly uid: string;
  readonly summary: string;
  readonly location: string;
  readonly start: CalendarTime | null;
  readonly end: CalendarTime | null;
  readonly duration: Duration | null;
  /** The value of RRULE as written; `""` where the event does not recur. */
  readonly recurrence: string;
  /** Which occurrence of a series this is about; null for the whole. */
  readonly occurrence: CalendarTime | null;
  readonly organizer: Address | null;
  readonly attendees: readonly Attendee[];
  readonly attendeeCount: number;
  /** Upper case, such as `TENTATIVE`; `""` where it is not said. */
  readonly status: string;
}

export interface Calendar {
  /** Upper case, such as `REQUEST`; `""` where it is not said. */
  readonly method: string;
  readonly events: readonly CalendarEvent[];
  /** All of them, those beyond {@link EVENTS_MAX} too. */
  readonly eventCount: number;
}

const COMPONENTS: Readonly<Record<string, CalendarEvent['kind']>> = { VEVENT: 'event', VTODO: 'task' };

function calendarAddress(line: ContentLine): Address {
  const address = line.value.trim().replace(/^mailto:/i, '');
  const email = line.parameters.get('EMAIL') ?? '';
  return {
    name: line.parameters.get('CN') ?? '',
    address: address.includes('@') ? address : email || address,
  };
}

function readEvent(kind: CalendarEvent['kind'], lines: readonly ContentLine[]): CalendarEvent {
  const first = (name: string): ContentLine | undefined => lines.find((line) => line.name === name);
  const text = (name: string): string => unescapeText(first(name)?.value ?? '');
  const word = (name: string): string => (first(name)?.value ?? '').trim().toUpperCase();
  const time = (name: string): CalendarTime | null => {
    const line = first(name);
    return line === undefined ? null : parseCalendarTime(line);
  };
  const organizer = first('ORGANIZER');
  const attendees = lines.filter((line) => line.name === 'ATTENDEE');
  return {
    kind,
    uid: text('UID'),
    summary: text('SUMMARY'),
    location: text('LOCATION'),
    start: time('DTSTART'),
    end: time(kind === 'event' ? 'DTEND' : 'DUE'),
    duration: parseDuration(first('DURATION')?.value ?? ''),
    recurrence: first('RRULE')?.value.trim() ?? '',
    occurrence: time('RECURRENCE-ID'),
    organizer: organizer === undefined ? null : calendarAddress(organizer),
    attendees: attendees.slice(0, ATTENDEES_KEPT_MAX).map((line) => ({
      ...calendarAddress(line),
      participation: (line.parameters.get('PARTSTAT') ?? '').toUpperCase(),
    })),
    attendeeCount: attendees.length,
    status: word('STATUS'),
  };
}

/**
 * Reads a calendar. Never throws; linear in at most the first 256 KiB.
 *
 * @returns null where the text has neither an event nor a task.
 */
export function parseCalendar(text: string): Calendar | null {
  const events: CalendarEvent[] = [];
  let method = '';
  let eventCount = 0;
  let open: {
    readonly kind: CalendarEvent['kind'];
    readonly depth: number;
    readonly lines: ContentLine[];
  } | null = null;
  let depth = 0;
  const close = (): void => {
    if (open === null) return;
    eventCount += 1;
    if (events.length < EVENTS_MAX) events.push(readEvent(open.kind, open.lines));
    open = null;
  };
  for (const line of parseContentLines(text)) {
    if (line.name === 'BEGIN') {
      depth = Math.min(depth + 1, DEPTH_MAX);
      const kind = COMPONENTS[line.value.trim().toUpperCase()];
      if (kind === undefined) continue;
      close();
      open = { kind, depth, lines: [] };
    } else if (line.name === 'END') {
      if (open?.depth === depth) close();
      depth = Math.max(0, depth - 1);
    } else if (open === null) {
      if (line.name === 'METHOD' && method === '') method = line.value.trim().toUpperCase();
    } else if (open.depth === depth) {
      open.lines.push(line);
    }
  }
  close();
  return eventCount === 0 ? null : { method, events, eventCount };
}
