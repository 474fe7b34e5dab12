/**
 * Reading a message: its summary before identity is decided, its text and attachments after.
 *
 * Both happen in a reader process under memory and time limits. An attempt is counted on disk before
 * it is made, so that a message which kills the reader (or the whole machine) is met at most
 * {@link READ_ATTEMPTS_MAX} times; then it is delivered unread, with its header fields, the raw
 * message attached and a warning.
 */
import type { MessageRow } from '../journal/journal.ts';
import type { MessageSummary } from '../message/message.ts';
import { unreadableSummary } from '../message/unreadable.ts';
import { AimxError } from '../system/errors.ts';
import type { ReadOutcome } from './reader.ts';
import { stagedNames } from './staged-names.ts';
import type { DeliveryWork } from './work.ts';
import type { World } from './world.ts';

/** Two deaths are a pattern; the third attempt is the one that reads nothing. */
export const READ_ATTEMPTS_MAX = 2;

/** Waits for a summary before the message is taken for one that no reader survives. */
const SUMMARY_WAITS_MAX = 2;

/**
 * Header fields and fingerprints. It reads no MIME and is linear, so a death here is bad luck of the
 * process (it was killed, the machine was out of memory), and is tried again; the message then waits,
 * and after {@link SUMMARY_WAITS_MAX} waits it is known by its octets alone.
 *
 * @param waited How often the message has waited.
 * @throws AimxError `reader.died`, `reader.timeout` after the last try.
 */
export async function summarizeStep(
  message: MessageRow,
  waited: number,
  world: World,
  signal: AbortSignal,
): Promise<MessageSummary> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await world.reader.summarize(message.raw, { signal });
    } catch (error) {
      if (!isReaderFailure(error) || signal.aborted) throw error;
      world.log.warn('reader.failed', { journal_id: message.journalId, code: error.code, attempt });
      if (attempt <= READ_ATTEMPTS_MAX) continue;
      if (waited < SUMMARY_WAITS_MAX) throw error;
      return unreadableSummary(message.exactFingerprint);
    }
  }
}

/**
 * The text and the attachments, the latter written into the delivery's staging folder.
 *
 * @throws a file system's error where the staging folder cannot be written.
 */
export async function readStep(
  { message, delivery, summary, decided }: DeliveryWork,
  world: World,
  signal: AbortSignal,
): Promise<ReadOutcome> {
  const { bundle } = stagedNames(delivery);
  const folder = `${world.staging.path}/${bundle}`;
  // The first attempt after a decision was counted with it.
  let attempts = decided === null ? await countAttempt(message, world) : message.readAttempts + 1;
  for (;;) {
    try {
      if (attempts > READ_ATTEMPTS_MAX)
        return await world.reader.readUnread(message.raw, summary, folder, { signal });
      world.faults.reach('pipeline.reading');
      return await world.reader.read(message.raw, folder, { signal });
    } catch (error) {
      if (!isReaderFailure(error) || signal.aborted) throw error;
      world.log.warn('reader.failed', { journal_id: message.journalId, code: error.code, attempt: attempts });
      await world.staging.removeTree(bundle);
      if (attempts > READ_ATTEMPTS_MAX) throw error;
      attempts = await countAttempt(message, world);
    }
  }
}

async function countAttempt(message: MessageRow, world: World): Promise<number> {
  const { attempts } = await world.journal.advance('read-attempt', {
    journalId: message.journalId,
    at: world.clock.now(),
  });
  return attempts;
}

function isReaderFailure(error: unknown): error is AimxError {
  return error instanceof AimxError && (error.code === 'reader.died' || error.code === 'reader.timeout');
}
