/**
 * Recipients in mailboxes of ours: the message becomes a record of the log, which settles them in the
 * transaction that takes it into the rows. It never leaves this host.
 */
import { parseMailbox } from '../address/mailbox.ts';
import { planSending } from '../hooks/plan-sending.ts';
import {
  type AcceptedRecipient,
  INLINE_BYTES_MAX,
  localArrival,
  type OutgoingBatch,
  type OutgoingRecipient,
  toRunId,
} from '../journal/journal.ts';
import { createRouter } from '../smtp/routing.ts';
import { record, senderOf } from './record.ts';
import type { Happened } from './results.ts';
import type { World } from './world.ts';

/** How soon rows that are behind the log are looked at again. */
const ROWS_BEHIND_MS = 1_000;

interface Found {
  readonly recipient: OutgoingRecipient;
  readonly accepted: AcceptedRecipient;
}

const LOST: Happened = {
  kind: 'failed',
  reply: 'No mailbox here takes mail for this address',
  status: '5.1.1',
};

/**
 * Makes the message a record for those that lead to a mailbox, and gives the others up.
 *
 * @throws what reading the message throws, and what the journal throws.
 */
export async function deliverHere(batch: OutgoingBatch, world: World, signal: AbortSignal): Promise<void> {
  const found = findMailboxes(batch.recipients, world);
  if (found.length > 0) {
    await accept(batch, found, world);
    await untilSettled(batch, found, world, signal);
  }
  const lost = batch.recipients.filter((one) => !found.some(({ recipient }) => recipient === one));
  if (lost.length === 0) return;
  await record(
    batch,
    lost.map((recipient) => [recipient, LOST] as const),
    { stage: 'local' },
    world,
    signal,
  );
}

/**
 * The rows may lack the room for a record that the log has. Until they have taken it over its recipients
 * look due: whoever got their lease then would make a second record, and a third.
 */
async function untilSettled(
  { outgoing: { queueId } }: OutgoingBatch,
  found: readonly Found[],
  { journal, clock }: World,
  signal: AbortSignal,
): Promise<void> {
  const ids = found.map(({ recipient }) => recipient.recipientId);
  for (;;) {
    const row = await journal.query('outgoing', { queueId });
    const open = (row?.recipients ?? []).filter(
      ({ recipientId, endedAt }) => endedAt === null && ids.includes(recipientId),
    );
    if (open.length === 0) return;
    await clock.sleep(ROWS_BEHIND_MS, { signal });
  }
}

/** The config may have changed since they were addressed. */
function findMailboxes(recipients: readonly OutgoingRecipient[], world: World): readonly Found[] {
  const config = world.config();
  const route = createRouter(config);
  const ids = world.mailboxIds();
  return recipients.flatMap((recipient) => {
    const parsed = parseMailbox(recipient.address);
    const answer = parsed.kind === 'parsed' ? route(parsed.value) : null;
    if (answer?.kind !== 'accept') return [];
    const { mailbox, tag } = answer.route;
    const mailboxId = ids[mailbox];
    if (mailboxId === undefined) return [];
    return [{ recipient, accepted: { forwardPath: recipient.address, mailboxId, mailbox, tag } }];
  });
}

async function accept({ outgoing }: OutgoingBatch, found: readonly Found[], world: World): Promise<void> {
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
    arrival: localArrival('outbox', { receivedAt: world.clock.now(), sessionId: outgoing.queueId }),
    content:
      spool === null
        ? { kind: 'inline', chunks, sizeBytes: outgoing.sizeBytes }
        : { kind: 'spooled', spool, sizeBytes: outgoing.sizeBytes },
    // What was read is that: it is checked at its end.
    exactFingerprint: outgoing.raw.sha256,
    lacksIdentity: false,
    settles: {
      queueId: outgoing.queueId,
      purpose: 'local',
      recipientIds: found.map(({ recipient }) => recipient.recipientId),
      hooks: planSending(senderOf(outgoing, world)).map((plan) => ({
        ...plan,
        runId: toRunId(world.random.hex(16)),
      })),
    },
  });
  world.faults.reach('outbound.handed-over');
}
