/** Finds a message by what people and agents call it: `<mailbox>/<id>`, or the id alone. */
import { isErrno } from '../system/errors.ts';
import type { Files } from '../system/files.ts';
import { MAIL_FOLDERS, type MailFolder, messagePath } from './layout.ts';
import { type MessagePlace, ReadableMailbox } from './reading.ts';

export type Found =
  | { readonly kind: 'found'; readonly place: MessagePlace; readonly path: string }
  /** More than one has the id; `<mailbox>/<id>` or a folder tells them apart. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly MessagePlace[] }
  | { readonly kind: 'absent' };

export interface FindOptions {
  readonly files: Files;
  readonly dataDir: string;
  /** The mailboxes that the caller may read. */
  readonly mailboxes: readonly { readonly mailbox: string; readonly ownerUid?: number }[];
  /** Where to look; every folder where absent. */
  readonly folder?: MailFolder;
  /** `<mailbox>/<id>` or `<id>`; a final `.md` is not part of it. */
  readonly reference: string;
}

/** @throws AimxError `files.unsafe` or `request.forbidden` where a named mailbox cannot be looked into. */
export async function findMessage(options: FindOptions): Promise<Found> {
  const { mailbox, id } = parseReference(options.reference);
  const candidates: MessagePlace[] = [];
  for (const place of options.mailboxes) {
    if (mailbox !== null && place.mailbox !== mailbox) continue;
    for (const folder of options.folder === undefined ? MAIL_FOLDERS : [options.folder]) {
      await using source = await ReadableMailbox.open(options, { ...place, folder });
      const form = (await source?.formOf(id)) ?? null;
      if (form !== null) candidates.push({ mailbox: place.mailbox, folder, id, form });
    }
  }
  const [place] = candidates;
  if (place === undefined) return { kind: 'absent' };
  if (candidates.length > 1) return { kind: 'ambiguous', candidates };
  return { kind: 'found', place, path: messagePath({ dataDir: options.dataDir, ...place }) };
}

function parseReference(reference: string): { readonly mailbox: string | null; readonly id: string } {
  const slash = reference.indexOf('/');
  return {
    mailbox: slash === -1 ? null : reference.slice(0, slash),
    id: reference.slice(slash + 1).replace(/\.md$/, ''),
  };
}

/**
 * The whole Markdown of a message that {@link findMessage} found; null where it has gone since.
 *
 * @throws AimxError `files.unsafe`, `files.too-large`, `request.forbidden`.
 */
export async function readMessage(
  options: Pick<FindOptions, 'files' | 'dataDir'>,
  place: MessagePlace & { readonly ownerUid?: number },
): Promise<Uint8Array | null> {
  await using source = await ReadableMailbox.open(options, place);
  try {
    return (await source?.readMarkdown(place.id, place.form)) ?? null;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
