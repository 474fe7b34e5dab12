/** What the run of a caller was started for, as far as it bears on what the run may send. */

import type { CallerRun } from '../hooks/inside-run.ts';
import type { Journal, RunOccasion } from '../journal/journal.ts';
import { threadIdOf } from '../message/document/thread-id.ts';
import { parseAddresses } from '../message/header/addresses.ts';
import { fieldValues, readHeaderSection } from '../message/header/header-section.ts';
import { firstBytes } from '../system/first-bytes.ts';
import { maySee, requireJournal } from './access.ts';
import type { OperationContext } from './operation.ts';
import type { LoopOccasion } from './send-loops.ts';

/** More of a header section is in no honest message; what lies beyond names nobody. */
const HEAD_BYTES_MAX = 1024 * 1024;

/** Fields by whose addresses an answer reaches who sent, or all whom a list reaches (RFC 2369 §3.4). */
const SENDER_FIELDS = ['from', 'sender', 'reply-to', 'list-post'];
/** Where a list's own address stands. */
const ADDRESSEE_FIELDS = ['to', 'cc'];

/**
 * The run, where it is one of a mailbox of the caller's: what a process says of itself proves nothing.
 *
 * @returns Null for a run that is not known.
 */
export async function occasionOf(
  context: OperationContext,
  run: Extract<CallerRun, { kind: 'inside' }>,
): Promise<RunOccasion | null> {
  if (run.runId === null) return null;
  const occasion = await requireJournal(context).query('run-occasion', { runId: run.runId });
  return occasion !== null && maySee(context, occasion.run) ? occasion : null;
}

/** What the message to be sent is, as far as it matters here. */
export interface SentFacts {
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** True for an address that leads to a mailbox here. */
  readonly isOurs: (address: string) => boolean;
}

export async function loopOccasionOf(
  context: OperationContext,
  occasion: RunOccasion,
  sent: SentFacts,
): Promise<LoopOccasion> {
  const journal = requireJournal(context);
  const { run, delivery, automatic } = occasion;
  const { mailbox } = run;
  if (delivery.folder === 'sent') {
    const outgoing = await journal.query('outgoing-of', { deliveryId: delivery.deliveryId });
    const recipients = outgoing?.recipients.map(({ address }) => address) ?? delivery.deliveredTo;
    return { kind: 'sent', mailbox, recipients };
  }
  // Of a letter nothing more is asked.
  const [correspondents, isInThread] =
    automatic === null
      ? [[], false]
      : [await correspondentsOf(context, occasion, sent), await isInThreadOf(journal, occasion, sent)];
  return { kind: 'received', mailbox, automatic, correspondents, isInThread };
}

async function correspondentsOf(
  context: OperationContext,
  { from, message, automatic }: RunOccasion,
  { isOurs }: SentFacts,
): Promise<readonly string[]> {
  const addresses = parseAddresses(from).map(({ address }) => address);
  if (message === null) return addresses;
  addresses.push(message.envelope.reversePath);
  if (message.rawKept) {
    const head = await firstBytes(context.openRaw(message.raw), HEAD_BYTES_MAX);
    const section = readHeaderSection(head, { from: 0, to: head.length });
    const named = (fields: readonly string[]): readonly string[] =>
      fields
        .flatMap((field) => fieldValues(section, field))
        .flatMap((value) => parseAddresses(value.replaceAll('mailto:', '')))
        .map(({ address }) => address);
    addresses.push(...named(SENDER_FIELDS));
    // A person here who is on the list too may be told of what came by it.
    if (automatic?.startsWith('list:'))
      addresses.push(...named(ADDRESSEE_FIELDS).filter((to) => !isOurs(to)));
  }
  return addresses.filter((address) => address !== '');
}

/** By the thread's root, which may never have come here, and by what has come: the parent and the root. */
async function isInThreadOf(
  journal: Pick<Journal, 'query'>,
  { delivery, run }: RunOccasion,
  { inReplyTo, references }: SentFacts,
): Promise<boolean> {
  const named = new Set([inReplyTo, references.at(-1), references[0]].filter((id) => id != null));
  for (const id of named) {
    if (
      threadIdOf({ messageId: id, inReplyTo: '', references: [], contentFingerprint: '' }) ===
      delivery.threadId
    )
      return true;
    const found = await journal.query('find', { reference: id, mailboxes: [run.mailbox] });
    if (found.some((known) => known.delivery.threadId === delivery.threadId)) return true;
  }
  return false;
}
