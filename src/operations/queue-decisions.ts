/** `queue retry|cancel|hold|release|approve`: somebody decides about what is on its way out. */
import { planSending } from '../hooks/plan-sending.ts';
import type { HookPlan, OutgoingRow, QueueId, Transitions } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { callerName, mailboxScope, maySee, refuseUnknownMailbox, requireJournal } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { PAGE_MAX } from './page.ts';
import { ownOutgoing } from './queue.ts';
import { QUEUE_LIFETIME_MS } from './queue-lifetime.ts';

/** Which messages a decision is about: those named, or all that fit. */
export interface QueueSelection {
  readonly messages?: readonly string[] | undefined;
  /** Everything of the caller's that the decision fits, in `mailbox` where that is given. */
  readonly all?: boolean | undefined;
  readonly mailbox?: string | undefined;
}

export interface QueueDecisionOutput {
  /** Queue ids. */
  readonly changed: readonly string[];
  /** Recipients that a cancellation has come too late for: their servers may have the message already. */
  readonly on_their_way?: readonly { readonly queue_id: string; readonly address: string }[];
}

interface Deed {
  readonly decision: Transitions['decide-outgoing']['in']['decision'];
  /** What the rows say of it, before ` by <who>`. */
  readonly word: string;
  /** Why it cannot be done with a message, and what can; null where it can. */
  readonly objection: (row: OutgoingRow) => Objection | null;
}

interface Objection {
  readonly reason: string;
  readonly hint: string;
}

/** Code of what `approve = true` holds; `queue approve` lets it go, and `queue release` everything else. */
const APPROVAL = 'approval';

function codeOf(held: string): string {
  return held.slice(0, held.indexOf(':'));
}

function hasEnded({ queueId, status, endedAt }: OutgoingRow): Objection | null {
  if (endedAt === null) return null;
  return { reason: `has ended: ${status}`, hint: `aimx queue show ${queueId} says how` };
}

function isHeld({ queueId, held }: OutgoingRow): Objection | null {
  if (held === null) return null;
  const verb = codeOf(held) === APPROVAL ? 'approve' : 'release';
  return { reason: `is held (${held})`, hint: `aimx queue ${verb} ${queueId} lets it go` };
}

function isTransmitting({ queueId, recipients }: OutgoingRow): Objection | null {
  const open = recipients.filter(({ endedAt }) => endedAt === null);
  if (!open.every(({ state }) => state === 'transmitting')) return null;
  return {
    reason: 'is being handed over at this moment, which cannot be taken back',
    hint: `aimx queue show ${queueId} says how it ends`,
  };
}

function isNotHeldFor(isRight: (code: string) => boolean): Deed['objection'] {
  return (row) => {
    if (row.held === null)
      return hasEnded(row) ?? { reason: 'is not held', hint: `aimx queue show ${row.queueId}` };
    return isRight(codeOf(row.held)) ? null : isHeld(row);
  };
}

/**
 * Those that are named must all fit, or nothing is changed.
 *
 * @throws `request.invalid` unless either some are named or all are meant; `request.conflict`.
 */
async function selectFitting(
  context: OperationContext,
  { messages = [], all, mailbox }: QueueSelection,
  { objection }: Deed,
): Promise<readonly OutgoingRow[]> {
  if (messages.length > 0 === (all === true))
    throw new AimxError('request.invalid', 'It is not said which messages', {
      hint: 'name some, or give --all',
    });
  if (all === true) return (await openMessages(context, mailbox)).filter((row) => objection(row) === null);
  const rows: OutgoingRow[] = [];
  for (const reference of messages) rows.push(await ownOutgoing(context, reference));
  const named = [...new Map<QueueId, OutgoingRow>(rows.map((row) => [row.queueId, row])).values()];
  const objections = named.flatMap((row) => {
    const found = objection(row);
    return found === null ? [] : [{ queueId: row.queueId, ...found }];
  });
  const [first] = objections;
  if (first === undefined) return named;
  throw new AimxError(
    'request.conflict',
    `Nothing was done: ${objections.map(({ queueId, reason }) => `${queueId} ${reason}`).join('; ')}`,
    { hint: first.hint },
  );
}

