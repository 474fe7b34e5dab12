/** The journal of a ground on which no daemon runs, for tests that look into it or put something there. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Journal, type MailboxId, type OutgoingRow, toQueueId } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { DaemonUnderTest, type Ground } from './daemon-under-test.ts';

export function openGroundJournal(ground: Ground): Promise<Journal> {
  return openJournal({
    folder: join(ground.folder, 'data', 'journal'),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
  });
}

/** Runs a daemon once, which makes the folders, and gives its journal with the id of mailbox `agent`. */
export async function preparedJournal(
  ground: Ground,
): Promise<{ readonly journal: Journal; readonly mailboxId: MailboxId }> {
  await (await DaemonUnderTest.start(ground))[Symbol.asyncDispose]();
  const journal = await openGroundJournal(ground);
  const ownerUid = process.getuid?.() ?? 0;
  const { ids } = await journal.advance('register-mailboxes', {
    mailboxes: ['agent', 'other'].map((name) => ({ name, ownerUid })),
    at: systemClock.now(),
  });
  const mailboxId = ids['agent'];
  assert.ok(mailboxId !== undefined);
  return { journal, mailboxId };
}

/** What the rows say of a message of ours. */
export async function outgoingOf(ground: Ground, queueId: string): Promise<OutgoingRow> {
  await using journal = await openGroundJournal(ground);
  const row = await journal.query('outgoing', { queueId: toQueueId(queueId) });
  assert.ok(row !== null);
  return row;
}
