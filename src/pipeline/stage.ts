/**
 * Makes the finished file or bundle of a delivery in the journal's staging folder, where the
 * mailbox's owner cannot reach it.
 */
import { replyToWarning } from '../authentication/reply-to.ts';
import type { DeliveryRow, OutgoingRow, ReceivedAnswer } from '../journal/journal.ts';
import { NO_MARKS, type OwnerMarks, SENT_MARKS } from '../mailbox/head.ts';
import { markdownName, messagePath } from '../mailbox/layout.ts';
import type { StagedMessage } from '../mailbox/publish.ts';
import type { MailboxOwner, MailboxPlace } from '../mailbox/store.ts';
import { type AttachmentEntry, formatDocument } from '../message/document/document.ts';
import { composeFrontmatter, type DeliveryFacts } from '../message/render.ts';
import { assert } from '../system/assert.ts';
import type { Folder, Owner } from '../system/files.ts';
import { answerOf } from './answer.ts';
import { hookVariables } from './hook-variables.ts';
import { readStep } from './read.ts';
import type { ReadOutcome } from './reader.ts';
import { sentFieldsOf } from './sent-fields.ts';
import { stagedNames } from './staged-names.ts';
import type { DeliveryWork } from './work.ts';
import type { World } from './world.ts';

const MESSAGE_FILE_MODE = 0o600;
const BUNDLE_MODE = 0o700;

/** Of a sent copy: which version of its outgoing row it shows. */
export interface ShownVersion {
  readonly shownVersion?: number;
}

export interface Staged {
  readonly staged: StagedMessage;
  readonly shown: ShownVersion;
  /** What it may answer of ours. */
  readonly answer: ReceivedAnswer | null;
}

/**
 * Stages a delivery: everything it needs is flushed when this resolves, the hooks' stdin included.
 *
 * What an attempt before has left is thrown away and made anew, so that it may be called again at any
 * time.
 */
export async function stage(
  work: DeliveryWork,
  place: MailboxPlace,
  world: World,
  signal: AbortSignal,
  flags: OwnerMarks = work.delivery.folder === 'sent' ? SENT_MARKS : NO_MARKS,
): Promise<Staged> {
  const { delivery } = work;
  const { id } = delivery;
  assert(id !== null, 'a delivery is staged after its id is reserved');
  const { staging } = world;
  const names = stagedNames(delivery);
  if (work.decided === null) {
    await staging.removeFile(names.file);
    await staging.removeTree(names.bundle);
  }
  const read = await readStep(work, world, signal);
  const owner = accountOf(place.owner);
  const form = read.attachments.length === 0 ? 'file' : 'bundle';
  const path = messagePath({
    dataDir: world.config().dataDir,
    folder: delivery.folder,
    mailbox: place.mailbox,
    id,
    form,
  });
  const entries: readonly AttachmentEntry[] = read.attachments.map(
    ({ filename, contentType, sizeBytes }) => ({
      filename,
      content_type: contentType,
      size: sizeBytes,
      path: filename,
    }),
  );
  const outgoing = await outgoingOf(delivery, world);
  const facts = factsOf(work, id, flags, outgoing);
  const warnings = [...read.warnings, ...(outgoing === null ? replyToWarnings(work, read) : [])];
  const frontmatter = composeFrontmatter({ ...read, warnings }, facts, entries);
  const document = new TextEncoder().encode(formatDocument(frontmatter, read.body));
  const written = { mode: MESSAGE_FILE_MODE, ...(owner === null ? {} : { owner }), durable: true };
  if (form === 'file') await staging.writeFile(names.file, document, written);
  else await finishBundle(staging, names.bundle, markdownName(id), document, entries, written);
  if (await hasRuns(work, world))
    await stageStdin(delivery, document, hookVariables(frontmatter, path), world);
  await staging.sync();
  return {
    staged: { stagedName: form === 'file' ? names.file : names.bundle, id, form },
    shown: outgoing === null ? {} : { shownVersion: outgoing.version },
    answer: answerOf({ ...work, read }),
  };
}

/** What is to be said of its Reply-To, which decides where an answer goes. */
function replyToWarnings({ delivery, message }: DeliveryWork, { header }: ReadOutcome): readonly string[] {
  const warning =
    message.verdict === null
      ? null
      : replyToWarning(message.verdict, delivery.trusted ?? 'none', header.replyTo);
  return warning === null ? [] : [warning];
}

async function finishBundle(
  staging: Folder,
  bundleName: string,
  documentName: string,
  document: Uint8Array,
  entries: readonly AttachmentEntry[],
  written: { readonly mode: number; readonly owner?: Owner; readonly durable: boolean },
): Promise<void> {
  await using bundle = await staging.openFolder(bundleName);
  for (const { filename } of entries) await bundle.sealFile(filename, written);
  await bundle.writeFile(documentName, document, written);
  await bundle.setAttributes({
    mode: BUNDLE_MODE,
    ...(written.owner === undefined ? {} : { owner: written.owner }),
  });
  // Last: owner and mode must survive power loss with the names.
  await bundle.sync();
}

async function hasRuns({ delivery, decided }: DeliveryWork, world: World): Promise<boolean> {
  if (decided !== null) return decided.hasRuns;
  const { deliveryId } = delivery;
  const { rows } = await world.journal.query('runs', { filter: {}, deliveryId, limit: 1 });
  return rows.length > 0;
}

/** The hooks' stdin and variables. */
async function stageStdin(
  { deliveryId }: DeliveryRow,
  document: Uint8Array,
  variables: Readonly<Record<string, string>>,
  world: World,
): Promise<void> {
  const json = new TextEncoder().encode(JSON.stringify({ variables }));
  await world.stdin.removeFile(`${deliveryId}.md`);
  await world.stdin.removeFile(`${deliveryId}.json`);
  await Promise.all([
    // The journal's folder is closed to all others; the mode lets a hook's account open /dev/stdin by name.
    world.stdin.writeFile(`${deliveryId}.md`, document, { mode: 0o644, durable: true }),
    world.stdin.writeFile(`${deliveryId}.json`, json, { mode: 0o600, durable: true }),
  ]);
  await world.stdin.sync();
}

/** What has become of a message of ours; null for one that came in. */
async function outgoingOf({ folder, deliveryId }: DeliveryRow, world: World): Promise<OutgoingRow | null> {
  if (folder === 'inbox') return null;
  const outgoing = await world.journal.query('outgoing-of', { deliveryId });
  assert(outgoing !== null, 'a sent copy has its outgoing row');
  return outgoing;
}

function factsOf(
  { delivery, message, summary }: DeliveryWork,
  id: string,
  flags: OwnerMarks,
  outgoing: OutgoingRow | null,
): DeliveryFacts {
  const { verdict } = message;
  assert(verdict !== null && delivery.threadId !== null, 'a reserved delivery has a verdict and a thread');
  return {
    id,
    threadId: delivery.threadId,
    mailbox: delivery.mailbox,
    deliveredTo: delivery.deliveredTo,
    tag: delivery.tag,
    receivedAt: message.arrival.receivedAt,
    receivedFromIp: message.arrival.clientAddress,
    envelopeFrom: outgoing?.reversePath ?? message.envelope.reversePath,
    sizeBytes: message.sizeBytes,
    verdict,
    trusted: delivery.trusted ?? 'none',
    trustReason: delivery.trustReason,
    fingerprint: summary.contentFingerprint,
    flags,
    sent: outgoing === null ? null : sentFieldsOf(outgoing),
  };
}

function accountOf(owner: MailboxOwner): Owner | null {
  return owner === 'missing' ? null : owner;
}
