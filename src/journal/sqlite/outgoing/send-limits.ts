/**
 * How much a mailbox may send: judged where two that send at once meet.
 */
import { epochMs } from '../../../system/clock.ts';
import type { SubmitOutcome } from '../../outgoing.ts';
import type { Transitions } from '../../transitions.ts';
import type { Context } from '../context.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

type SubmitInput = Transitions['submit']['in'];
type OverLimit = Extract<SubmitOutcome, { kind: 'over-limit' }>;

/** Which limit of the mailbox's configuration the message is over; null where it is within all. */
export function overLimit(
  { db }: Context,
  { submission, limits, at }: SubmitInput,
  addresses: readonly string[],
): OverLimit | null {
  const { mailboxId } = submission;
  const { sendsPerHour, newRecipientsPerDay } = limits;
  if (sendsPerHour !== null) {
    const sent = db.all(
      'SELECT submitted_at AS at FROM outgoing WHERE mailbox_id = ? AND submitted_at > ? ORDER BY submitted_at DESC LIMIT ?',
      mailboxId,
      at - HOUR_MS,
      Math.max(1, sendsPerHour),
    );
    if (sendsPerHour === 0 || sent.length >= sendsPerHour)
      return over(
        'sends-per-hour',
        sendsPerHour,
        ((sent.at(-1)?.['at'] as number | undefined) ?? at) + HOUR_MS,
      );
  }
  if (newRecipientsPerDay !== null) {
    const known = db.all(
      'SELECT address_key FROM correspondents WHERE mailbox_id = ? AND address_key IN (SELECT value FROM json_each(?))',
      mailboxId,
      JSON.stringify(addresses),
    );
    const fresh = new Set(addresses).size - known.length;
    const before = db.all(
      'SELECT first_sent_at AS at FROM correspondents WHERE mailbox_id = ? AND first_sent_at > ? ORDER BY first_sent_at',
      mailboxId,
      at - DAY_MS,
    );
    const tooMany = before.length + fresh - newRecipientsPerDay;
    // Room for all of them comes when as many of the day's first letters are a day old.
    if (fresh > 0 && tooMany > 0)
      return over(
        'new-recipients-per-day',
        newRecipientsPerDay,
        ((before[Math.min(tooMany, before.length) - 1]?.['at'] as number | undefined) ?? at) + DAY_MS,
      );
  }
  return null;
}

function over(limit: OverLimit['limit'], allowed: number, againAt: number): OverLimit {
  return { kind: 'over-limit', limit, allowed, againAt: epochMs(againAt) };
}

/** Why a message of a run is held, where runs have written too often: in all, to one person, in one thread. */
export function loopReason(
  { db }: Context,
  { submission, runId, limits, at }: SubmitInput,
  addresses: readonly string[],
  threadId: string,
): string | null {
  if (runId === null) return null;
  const { runSendsPerHour, perCorrespondentPerHour, perThreadPerDay } = limits;
  if (runSendsPerHour !== null) {
    const row = db.get(
      'SELECT COUNT(*) AS n FROM outgoing WHERE mailbox_id = ? AND submitted_at > ? AND run_id IS NOT NULL',
      submission.mailboxId,
      at - HOUR_MS,
    );
    if ((row?.['n'] as number) >= runSendsPerHour)
      return `loop: Hooks of ${submission.mailbox} have sent ${runSendsPerHour} messages within an hour`;
  }
  if (perThreadPerDay !== null) {
    const row = db.get(
      `SELECT COUNT(*) AS n FROM outgoing
       WHERE thread_id = ? AND submitted_at > ? AND mailbox_id = ? AND run_id IS NOT NULL`,
      threadId,
      at - DAY_MS,
      submission.mailboxId,
    );
    if ((row?.['n'] as number) >= perThreadPerDay)
      return `loop: Hooks have sent ${perThreadPerDay} messages in this thread within a day`;
  }
  if (perCorrespondentPerHour === null) return null;
  for (const [index, address] of addresses.entries()) {
    const row = db.get(
      `SELECT COUNT(*) AS n FROM outgoing_recipients r JOIN outgoing o ON o.journal_id = r.journal_id
       WHERE r.address_key = ? AND o.mailbox_id = ? AND o.submitted_at > ? AND o.run_id IS NOT NULL`,
      address,
      submission.mailboxId,
      at - HOUR_MS,
    );
    if ((row?.['n'] as number) >= perCorrespondentPerHour)
      return `loop: Hooks have sent ${perCorrespondentPerHour} messages to ${submission.recipients[index]?.address} within an hour`;
  }
  return null;
}
