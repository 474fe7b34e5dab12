/**
 * First step: `accepted` → `authenticated`; and again later where DNS had no answer.
 *
 * Who wrote the message is asked after the `250` and never before it: a resolver that hangs delays
 * a hook, not the sender's reply. What DNS leaves open is no `fail`: the message is delivered, hooks
 * that need trust are held, and the question is asked again until there is an answer (design §3.4).
 */
import { compareRank, type Verdict } from '../authentication/verdict.ts';
import type { DeliveryRow, MessageRow, Reassessment } from '../journal/journal.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import { type Standing, standingOf } from './identify.ts';
import type { World } from './world.ts';

/** The first pause before it is asked again, doubled with each. */
const RECHECK_MS_MIN = 5_000;
/** An outage that ends is noticed within this. */
const RECHECK_MS_MAX = 15 * 60_000;
/** After a day what is still open stays open: a domain without working DNS is no passing trouble. */
const RECHECK_FOR_MS = 24 * 60 * 60_000;

export interface Authenticated {
  readonly verdict: Verdict;
  /** When it is asked again; null: the answer is final. */
  readonly recheckAt: EpochMs | null;
  /** Deliveries whose file is to be made anew because the answer has changed. */
  readonly promoting: readonly DeliveryRow[];
}

/** @returns the verdict that is stored with the message, asked for where there is none or it is time to ask again. */
export async function authenticateStep(
  message: MessageRow,
  world: World,
  signal: AbortSignal,
): Promise<Authenticated> {
  const { verdict: stored } = message;
  if (stored !== null && !isRecheckDue(message, world.clock.now()))
    return { verdict: stored, recheckAt: message.recheckAt, promoting: [] };
  const verdict = await world.authenticator.authenticate(message, { signal });
  const at = world.clock.now();
  const recheckAt = verdict.provisional ? nextRecheck(message, at) : null;
  const { promoting } = await world.journal.advance('authenticated', {
    journalId: message.journalId,
    verdict,
    recheckAt,
    reassessed: stored === null ? [] : reassess(message, verdict, recheckAt === null, world),
    at,
  });
  world.faults.reach('pipeline.authenticated');
  if (recheckAt !== null)
    world.log.warn('message.unverified', {
      journal_id: message.journalId,
      spf: verdict.spf,
      dkim: verdict.dkim,
      dmarc: verdict.dmarc,
      rechecks: message.rechecks,
    });
  return { verdict, recheckAt, promoting };
}

/** What is half-way into a mailbox gets there first, with the answer that it was decided by. */
function isRecheckDue({ recheckAt, deliveries }: MessageRow, now: EpochMs): boolean {
  return recheckAt !== null && recheckAt <= now && deliveries.every(({ state }) => !HALF_WAY.has(state));
}

const HALF_WAY: ReadonlySet<DeliveryRow['state']> = new Set([
  'reserved',
  'staged',
  'promoting',
  'exchanging',
]);

/** @returns null where it has been asked for a day. */
function nextRecheck({ arrival, rechecks, verdict }: MessageRow, at: EpochMs): EpochMs | null {
  if (at - arrival.receivedAt >= RECHECK_FOR_MS) return null;
  const asked = verdict === null ? 0 : rechecks + 1;
  return epochMs(at + Math.min(RECHECK_MS_MAX, RECHECK_MS_MIN * 2 ** Math.min(asked, 16)));
}

/**
 * Deliveries that stand and of which a later answer says something else. While questions are open only
 * what raises their rank counts (trust is the highest one), so that servers which come and go do not have
 * files written again and again.
 */
function reassess(
  message: MessageRow,
  verdict: Verdict,
  isFinal: boolean,
  world: World,
): readonly Reassessment[] {
  return message.deliveries
    .filter(({ state }) => state === 'delivered')
    .map((delivery) => ({ delivery, standing: standingOf(delivery, message, verdict, world) }))
    .filter(({ delivery, standing }) =>
      isFinal
        ? showsOther(message.verdict, verdict) || standsOtherwise(delivery, standing)
        : delivery.rank === null || compareRank(standing.rank, delivery.rank) > 0,
    )
    .map(({ delivery: { deliveryId }, standing: { rank, trusted, trustReason } }) => ({
      deliveryId,
      rank,
      trusted,
      trustReason,
    }));
}

function standsOtherwise(delivery: DeliveryRow, standing: Standing): boolean {
  return (
    standing.rank !== delivery.rank ||
    standing.trusted !== delivery.trusted ||
    standing.trustReason !== delivery.trustReason
  );
}

/** Whether the file would show other results (contract §5). */
function showsOther(before: Verdict | null, now: Verdict): boolean {
  return (
    before?.spf !== now.spf ||
    before.dkim !== now.dkim ||
    before.dmarc !== now.dmarc ||
    before.authDomain !== now.authDomain
  );
}
