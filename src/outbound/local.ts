/**
 * Recipients in mailboxes of ours: the message becomes a record of the log, which settles them in the
 * transaction that takes it into the rows. It never leaves this host.
 */
import { hash } from 'node:crypto';
import { parseMailbox } from '../address/mailbox.ts';
import { planSending } from '../hooks/plan-sending.ts';
import type { AcceptedRecipient, OutgoingBatch, OutgoingRecipient } from '../journal/journal.ts';
import { toRunId } from '../journal/journal.ts';
import { createRouter } from '../smtp/routing.ts';
import type { World } from './world.ts';

/** Contents up to here are part of the log (design §3.2); larger ones are files of their own. */
const INLINE_BYTES_MAX = 256 * 1024;

/** @returns those that lead to no mailbox any more. */
export async function handToMailboxes(
  { outgoing, recipients }: OutgoingBatch,
  world: World,
): Promise<readonly OutgoingRecipient[]> {
  const config = world.config();
  const route = createRouter({ ...config, postmaster: config.smtp.postmaster });
  const ids = world.mailboxIds();
  const found: { readonly recipient: OutgoingRecipient; readonly accepted: AcceptedRecipient }[] = [];
  const lost: OutgoingRecipient[] = [];
  for (const recipient of recipients) {
    const parsed = parseMailbox(recipient.address);
    const answer = parsed.kind === 'parsed' ? route(parsed.value) : null;
    const mailbox = answer?.kind === 'accept' ? answer.route.mailbox : null;
    const mailboxId = mailbox === null ? undefined : ids[mailbox];
    if (answer?.kind !== 'accept' || mailbox === null || mailboxId === undefined) lost.push(recipient);
    else
      found.push({
        recipient,
        accepted: { forwardPath: recipient.address, mailboxId, mailbox, tag: answer.route.tag },
      });
  }
  if (found.length === 0) return lost;
  const sender = config.mailboxes.find(({ name }) => name === outgoing.mailbox) ?? null;
  await using spool = outgoing.sizeBytes > INLINE_BYTES_MAX ? await world.journal.openSpool() : null;
  const chunks: Uint8Array[] = [];
  for await (const octets of world.openRaw(outgoing.raw))
    if (spool === null) chunks.push(octets);
    else await spool.write(octets);
  await world.journal.accept({
    envelope: {
      reversePath: outgoing.reversePath,
      recipients: found.map(({ accepted }) => accepted),
      smtputf8: outgoing.smtputf8,
      body: '7BIT',
    },
    arrival: {
      via: 'outbox',
      receivedAt: world.clock.now(),
      sessionId: outgoing.queueId,
      clientAddress: null,
      helo: null,
      protocol: 'local',
      tls: null,
    },
    content:
      spool === null
        ? { kind: 'inline', chunks, sizeBytes: outgoing.sizeBytes }
        : { kind: 'spooled', spool, sizeBytes: outgoing.sizeBytes },
    exactFingerprint: spool === null ? hash('sha256', Buffer.concat(chunks)) : outgoing.raw.sha256,
    lacksIdentity: false,
    settles: {
      queueId: outgoing.queueId,
      purpose: 'local',
      recipientIds: found.map(({ recipient }) => recipient.recipientId),
      hooks: planSending(sender).map((plan) => ({ ...plan, runId: toRunId(world.random.hex(16)) })),
    },
  });
  world.faults.reach('outbound.handed-over');
  return lost;
}