async function openMessages(
  context: OperationContext,
  mailbox: string | undefined,
): Promise<readonly OutgoingRow[]> {
  const journal = requireJournal(context);
  const mailboxes = mailboxScope(context, mailbox);
  const found: OutgoingRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await journal.query('outgoing-list', {
      ...(mailboxes === undefined ? {} : { mailboxes }),
      only: 'open',
      limit: PAGE_MAX,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.rows.filter((row) => maySee(context, row)));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  refuseUnknownMailbox(context, mailbox, found);
  return found;
}

/** A mailbox's name may belong to another one now than the one that sent. */
function hooksOf(
  { config, mailboxIds }: OperationContext,
  rows: readonly OutgoingRow[],
): Readonly<Record<string, readonly HookPlan[]>> {
  const senders = (config?.mailboxes ?? []).filter(({ name }) =>
    rows.some(({ mailbox, mailboxId }) => mailbox === name && mailboxIds?.[name] === mailboxId),
  );
  return Object.fromEntries(senders.map((mailbox) => [mailbox.name, planSending(mailbox)]));
}

/** One transaction for at most this many messages: others wait for it. */
const DECIDED_AT_ONCE_MAX = 500;

async function carryOut(
  context: OperationContext,
  { decision, word }: Deed,
  rows: readonly OutgoingRow[],
): Promise<readonly QueueId[]> {
  const changed: QueueId[] = [];
  // What has been held for another reason since it was looked at stays held.
  for (const [code, alike] of Map.groupBy(rows, ({ held }) => (held === null ? null : codeOf(held))))
    for (let from = 0; from < alike.length; from += DECIDED_AT_ONCE_MAX) {
      const batch = alike.slice(from, from + DECIDED_AT_ONCE_MAX);
      const at = context.clock.now();
      const outcome = await requireJournal(context).advance('decide-outgoing', {
        filter: { queueIds: batch.map(({ queueId }) => queueId) },
        decision,
        ...(decision === 'release' && code !== null ? { heldCode: code } : {}),
        ...(decision === 'release' ? { expiresAt: epochMs(at + QUEUE_LIFETIME_MS) } : {}),
        ...(decision === 'cancel' ? { hooks: hooksOf(context, batch) } : {}),
        reason: `operator: ${word} by ${callerName(context)}`,
        by: callerName(context),
        at,
      });
      changed.push(...outcome.changed);
    }
  return changed;
}

/** Which recipients of cancelled messages are behind their final dot. */
async function onTheirWay(
  context: OperationContext,
  changed: readonly QueueId[],
): Promise<Pick<QueueDecisionOutput, 'on_their_way'>> {
  const left: { queue_id: string; address: string }[] = [];
  for (const queueId of changed) {
    const row = await requireJournal(context).query('outgoing', { queueId });
    for (const { address, endedAt } of row?.recipients ?? [])
      if (endedAt === null) left.push({ queue_id: queueId, address });
  }
  return left.length === 0 ? {} : { on_their_way: left };
}

function decisionOf(summary: string, deed: Deed): CallOperation<QueueSelection, QueueDecisionOutput> {
  return {
    kind: 'call',
    summary,
    who: 'owner',
    errors: ['request.not-found', 'request.ambiguous', 'request.conflict', 'daemon.unreachable'],
    changes: true,
    async run(input, context) {
      const rows = await selectFitting(context, input, deed);
      const changed = await carryOut(context, deed, rows);
      const [first] = rows;
      if (changed.length === 0 && input.all !== true && first !== undefined)
        throw new AimxError('request.conflict', `Message ${first.queueId} has changed meanwhile`, {
          hint: `aimx queue show ${first.queueId} says how it stands`,
        });
      return { changed, ...(deed.decision === 'cancel' ? await onTheirWay(context, changed) : {}) };
    },
  };
}

export const queueRetry: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Tries messages now.',
  {
    decision: 'retry',
    word: 'Asked for',
    objection: (row) => hasEnded(row) ?? isHeld(row) ?? isTransmitting(row),
  },
);

export const queueCancel: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Gives messages up: recipients that have not got them never will.',
  {
    decision: 'cancel',
    word: 'Cancelled',
    objection: (row) => hasEnded(row) ?? isTransmitting(row),
  },
);

export const queueHold: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Keeps messages from leaving until they are released.',
  { decision: 'hold', word: 'Held', objection: (row) => hasEnded(row) ?? isHeld(row) },
);

export const queueRelease: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Lets held messages go, but for those that wait for approval.',
  { decision: 'release', word: 'Released', objection: isNotHeldFor((code) => code !== APPROVAL) },
);

export const queueApprove: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Approves messages of mailboxes with approve = true.',
  { decision: 'release', word: 'Approved', objection: isNotHeldFor((code) => code === APPROVAL) },
);
