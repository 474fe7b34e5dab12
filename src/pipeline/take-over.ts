/**
 * Mailboxes that the earlier version has written are read in once, so that a sender's retry of what it
 * delivered is known (contract §3).
 *
 * Receiving starts at once; decisions on such a mailbox wait until it has been read in.
 */
import type { MailboxId } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import type { World } from './world.ts';

/** How soon a mailbox whose folder could not be used is tried again. */
const RETRY_MS = 30_000;

/** Reads in every mailbox that the journal has not seen read; runs until that is done or `signal` says stop. */
export async function takeOverMailboxes(world: World, signal: AbortSignal): Promise<void> {
  // Each mailbox has its own queue, so that one that hangs keeps no other waiting.
  for (const mailboxId of await world.journal.query('legacy-pending', {})) {
    if (signal.aborted) return;
    takeOver(mailboxId, world, signal).catch((error: unknown) =>
      world.log.error('mailbox.take_over_failed', { error: String(error) }),
    );
  }
}

async function takeOver(mailboxId: MailboxId, world: World, signal: AbortSignal): Promise<void> {
  const place = world.directory.placeOf(mailboxId);
  if (place === null) return;
  const since = epochMs(world.clock.now() - world.config().dedup.windowMs);
  let entries = 0;
  for await (const slice of world.mailboxes.takeOver(place, since)) {
    if (signal.aborted) return;
    if (slice.kind === 'problem') {
      world.log.warn('mailbox.take_over_waits', {
        mailbox: place.mailbox,
        code: slice.problem.kind,
        reason: slice.problem.reason,
        hint: slice.problem.hint,
      });
      world.clock.after(RETRY_MS, () => {
        if (!signal.aborted)
          takeOver(mailboxId, world, signal).catch((error: unknown) =>
            world.log.error('mailbox.take_over_failed', { mailbox: place.mailbox, error: String(error) }),
          );
      });
      return;
    }
    for (const { name, reason } of slice.skipped)
      world.log.warn('mailbox.file_skipped', { mailbox: place.mailbox, name, reason });
    if (slice.entries.length > 0)
      await world.journal.advance('legacy-scanned', {
        mailboxId,
        entries: slice.entries,
        done: false,
        at: world.clock.now(),
      });
    entries += slice.entries.length;
  }
  await world.journal.advance('legacy-scanned', {
    mailboxId,
    entries: [],
    done: true,
    at: world.clock.now(),
  });
  if (entries > 0) world.log.info('mailbox.taken_over', { mailbox: place.mailbox, messages: entries });
}
