/**
 * `ingest`: a message that comes by hand goes the way of one that comes by SMTP, and the caller waits
 * until its hooks have ended.
 */
import { parseMailbox } from '../address/mailbox.ts';
import type { DeliveryRow, Journal, JournalId, MailboxId, RunRow } from '../journal/journal.ts';
import { FINAL_RUN_STATES, localArrival } from '../journal/journal.ts';
import { createRouter } from '../smtp/routing.ts';
import { AimxError } from '../system/errors.ts';
import { maySee, ownMailbox, requireConfig, requireJournal } from './access.ts';
import { takeContent } from './content-intake.ts';
import type { OperationContext, UploadOperation } from './operation.ts';
import { PAGE_MAX } from './page.ts';
import { type RunView, viewRun } from './run-view.ts';
import { findMessagePath } from './trace.ts';

export interface IngestInput {
  /** An address of one of the caller's mailboxes. */
  readonly recipient: string;
  /** False: answer as soon as the message is on stable storage. */
  readonly wait?: boolean | undefined;
}

export interface IngestOutput {
  readonly journal_id: number;
  readonly mailbox: string;
  /** `accepted` without waiting; `delivered`, `absorbed`, or `waiting` with a reason. */
  readonly outcome: 'accepted' | 'delivered' | 'absorbed' | 'waiting';
  /** Of the file; of the message that holds the copy where it was absorbed. */
  readonly id: string | null;
  readonly path: string | null;
  /** Why it waits, with what to do. */
  readonly reason: string | null;
  readonly runs: readonly RunView[];
  /** Of the message that holds the copy where it was absorbed: what its hooks did, newest first. */
  readonly earlier_runs: readonly RunView[];
}

type Progress = { readonly deliveries: readonly DeliveryRow[]; readonly runs: readonly RunRow[] };

/** Waits that end by themselves as soon as something else of the mailbox has ended. */
const PASSING_WAITS: readonly string[] = ['legacy-scan', 'earlier-copy', 'copy-in-progress'];

/** True where nothing more will happen unless somebody decides or mends something. */
function isSettled({ deliveries, runs }: Progress): boolean {
  if (deliveries.length === 0) return false;
  const isStuck = ({ waiting }: DeliveryRow): boolean =>
    waiting !== null && !PASSING_WAITS.includes(waiting.code);
  const settled = (row: DeliveryRow): boolean =>
    row.state === 'delivered' || row.state === 'absorbed' || isStuck(row);
  const ended = (run: RunRow): boolean => FINAL_RUN_STATES.includes(run.state) || run.state === 'held';
  const waits = deliveries.some(isStuck);
  return deliveries.every(settled) && (waits || runs.every(ended));
}

/** Waits for rows, not for time: every change of a row is a reason to look again. */
async function waitUntilSettled(
  journal: Pick<Journal, 'query' | 'onChange'>,
  journalId: JournalId,
  signal: AbortSignal,
): Promise<Progress> {
  let notify = (): void => undefined;
  using _messages = journal.onChange('messages', () => notify());
  using _runs = journal.onChange('runs', () => notify());
  signal.addEventListener('abort', () => notify(), { once: true });
  for (;;) {
    // Listened for before the question, so that no change falls between question and wait.
    const changed = new Promise<void>((resolve) => {
      notify = resolve;
    });
    const progress = await journal.query('progress', { journalId });
    if (isSettled(progress)) return progress;
    signal.throwIfAborted();
    await changed;
    signal.throwIfAborted();
  }
}

