/**
 * Second step: is this a message that the mailbox holds already?
 *
 * The decision is one transaction of the journal; what goes into it is made here: fingerprints from
 * the reader, and for each mailbox its rank, its trust, the id it would have and the hooks it would
 * start.
 */
import { decideTrust } from '../authentication/trust.ts';
import type { Rank, Trust, Verdict } from '../authentication/verdict.ts';
import type { Config, MailboxConfig } from '../config/config.ts';
import { planHooks } from '../hooks/gate.ts';
import type { Decision, DeliveryRow, HookPlan, IdentifyTarget, MessageRow } from '../journal/journal.ts';
import { baseId } from '../message/document/slug.ts';
import type { MessageSummary } from '../message/message.ts';
import { automaticReason } from './automatic.ts';
import type { World } from './world.ts';

/** A decision, and whether runs were inserted with it. */
export interface Identified {
  readonly decision: Decision;
  readonly hasRuns: boolean;
}

/**
 * Decides on every pending delivery of a message.
 *
 * @param pending Deliveries in state `pending` whose wait is over.
 */
export async function identifyStep(
  message: MessageRow,
  pending: readonly DeliveryRow[],
  verdict: Verdict,
  summary: MessageSummary,
  world: World,
): Promise<readonly Identified[]> {
  const config = world.config();
  const targets = pending.map((delivery) => targetOf(delivery, message, verdict, summary, config, world));
  const { decisions } = await world.journal.advance('identify', {
    journalId: message.journalId,
    identity: {
      contentFingerprint: summary.contentFingerprint,
      messageId: summary.messageId,
      legacyFingerprint: summary.legacyFingerprint,
      inReplyTo: summary.header.inReplyTo === '' ? null : summary.header.inReplyTo,
      references: summary.header.references,
      subject: summary.header.subject,
      from: summary.header.from,
      automatic: automaticReason({
        summary,
        from: summary.header.from,
        // What was ingested had its envelope elsewhere.
        reversePath: message.arrival.via === 'ingest' ? null : message.envelope.reversePath,
        mailboxes: pending.map(({ mailbox }) => mailbox),
        config,
      }),
    },
    targets,
    windowMs: config.dedup.windowMs,
    at: world.clock.now(),
  });
  world.faults.reach('pipeline.identified');
  return decisions.map((decision, index) => ({
    decision,
    // A stored message that is promoted may have runs from hooks that are gone.
    hasRuns: decision.kind === 'promote' || (targets[index]?.hooks.length ?? 0) > 0,
  }));
}

function targetOf(
  delivery: DeliveryRow,
  message: MessageRow,
  verdict: Verdict,
  summary: MessageSummary,
  config: Config,
  world: World,
): IdentifyTarget {
  const mailbox = world.directory.configOf(delivery.mailboxId);
  const trust = trustOf(mailbox, delivery, message, verdict, config);
  return {
    deliveryId: delivery.deliveryId,
    mode: mailbox?.dedupMode ?? config.dedup.mode,
    ...standingFrom(verdict, trust),
    baseId: baseId(message.arrival.receivedAt, summary.header.subject),
    hooks: planReceiving(mailbox, trust),
  };
}

/** The hooks of a message that came in; none in a mailbox that is not in the config any more. */
export function planReceiving(mailbox: MailboxConfig | null, trust: Trust): readonly HookPlan[] {
  if (mailbox === null) return [];
  return planHooks(mailbox.hooks, 'on_receive', trust, { startsRepeats: mailbox.dedupMode === 'off' });
}

/** How a verdict stands in one mailbox. */
export interface Standing {
  readonly rank: Rank;
  readonly trusted: Trust['trusted'];
  readonly trustReason: string | null;
}

/** How a message stands in the mailbox of one of its deliveries, by today's configuration. */
export function standingOf(
  delivery: DeliveryRow,
  message: MessageRow,
  verdict: Verdict,
  world: World,
): Standing {
  const mailbox = world.directory.configOf(delivery.mailboxId);
  return standingFrom(verdict, trustOf(mailbox, delivery, message, verdict, world.config()));
}

function standingFrom(verdict: Verdict, trust: Trust): Standing {
  return { rank: rankOf(verdict, trust), trusted: trust.trusted, trustReason: trust.reason };
}

/** Trust of a mailbox that is not in the config any more is nothing to decide: it has no hooks. */
function trustOf(
  mailbox: MailboxConfig | null,
  delivery: DeliveryRow,
  message: MessageRow,
  verdict: Verdict,
  config: Config,
): Trust {
  if (mailbox === null) return { trusted: 'none', reason: null };
  return decideTrust(mailbox, verdict, {
    receivedAt: message.arrival.receivedAt,
    windowMs: config.dedup.windowMs,
    arcSealers: config.arcSealers,
    deliveredTo: delivery.deliveredTo,
  });
}

function rankOf(verdict: Verdict, trust: Trust): Rank {
  return trust.trusted === 'true' ? 'trusted' : verdict.rank;
}
