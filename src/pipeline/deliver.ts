/**
 * Last step: `reserved` → `staged` → `delivered`.
 *
 *     row        on disk                                   after a crash
 *     reserved   perhaps a half-made staged file           staged anew
 *     staged     the finished file, in staging             renamed
 *     staged     nothing in staging                        it was delivered, and is never written again
 *     delivered  the file in its mailbox                   —
 */
import type { DeliveryRow } from '../journal/journal.ts';
import type { StagedMessage } from '../mailbox/publish.ts';
import type { MailboxPlace } from '../mailbox/store.ts';
import { assert, assertNever } from '../system/assert.ts';
import { stage } from './stage.ts';
import { stagedNames } from './staged-names.ts';
import { DeliveryObstructed, obstacleOfProblem } from './waiting.ts';
import type { DeliveryWork } from './work.ts';
import type { World } from './world.ts';

/**
 * How many names in a row may be taken by files that are not ours before the delivery waits: an owner
 * who makes files as fast as we find names must not keep the pipeline busy.
 */
const NAMES_TRIED_MAX = 20;

/** @throws DeliveryObstructed where the delivery must wait; a file system's error from staging. */
export async function deliverStep(work: DeliveryWork, world: World, signal: AbortSignal): Promise<void> {
  const { delivery } = work;
  const place = placeFor(delivery, world);
  let current = work;
  for (let tried = 0; tried < NAMES_TRIED_MAX; tried += 1) {
    const row = current.delivery;
    const staged =
      row.state === 'staged'
        ? await findStaged(row, world)
        : await stageAndRecord(current, place, world, signal);
    const outcome = await world.mailboxes.publish(place, staged);
    switch (outcome.kind) {
      case 'published':
      case 'missing':
        world.faults.reach('pipeline.published');
        await world.journal.advance('delivered', {
          deliveryId: row.deliveryId,
          at: world.clock.now(),
        });
        world.faults.reach('pipeline.delivered');
        logDelivered(row, staged.id, work, world);
        return;
      case 'taken': {
        const { id } = await world.journal.advance('id-taken', {
          deliveryId: row.deliveryId,
          at: world.clock.now(),
        });
        // Another name, and what was staged under the taken one is made anew.
        current = { ...current, delivery: { ...row, id, state: 'reserved' }, decided: null };
        break;
      }
      case 'problem':
        throw new DeliveryObstructed(obstacleOfProblem(outcome.problem));
      default:
        assertNever(outcome);
    }
  }
  throw new DeliveryObstructed({
    code: 'names-taken',
    reason: `${NAMES_TRIED_MAX} names in a row were taken in the mailbox folder`,
    hint: `Look what makes files named like ${delivery.id ?? 'messages'} in the mailbox folder`,
  });
}

/** @throws DeliveryObstructed where the mailbox of an accepted message is gone. */
export function placeFor(delivery: DeliveryRow, world: World): MailboxPlace {
  const place = world.directory.placeOf(delivery.mailboxId);
  if (place !== null) return { ...place, folder: delivery.folder };
  throw new DeliveryObstructed({
    code: 'mailbox-removed',
    reason: `mailbox "${delivery.mailbox}" was removed, or given to another owner, after this message was accepted`,
    hint: `Put [mailboxes.${delivery.mailbox}] with its owner back into config.toml and reload`,
  });
}

/** A sent copy is no mail that came. */
function logDelivered(row: DeliveryRow, id: string, { message, summary }: DeliveryWork, world: World): void {
  const { journalId } = message;
  const { mailbox } = row;
  const { from, to, subject } = summary.header;
  if (row.folder === 'sent')
    world.log.info('delivery.filed', { journal_id: journalId, mailbox, id, to, subject });
  else world.log.info('delivery.delivered', { journal_id: journalId, mailbox, id, from, subject });
}

async function stageAndRecord(
  work: DeliveryWork,
  place: MailboxPlace,
  world: World,
  signal: AbortSignal,
): Promise<StagedMessage> {
  const { deliveryId } = work.delivery;
  const { staged, shown, answer } = await stage(work, place, world, signal);
  // Before it counts as staged: a crash in between stages and asks again, and the journal answers once.
  if (answer !== null) {
    await world.journal.advance('answered', { answer, at: world.clock.now() });
    world.faults.reach('pipeline.answered');
  }
  world.faults.reach('pipeline.staging');
  await world.journal.advance('staged', { deliveryId, ...shown, at: world.clock.now() });
  world.faults.reach('pipeline.staged');
  return staged;
}

/** What lies in staging after a crash; a file's name stands for nothing at all, which publishing then finds out. */
async function findStaged(delivery: DeliveryRow, world: World): Promise<StagedMessage> {
  const { id } = delivery;
  assert(id !== null, 'a staged delivery has an id');
  const names = stagedNames(delivery);
  const isBundle = (await world.staging.statEntry(names.bundle)) !== null;
  return isBundle
    ? { stagedName: names.bundle, id, form: 'bundle' }
    : { stagedName: names.file, id, form: 'file' };
}
