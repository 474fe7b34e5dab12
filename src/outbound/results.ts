/**
 * What an attempt means for each of its recipients. Pure.
 */
import type { AttemptResult, OutgoingRecipient, OutgoingRow } from '../journal/journal.ts';
import { formatReply, type SmtpReply } from '../smtp/client/reply.ts';
import type { EpochMs } from '../system/clock.ts';
import { nextTry } from './backoff.ts';
import type { RecipientOutcome, TransmissionOutcome } from './transmission.ts';

/** After so many doubts it is given up: each may have been a copy at the other side. */
export const DOUBTS_MAX = 3;

export interface Judging {
  readonly outgoing: Pick<OutgoingRow, 'expiresAt'>;
  readonly at: EpochMs;
  /** Between 0 and 1. */
  readonly draw: number;
}

export interface Said<Kind extends string> {
  readonly kind: Kind;
  readonly reply: string;
  readonly status: string | null;
}

/** What happened to one recipient, before it is known whether there is time for another try. */
export type Happened =
  | Said<'delivered' | 'failed' | 'deferred'>
  | { readonly kind: 'in-doubt'; readonly reason: string };

export function judge(recipient: OutgoingRecipient, happened: Happened, judging: Judging): AttemptResult {
  const { recipientId } = recipient;
  const { outgoing, at, draw } = judging;
  const isLate = at >= outgoing.expiresAt;
  const nextAt = nextTry(recipient.attempts + 1, at, draw);
  if (happened.kind === 'in-doubt') {
    const reply = `No reply after the end of the message (${happened.reason}): it may have arrived`;
    return isLate || recipient.doubts + 1 >= DOUBTS_MAX
      ? { recipientId, outcome: 'failed', reply, status: '5.4.2', nextAt: null }
      : { recipientId, outcome: 'in-doubt', reply, status: '4.4.2', nextAt };
  }
  const { kind: outcome, reply, status } = happened;
  if (outcome !== 'deferred') return { recipientId, outcome, reply, status, nextAt: null };
  return isLate
    ? { recipientId, outcome: 'failed', reply: `${reply} (given up)`, status: expired(status), nextAt: null }
    : { recipientId, outcome, reply, status, nextAt };
}

/** RFC 3463 §3.5: what was put off for too long. */
function expired(status: string | null): string {
  return status === null ? '5.4.7' : status.replace(/^4/, '5');
}

/** @param index Place of the recipient in the transmission's envelope. */
export function happenedTo(outcome: TransmissionOutcome, index: number): Happened {
  switch (outcome.kind) {
    case 'answered':
      return answered(outcome.recipients[index] ?? null);
    case 'in-doubt': {
      const known = outcome.recipients[index] ?? null;
      return known === null ? { kind: 'in-doubt', reason: outcome.reason } : answered(known);
    }
    case 'unavailable':
      return {
        kind: 'deferred',
        reply: withReply(outcome.reason, outcome.reply),
        status: statusOf(outcome.reply, '4.4.1'),
      };
    case 'impossible':
      return { kind: 'failed', reply: withReply(outcome.reason, outcome.reply), status: outcome.status };
  }
}

function answered(outcome: RecipientOutcome | null): Happened {
  if (outcome === null) return { kind: 'deferred', reply: 'Nothing was said about it', status: '4.4.2' };
  const reply = formatReply(outcome.reply);
  if (outcome.kind === 'accepted')
    return { kind: 'delivered', reply, status: outcome.reply.status ?? '2.0.0' };
  return outcome.permanent
    ? { kind: 'failed', reply, status: statusOf(outcome.reply, '5.0.0') }
    : { kind: 'deferred', reply, status: statusOf(outcome.reply, '4.0.0') };
}

function withReply(reason: string, reply: SmtpReply | null): string {
  return reply === null ? reason : `${reason}: ${formatReply(reply)}`;
}

function statusOf(reply: SmtpReply | null, general: string): string {
  return reply?.status ?? general;
}
