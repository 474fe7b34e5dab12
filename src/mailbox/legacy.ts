/**
 * Takes over a mailbox's folder whose messages the rows do not know: the earlier version has written
 * it (contract §3), or the rows were restored and are older than it (design §3.8). Closes what others
 * could read, and says of each message what a sender's retry of it would look like.
 */
import { legacyFingerprint } from '../message/fingerprint.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Folder, Owner } from '../system/files.ts';
import { textField } from './head.ts';
import { type MessageForm, messageOfEntry, timeOfId } from './layout.ts';
import { MAILBOX_FOLDER_MODE, MESSAGE_FILE_MODE } from './open-mailbox.ts';
import { readHeadOf } from './reading.ts';

/** What a file says of itself, for the journal's `legacy-scanned`. */
export interface LegacyEntry {
  readonly fingerprint: { readonly kind: 'legacy' | 'content'; readonly hash: string };
  readonly messageId: string | null;
  readonly threadId: string | null;
  readonly id: string;
  readonly receivedAt: EpochMs;
}

export interface LegacySlice {
  readonly entries: readonly LegacyEntry[];
  /** What could not be read or mended; the scan goes on without it. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Entries looked at in one turn of the mailbox's queue, so that mail that comes in is not held up. */
export const LEGACY_SLICE_ENTRIES = 128;

/** SHA-256, as the frontmatter has it. */
const CONTENT_FINGERPRINT = /^[0-9a-f]{64}$/;

/** As in list.ts: the time in a name and `received_at` are of the same instant, give or take. */
const ID_TIME_TOLERANCE_MS: number = 60 * 60 * 1000;

/** Names of a mailbox's folder that may be messages, in order. */
export async function legacyNames(mailbox: Folder): Promise<readonly string[]> {
  return (await mailbox.list()).filter((name) => messageOfEntry(name) !== null).sort();
}

/**
 * Mends and reads some entries. To do so again, after a crash say, is harmless.
 *
 * @param since Messages that came before are mended and not read: no sender repeats them.
 */
export async function takeOverSlice(
  mailbox: Folder,
  options: { readonly names: readonly string[]; readonly account: Owner; readonly since: EpochMs },
): Promise<LegacySlice> {
  const entries: LegacyEntry[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const name of options.names) {
    const message = messageOfEntry(name);
    if (message === null) continue;
    try {
      if (!(await mend(mailbox, name, message.form, options.account))) continue;
      const entry = await readEntry(mailbox, message.id, message.form, options);
      if (entry === 'broken') skipped.push({ name, reason: 'Its frontmatter cannot be read' });
      else if (entry !== null) entries.push(entry);
    } catch (error) {
      // One file that is not what it must be keeps no other from being read.
      if (!(error instanceof AimxError) && !(error instanceof Error && 'errno' in error)) throw error;
      skipped.push({ name, reason: error.message });
    }
  }
  return { entries, skipped };
}

/** Closes a message to others. Answers false for what is no message; never gives a file another owner. */
async function mend(mailbox: Folder, name: string, form: MessageForm, account: Owner): Promise<boolean> {
  if (form === 'file') {
    await mendFile(mailbox, name, account);
    return true;
  }
  if ((await mailbox.statEntry(name))?.kind !== 'folder') return false;
  await using bundle = await mailbox.openFolder(name);
  const stat = await bundle.stat();
  if (stat.uid !== account.uid)
    throw new AimxError('files.unsafe', `Cannot use "${bundle.path}": it belongs to user ${stat.uid}`);
  if (stat.mode !== MAILBOX_FOLDER_MODE) await bundle.setAttributes({ mode: MAILBOX_FOLDER_MODE });
  for (const file of await bundle.list()) await mendFile(bundle, file, account);
  return true;
}

/** The owner of a file is not changed: root's file may have been moved here by who wants to read it. */
async function mendFile(folder: Folder, name: string, account: Owner): Promise<void> {
  const stat = await folder.statEntry(name);
  if (stat?.kind !== 'file' || stat.uid !== account.uid || stat.mode === MESSAGE_FILE_MODE) return;
  await folder.sealFile(name, { mode: MESSAGE_FILE_MODE, from: account, durable: false });
}

async function readEntry(
  mailbox: Folder,
  id: string,
  form: MessageForm,
  { account, since }: { readonly account: Owner; readonly since: EpochMs },
): Promise<LegacyEntry | 'broken' | null> {
  const named = timeOfId(id);
  if (named !== null && named + ID_TIME_TOLERANCE_MS < since) return null;
  const { head, stat } = await readHeadOf(mailbox, { id, form, ownerUid: account.uid });
  if (head.kind !== 'head') return 'broken';
  const { fields } = head;
  const received = Date.parse(textField(fields, 'received_at'));
  const receivedAt = epochMs(Number.isNaN(received) ? (named ?? stat.modifiedAtMs) : received);
  const messageId = textField(fields, 'message_id').replace(/^<|>$/g, '');
  const fingerprint = fingerprintOf(fields, messageId);
  if (receivedAt < since || fingerprint === null) return null;
  const threadId = textField(fields, 'thread_id') || null;
  return { fingerprint, messageId: messageId || null, threadId, id, receivedAt };
}

/** Files of this version carry the fingerprint of their content; the rows may be older than they are. */
function fingerprintOf(
  fields: Readonly<Record<string, unknown>>,
  messageId: string,
): LegacyEntry['fingerprint'] | null {
  const content = textField(fields, 'fingerprint');
  if (CONTENT_FINGERPRINT.test(content)) return { kind: 'content', hash: content };
  const hash = legacyFingerprint({
    messageId,
    from: textField(fields, 'from'),
    date: textField(fields, 'date'),
    subject: textField(fields, 'subject'),
  });
  return hash === null ? null : { kind: 'legacy', hash };
}
