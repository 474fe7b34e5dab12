/** Lists messages from files alone: newest first, by `received_at` and then by id. */
import { AimxError } from '../system/errors.ts';
import type { Files } from '../system/files.ts';
import { textField } from './head.ts';
import { type MailFolder, type MessageForm, messageOfEntry, messagePath, timeOfId } from './layout.ts';
import { ReadableMailbox } from './reading.ts';

/** A message as a list shows it. */
export interface MessageListing {
  readonly id: string;
  readonly mailbox: string;
  readonly folder: MailFolder;
  readonly form: MessageForm;
  readonly path: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly date: string;
  readonly receivedAt: string;
  readonly read: boolean;
  readonly labels: readonly string[];
  readonly trusted: string;
  readonly hasAttachments: boolean;
  readonly sizeBytes: number;
  /** Every field of the frontmatter, as it was read. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An entry that looks like a message and cannot be read. */
export interface SkippedEntry {
  readonly mailbox: string;
  readonly name: string;
  readonly reason: string;
}

export interface ListOptions {
  readonly files: Files;
  readonly dataDir: string;
  /** The mailboxes to list together; `ownerUid` where the caller knows whose each is. */
  readonly mailboxes: readonly { readonly mailbox: string; readonly ownerUid?: number }[];
  readonly folder: MailFolder;
  readonly limit: number;
  readonly cursor?: string | null;
  /** Which messages count; all where absent. */
  readonly accept?: (message: MessageListing) => boolean;
}

export interface ListPage {
  readonly messages: readonly MessageListing[];
  /** What to ask with for the next page; null on the last one. */
  readonly nextCursor: string | null;
  /** What was met and could not be shown, at most {@link SKIPPED_MAX}. */
  readonly skipped: readonly SkippedEntry[];
}

export const SKIPPED_MAX = 100;

/** Files whose heads are read at once; the pool of threads that does it is small. */
const READS_AT_ONCE = 32;

/**
 * Up to this many messages all heads are read. Beyond, the time in a name bounds `received_at`, so
 * that a page of a mailbox of a million costs a page.
 */
const EXACT_COUNT_MAX = 2_000;

/** How far `received_at` may lie from the time in the id, where the bound is used: both say when it came. */
const ID_TIME_TOLERANCE_MS: number = 60 * 60 * 1000;

/** Place in the order: later first, then the greater id, then the mailbox. */
interface Key {
  readonly time: number;
  readonly id: string;
  readonly mailbox: string;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Negative where `a` stands before `b` in the list. */
function compareKeys(a: Key, b: Key): number {
  return b.time - a.time || compareText(b.id, a.id) || compareText(a.mailbox, b.mailbox);
}

function formatCursor({ time, id, mailbox }: Key): string {
  return Buffer.from(JSON.stringify([time, id, mailbox])).toString('base64url');
}

function parseCursor(cursor: string): Key {
  try {
    const [time, id, mailbox] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof time === 'number' && typeof id === 'string' && typeof mailbox === 'string')
      return { time, id, mailbox };
  } catch {
    // Not ours; said below.
  }
  throw new AimxError('request.invalid', `Cannot use the cursor ${JSON.stringify(cursor.slice(0, 100))}`, {
    hint: 'Give back `next_cursor` as it was answered, or leave it out to begin anew',
  });
}

interface Candidate {
  readonly source: ReadableMailbox;
  readonly name: string;
  readonly id: string;
  readonly form: MessageForm;
  /** When it came, as its id says; null where nothing bounds `received_at`. */
  readonly time: number | null;
}

type Looked =
  | { readonly kind: 'message'; readonly key: Key; readonly listing: MessageListing }
  | { readonly kind: 'skipped'; readonly entry: SkippedEntry }
  | { readonly kind: 'other' };

/**
 * Lists one page.
 *
 * A cursor is a place in the order and not a count, so messages that come or go meanwhile neither
 * repeat nor hide others. Mailboxes that do not exist are empty.
 *
 * @throws AimxError `request.invalid` for a cursor that is none, `request.forbidden`, `files.unsafe`.
 */
export async function listMessages(options: ListOptions): Promise<ListPage> {
  const after = options.cursor ? parseCursor(options.cursor) : null;
  await using sources = new AsyncDisposableStack();
  const candidates: Candidate[] = [];
  for (const place of options.mailboxes) {
    const source = await ReadableMailbox.open(options, { ...place, folder: options.folder });
    if (source === null) continue;
    sources.use(source);
    candidates.push(...(await candidatesOf(source)));
  }
  return await collect(options, bounded(candidates), after);
}

async function candidatesOf(source: ReadableMailbox): Promise<readonly Candidate[]> {
  const byId = new Map<string, Candidate>();
  for (const name of await source.entryNames()) {
    const message = messageOfEntry(name);
    // Where both forms are there, the file is the message.
    if (message === null || (message.form === 'bundle' && byId.has(message.id))) continue;
    byId.set(message.id, { source, name, ...message, time: timeOfId(message.id) });
  }
  return [...byId.values()];
}

/** Orders candidates by the latest time that each can have. */
function bounded(candidates: readonly Candidate[]): readonly Candidate[] {
  const latest = ({ time }: Candidate): number => time ?? Number.POSITIVE_INFINITY;
  const known =
    candidates.length <= EXACT_COUNT_MAX ? candidates.map((one) => ({ ...one, time: null })) : candidates;
  return known.toSorted((a, b) => latest(b) - latest(a) || 0);
}

async function collect(
  options: ListOptions,
  candidates: readonly Candidate[],
  after: Key | null,
): Promise<ListPage> {
  const skipped: SkippedEntry[] = [];
  // One more than asked for: it tells whether there is a next page.
  let found: (Looked & { readonly kind: 'message' })[] = [];
  for (let next = 0; next < candidates.length; next += READS_AT_ONCE) {
    const batch = candidates.slice(next, next + READS_AT_ONCE);
    const last = found[options.limit];
    const bound = batch[0]?.time ?? null;
    if (last !== undefined && bound !== null && last.key.time > bound + ID_TIME_TOLERANCE_MS) break;
    const worth = batch.filter(
      ({ time }) => after === null || time === null || time - ID_TIME_TOLERANCE_MS <= after.time,
    );
    for (const looked of await Promise.all(worth.map((candidate) => look(options, candidate)))) {
      if (looked.kind === 'skipped' && skipped.length < SKIPPED_MAX) skipped.push(looked.entry);
      if (looked.kind !== 'message' || (after !== null && compareKeys(after, looked.key) >= 0)) continue;
      if (options.accept === undefined || options.accept(looked.listing)) found.push(looked);
    }
    found = found.sort((a, b) => compareKeys(a.key, b.key)).slice(0, options.limit + 1);
  }
  const page = found.slice(0, options.limit);
  const end = page.at(-1);
  return {
    messages: page.map(({ listing }) => listing),
    nextCursor: found.length > page.length && end !== undefined ? formatCursor(end.key) : null,
    skipped,
  };
}

async function look(options: ListOptions, candidate: Candidate): Promise<Looked> {
  const { source, name, id, form } = candidate;
  const { mailbox } = source;
  try {
    // A name without `.md` that is no folder is no message, such as a note of the owner's.
    if (form === 'bundle' && (await source.statEntry(name))?.kind !== 'folder') return { kind: 'other' };
    const { head, stat } = await source.readHead(id, form);
    if (head.kind !== 'head') {
      const reason = head.kind === 'broken' ? head.reason : 'Its frontmatter has no end';
      return { kind: 'skipped', entry: { mailbox, name, reason } };
    }
    const { fields } = head;
    const path = messagePath({ dataDir: options.dataDir, folder: options.folder, mailbox, id, form });
    const received = Date.parse(textField(fields, 'received_at'));
    const time = Number.isNaN(received) ? (timeOfId(id) ?? stat.modifiedAtMs) : received;
    const listing = listingOf(fields, {
      id,
      mailbox,
      folder: options.folder,
      form,
      path,
      sizeBytes: stat.sizeBytes,
    });
    return { kind: 'message', key: { time, id, mailbox }, listing };
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    // Deleted meanwhile, which owners may do.
    if (error.code === 'ENOENT' && form === 'file') return { kind: 'other' };
    return { kind: 'skipped', entry: { mailbox, name, reason: error.message } };
  }
}

function listingOf(
  fields: Readonly<Record<string, unknown>>,
  place: Pick<MessageListing, 'id' | 'mailbox' | 'folder' | 'form' | 'path' | 'sizeBytes'>,
): MessageListing {
  const { labels, attachments, size_bytes: size } = fields;
  return {
    ...place,
    from: textField(fields, 'from'),
    to: textField(fields, 'to'),
    subject: textField(fields, 'subject'),
    date: textField(fields, 'date'),
    receivedAt: textField(fields, 'received_at'),
    read: fields['read'] === true,
    labels: Array.isArray(labels) ? labels.filter((label) => typeof label === 'string') : [],
    trusted: textField(fields, 'trusted') || 'none',
    hasAttachments: Array.isArray(attachments) && attachments.length > 0,
    sizeBytes: typeof size === 'number' ? size : place.sizeBytes,
    fields,
  };
}