/** Where a recipient leads, if that is a mailbox of the caller; a bare name without `@` is refused but `postmaster`. */
function routed(
  context: OperationContext,
  recipient: string,
): { mailbox: string; tag: string | null; mailboxId: MailboxId } {
  const unknown = new AimxError(
    'request.not-found',
    `No mailbox that you may use takes mail for ${JSON.stringify(recipient)}`,
    { hint: 'aimx mailboxes list shows the addresses of yours' },
  );
  const parsed = parseMailbox(recipient);
  const isPostmaster = recipient.toLowerCase() === 'postmaster';
  if (parsed.kind !== 'parsed' && !isPostmaster)
    throw new AimxError('request.invalid', `${JSON.stringify(recipient)} is no address`, {
      hint: 'give an address such as you@example.com',
    });
  const config = requireConfig(context);
  const decision = createRouter(config)(
    parsed.kind === 'parsed' ? parsed.value : { localPart: recipient, domain: null },
  );
  if (decision.kind !== 'accept') throw unknown;
  const { route } = decision;
  try {
    ownMailbox(context, route.mailbox);
  } catch (error) {
    if (error instanceof AimxError && error.code === 'request.not-found') throw unknown;
    throw error;
  }
  const mailboxId = context.mailboxIds?.[route.mailbox];
  if (mailboxId === undefined) throw unknown;
  return { ...route, mailboxId };
}

async function accept(
  context: OperationContext,
  target: ReturnType<typeof routed>,
  recipient: string,
  content: AsyncIterable<Uint8Array>,
): Promise<JournalId> {
  const journal = requireJournal(context);
  const intake = await takeContent(content, {
    journal,
    maxBytes: requireConfig(context).smtp.maxMessageBytes,
    signal: context.signal,
  });
  const { content: taken } = intake;
  // One that was not accepted leaves nothing on the disk; disposing one that was does nothing.
  await using _spool = taken.kind === 'spooled' ? taken.spool : undefined;
  return await journal.accept({
    envelope: {
      reversePath: '',
      recipients: [
        { forwardPath: recipient, mailboxId: target.mailboxId, mailbox: target.mailbox, tag: target.tag },
      ],
      smtputf8: false,
      body: '8BITMIME',
    },
    arrival: localArrival('ingest', { receivedAt: context.clock.now(), sessionId: context.random.hex(8) }),
    ...intake,
  });
}

/** The delivery whose file the caller's message became, or became part of. */
async function holder(
  context: OperationContext,
  delivery: DeliveryRow | undefined,
): Promise<DeliveryRow | null> {
  if (delivery === undefined) return null;
  if (delivery.absorbedInto === null) return delivery;
  const held = await requireJournal(context).query('delivery', { deliveryId: delivery.absorbedInto });
  return held !== null && maySee(context, held) ? held : null;
}

async function runsOf(context: OperationContext, { deliveryId }: DeliveryRow): Promise<readonly RunView[]> {
  const { rows } = await requireJournal(context).query('runs', { filter: {}, deliveryId, limit: PAGE_MAX });
  return rows.map(viewRun);
}

export const ingest: UploadOperation<IngestInput, IngestOutput> = {
  kind: 'upload',
  summary: 'Takes a raw message, delivers it and waits for its hooks.',
  who: 'owner',
  errors: ['request.not-found', 'request.too-large', 'journal.no-room', 'daemon.unreachable'],
  changes: true,
  async run(input, content, context) {
    const journal = requireJournal(context);
    const target = routed(context, input.recipient);
    const journalId = await accept(context, target, input.recipient, content);
    const none = {
      journal_id: journalId,
      mailbox: target.mailbox,
      id: null,
      path: null,
      reason: null,
      runs: [],
      earlier_runs: [],
    };
    if (input.wait === false) return { ...none, outcome: 'accepted' };
    const progress = await waitUntilSettled(journal, journalId, context.signal);
    const delivery = progress.deliveries.find((row) => row.mailbox === target.mailbox);
    const waiting = delivery?.waiting ?? null;
    if (waiting !== null)
      return { ...none, outcome: 'waiting', reason: `${waiting.code}: ${waiting.reason}; ${waiting.hint}` };
    const held = await holder(context, delivery);
    const isAbsorbed = delivery?.state === 'absorbed';
    return {
      ...none,
      outcome: isAbsorbed ? 'absorbed' : 'delivered',
      id: held?.id ?? null,
      path: held?.id == null ? null : await findMessagePath(context, held.mailbox, held.id),
      runs: isAbsorbed ? [] : progress.runs.map(viewRun),
      earlier_runs: isAbsorbed && held !== null ? await runsOf(context, held) : [],
    };
  },
};
