/** Names of messages: the slug of a subject and the id that is made with it (contract §4). */
import { type EpochMs, formatInstant } from '../../system/clock.ts';

const SLUG_CODE_POINTS_MAX = 20;
/** No subject needs more to fill a slug; the rest is not looked at. */
const SUBJECT_CONSIDERED_MAX = 4_096;
const EMPTY_SLUG = 'no-subject';

/**
 * The slug of a decoded subject: NFC, lower case, runs of what is neither alphabetic nor numeric as
 * one `-`, at most 20 code points. Never empty, never with `/`, `.` or a control character.
 */
export function slugOf(subject: string): string {
  const dashed = subject
    .slice(0, SUBJECT_CONSIDERED_MAX)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{Alphabetic}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  const slug = Array.from(dashed).slice(0, SLUG_CODE_POINTS_MAX).join('').replace(/-+$/, '');
  return slug === '' ? EMPTY_SLUG : slug;
}

/** `YYYY-MM-DD-HHMMSS-<slug>` in UTC; the mailbox adds `-2`, `-3`, … where it is taken. */
export function baseId(receivedAt: EpochMs, subject: string): string {
  const instant = formatInstant(receivedAt);
  const day = instant.slice(0, 10);
  const time = instant.slice(11, 19).replaceAll(':', '');
  return `${day}-${time}-${slugOf(subject)}`;
}
