/**
 * Parts that are no text and yet say something to whoever reads the body: calendars, attached messages,
 * what is encrypted, signed, in pieces, elsewhere or in another program's own container.
 *
 * All of them stay attachments as they are; nothing is decrypted, verified, fetched or put together.
 * Pure, total, and bounded by the number of parts, which has a limit of its own.
 */

import { type Calendar, parseCalendar } from '../calendar/calendar.ts';
import { describeCalendar } from '../calendar/describe.ts';
import type { Entity } from '../mime/mime-tree.ts';
import { readPartText } from '../mime/text-part.ts';
import { reportPartName } from '../report/part-name.ts';
import { attachedMessageName, describeMessages, isAttachedMessage } from './attached-message.ts';
import { armourRemark, remarkOf } from './sealed-parts.ts';
import { shownParameter } from './shown-value.ts';

/** Calendars that are read: an invitation is sent as an alternative and as a file. */
const CALENDARS_MAX = 5;

const CALENDAR_TYPES = new Set(['text/calendar', 'application/ics', 'text/x-vcalendar']);

/** What stands at the head of the body, behind it, and in `warnings`. */
export interface Enclosures {
  /** Said before any text: an invitation. */
  readonly head: string;
  /** Said where there is no text to show: why. */
  readonly insteadOfText: string;
  /** Said behind the text: which messages are attached. */
  readonly foot: string;
  readonly warnings: readonly string[];
}

/**
 * The name an attachment declares; where it declares none, the one it should have: a message that of its
 * subject, a calendar or a part of a report one by which it is known. `""` for all others.
 *
 * @param bytes The whole message.
 */
export function attachmentNameOf(bytes: Uint8Array, entity: Entity): string {
  if (entity.name !== '') return entity.name;
  if (isAttachedMessage(entity)) return attachedMessageName(bytes, entity);
  return CALENDAR_TYPES.has(entity.contentType) ? 'invitation.ics' : reportPartName(entity.contentType);
}

/** Whether a calendar tells of nothing but events of those before it: the file beside an alternative. */
function isRepeated(calendar: Calendar, seen: Set<string>): boolean {
  const keys = calendar.events.map((event) => JSON.stringify([event.uid, event.occurrence, event.start]));
  const repeated = keys.every((key) => seen.has(key));
  for (const key of keys) seen.add(key);
  return repeated;
}

function describeCalendars(bytes: Uint8Array, entities: readonly Entity[]): string {
  const seen = new Set<string>();
  return entities
    .filter((entity) => CALENDAR_TYPES.has(entity.contentType))
    .slice(0, CALENDARS_MAX)
    .flatMap((entity) => {
      const calendar = parseCalendar(readPartText(bytes, entity).text);
      if (calendar === null || isRepeated(calendar, seen)) return [];
      const method =
        calendar.method === '' ? shownParameter(entity, 'method').toUpperCase() : calendar.method;
      return [describeCalendar({ ...calendar, method })];
    })
    .join('\n\n');
}

function entitiesOf(root: Entity): readonly Entity[] {
  const all: Entity[] = [];
  const pending = [root];
  for (let entity = pending.pop(); entity !== undefined; entity = pending.pop()) {
    all.push(entity);
    for (const child of entity.children ?? []) pending.push(child);
  }
  return all.sort((a, b) => a.index - b.index);
}

function asSentence(text: string): string {
  return `[${text.charAt(0).toUpperCase()}${text.slice(1)}.]`;
}

/**
 * Reads what the parts of a message say besides its text. Never throws.
 *
 * @param message.bytes The whole message.
 * @param message.text What the body shows of its text parts.
 */
export function readEnclosures(message: {
  readonly bytes: Uint8Array;
  readonly root: Entity;
  readonly text: string;
}): Enclosures {
  const { bytes, root, text } = message;
  const entities = entitiesOf(root);
  const remarks = [...entities.map((entity) => remarkOf(bytes, entity)), armourRemark(text)].filter(
    (each) => each !== null,
  );
  const hiding = new Set(
    remarks.filter(({ hidesText }) => hidesText).map((each) => asSentence(each.sentence)),
  );
  return {
    head: describeCalendars(bytes, entities),
    insteadOfText: [...hiding].join('\n'),
    foot: describeMessages(bytes, entities),
    warnings: [...new Set(remarks.map((each) => `${each.code}: ${each.sentence}`))],
  };
}
