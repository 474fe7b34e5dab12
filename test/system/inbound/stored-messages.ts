/** Mailboxes into a journal and messages out of it, the way the daemon and its pipeline do it. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Journal, MailboxId, MessageRow, RawSource } from '../../../src/journal/journal.ts';
import { systemClock } from '../../../src/system/clock.ts';

export interface StoredMessage {
  readonly row: MessageRow;
  readonly bytes: Buffer;
}

/** All messages that are not done, in order of acceptance; each is checked against its hash. */
export async function storedMessages(journal: Journal, limit = 100_000): Promise<readonly StoredMessage[]> {
  const { messages } = await journal.claimMessages(limit, systemClock.now());
  const stored: StoredMessage[] = [];
  for (const row of messages) stored.push({ row, bytes: await readRaw(row.raw) });
  return stored;
}

/** Gives the mailboxes their ids and says that no folder of the earlier version has to be read in. */
export async function registerMailboxes(
  journal: Journal,
  names: readonly string[],
): Promise<Readonly<Record<string, MailboxId>>> {
  const at = systemClock.now();
  const mailboxes = names.map((name) => ({ name, ownerUid: null }));
  const { ids } = await journal.advance('register-mailboxes', { mailboxes, at });
  for (const mailboxId of Object.values(ids))
    await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at });
  return ids;
}

async function readRaw({ path, offset, sizeBytes, sha256, encoding }: RawSource): Promise<Buffer> {
  if (encoding !== 'plain') throw new Error('A fresh message is not packed');
  await using file = await open(path);
  const bytes = Buffer.alloc(sizeBytes);
  await file.read(bytes, 0, sizeBytes, offset);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new Error(`${path} does not fit its hash`);
  return bytes;
}
