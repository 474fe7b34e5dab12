/**
 * A better authenticated copy takes the place of the stored message: `promoting` → `exchanging` →
 * `delivered` (design §3.3).
 *
 * File, stdin and environment are made anew from the better copy's bytes; runs that were held for
 * lack of trust become due, once. The inode of the staged copy is written down before the exchange,
 * so that a crash on either side of it is told apart.
 */
import type { DeliveryRow } from '../journal/journal.ts';
import { NO_MARKS } from '../mailbox/head.ts';
import type { MessageForm } from '../mailbox/layout.ts';
import type { StagedMessage } from '../mailbox/publish.ts';
import type { MailboxPlace } from '../mailbox/store.ts';
import { assert, assertNever } from '../system/assert.ts';
import { placeFor } from './deliver.ts';
import { planReceiving } from './identify.ts';
import { type ShownVersion, stage } from './stage.ts';
import { stagedNames } from './staged-names.ts';
import { DeliveryObstructed, obstacleOfProblem } from './waiting.ts';
import type { DeliveryWork } from './work.ts';
import type { World } from './world.ts';

/**
 * @param work The stored delivery, whose journal id is the better copy's, and the better copy.
 * @throws DeliveryObstructed where it must wait.
 */
export async function promoteStep(work: DeliveryWork, world: World, signal: AbortSignal): Promise<void> {
  const { delivery } = work;
  const place = placeFor(delivery, world);
  const exchange =
    delivery.state === 'exchanging' ? exchangeOf(delivery) : await stageCopy(work, place, world, signal);
  if ('gone' in exchange) return await record(delivery, 'gone', world, exchange.gone);
  const outcome = await world.mailboxes.promote(place, exchange.staged, exchange.inode);
  world.faults.reach('pipeline.exchanged');
  switch (outcome.kind) {
    case 'replaced':
    case 'gone':
      return await record(delivery, outcome.kind, world);
    case 'problem':
      throw new DeliveryObstructed(obstacleOfProblem(outcome.problem));
    default:
      assertNever(outcome);
  }
}

/** The owner has taken the stored file away. */
interface Gone {
  readonly gone: ShownVersion;
}

interface Exchange {
  readonly staged: StagedMessage;
  readonly inode: string;
}

/** Stages the better copy with the owner's flags. */
async function stageCopy(
  work: DeliveryWork,
  place: MailboxPlace,
  world: World,
  signal: AbortSignal,
): Promise<Exchange | Gone> {
  const { delivery } = work;
  assert(delivery.id !== null, 'a delivered message has an id');
  const marks = await world.mailboxes.storedMarks(place, delivery.id);
  if (marks.kind === 'problem') throw new DeliveryObstructed(obstacleOfProblem(marks.problem));
  const flags = marks.kind === 'stored' ? marks.marks : NO_MARKS;
  // Also for one that is gone: its hooks still start on the better copy's stdin.
  const { staged, shown } = await stage(work, place, world, signal, flags);
  if (marks.kind === 'gone') {
    await world.staging.removeTree(staged.stagedName);
    return { gone: shown };
  }
  const stat = await world.staging.statEntry(staged.stagedName);
  assert(stat !== null, 'a staged copy lies in the staging folder, which is ours alone');
  const exchange = { staged, inode: String(stat.inode) };
  await world.journal.advance('exchanging', {
    deliveryId: delivery.deliveryId,
    inode: exchangeKey(exchange),
    ...shown,
    at: world.clock.now(),
  });
  world.faults.reach('pipeline.exchanging');
  return exchange;
}

/**
 * The row's `exchangeInode` as `<form>:<inode>`: once the staged copy has left staging nothing else
 * tells in which form it is.
 */
function exchangeKey({ staged, inode }: Exchange): string {
  return `${staged.form}:${inode}`;
}

/** What a crash has left of an exchange; the inode in the row tells on which side of it we are. */
function exchangeOf(delivery: DeliveryRow): Exchange {
  const { id, exchangeInode } = delivery;
  const [form, inode] = exchangeInode?.split(':') ?? [];
  assert(id !== null && isForm(form) && inode !== undefined, 'an exchange has an id, a form and an inode');
  const names = stagedNames(delivery);
  return { staged: { stagedName: form === 'file' ? names.file : names.bundle, id, form }, inode };
}

function isForm(form: string | undefined): form is MessageForm {
  return form === 'file' || form === 'bundle';
}

async function record(
  delivery: DeliveryRow,
  outcome: 'replaced' | 'gone',
  world: World,
  shown: ShownVersion = {},
): Promise<void> {
  const mailbox = world.directory.configOf(delivery.mailboxId);
  const trust = { trusted: delivery.trusted ?? 'none', reason: delivery.trustReason } as const;
  await world.journal.advance('promoted', {
    deliveryId: delivery.deliveryId,
    outcome,
    hooks: delivery.folder === 'inbox' ? planReceiving(mailbox, trust) : [],
    ...shown,
    at: world.clock.now(),
  });
  if (delivery.folder === 'inbox')
    world.log.info('delivery.promoted', { mailbox: delivery.mailbox, id: delivery.id, outcome });
}
