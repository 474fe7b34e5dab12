/** When a message is tried again. Pure. */
import type { OutgoingRecipient } from '../journal/journal.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';

const MINUTE_MS = 60_000;
/** Soon enough for a greylisting server, which wants to see us again (RFC 6647 §5). */
export const FIRST_RETRY_MS: number = 5 * MINUTE_MS;
/** RFC 5321 §4.5.4.1: less often as time goes by, and still several times a day. */
export const RETRY_MS_MAX: number = 6 * 60 * MINUTE_MS;
/** How far a pause is drawn from its length, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * @param attempts Tries so far, the one that has just failed included.
 * @param draw Between 0 and 1.
 */
export function nextTry(attempts: number, at: EpochMs, draw: number): EpochMs {
  const pause = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 16));
  return epochMs(at + Math.round(pause * (1 - JITTER + 2 * JITTER * draw)));
}

/**
 * Whether somebody has made a recipient due, at or after `since`: sooner than any pause would have. Whoever
 * has mended something and asks for another try wants it now, whatever is remembered of the destination.
 */
export function wasAskedFor(
  { lastAttemptAt, nextAt }: Pick<OutgoingRecipient, 'lastAttemptAt' | 'nextAt'>,
  since: EpochMs,
): boolean {
  if (lastAttemptAt === null || nextAt === null) return false;
  return nextAt >= since && nextAt - lastAttemptAt < Math.floor(FIRST_RETRY_MS * (1 - JITTER));
}
