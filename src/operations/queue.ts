/** `queue`: what is on its way out, how it stands, and what somebody decides about it. */
import { planSending } from '../hooks/plan-sending.ts';
import type { OutgoingRow, QueueId, Transitions } from '../journal/journal.ts';
import { type EpochMs, epochMs, formatInstant } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import {
  callerName,
  mailboxScope,
  maySee,
  refuseUnknownMailbox,
  requireConfig,
  requireJournal,
  requireRows,
} from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { PAGE_DEFAULT } from './page.ts';
import { QUEUE_LIFETIME_MS } from './queue-lifetime.ts';
import { splitReference } from './reference.ts';

export interface QueuedRecipientView {
  readonly address: string;
  readonly field: 'to' | 'cc' | 'bcc';
  readonly status: string;
  readonly attempts: number;
  readonly reply: string | null;
  readonly enhanced_status: string | null;
  readonly remote: string | null;
  readonly tls: string | null;
  readonly next_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  /** What came back about it later. */
  readonly answer: string | null;
}

export interface QueuedView {
  readonly queue_id: string;
  readonly message_id: string;
  readonly mailbox: string;
  /** Of the copy in `sent`. */
  readonly id: string;
  readonly from: string;
  readonly subject: string;
  readonly status: string;
  readonly held: string | null;
  readonly submitted_at: string;
  readonly expires_at: string;
  readonly ended_at: string | null;
  readonly next_attempt_at: string | null;
  readonly size_bytes: number;
  readonly by: string;
  readonly run_id: string | null;
  readonly recipients: readonly QueuedRecipientView[];
}

function instant(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}

function view(row: OutgoingRow): QueuedView {
  const next = row.recipients.flatMap(({ nextAt }) => (nextAt === null ? [] : [nextAt]));
  return {
    queue_id: row.queueId,
    message_id: row.messageId,
    mailbox: row.mailbox,
    id: row.id,
    from: row.from,
    subject: row.subject,
    status: row.status,
    held: row.held,
    submitted_at: formatInstant(row.submittedAt),
    expires_at: formatInstant(row.expiresAt),
    ended_at: instant(row.endedAt),
    next_attempt_at: next.length === 0 ? null : formatInstant(epochMs(Math.min(...next))),
    size_bytes: row.sizeBytes,
    by: row.by,
    run_id: row.runId,
    recipients: row.recipients.map((recipient) => ({
      address: recipient.address,
      field: recipient.field,
      status: recipient.state,
      attempts: recipient.attempts,
      reply: recipient.reply,
      enhanced_status: recipient.status,
      remote: recipient.remote,
      tls: recipient.tls,
      next_attempt_at: instant(recipient.nextAt),
      last_attempt_at: instant(recipient.lastAttemptAt),
      answer: recipient.answer,
    })),
  };
}

export interface QueueListInput {
  readonly mailbox?: string | undefined;
  readonly held?: boolean | undefined;
  readonly failed?: boolean | undefined;
  /** What has ended too. */
  readonly all?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface QueueListOutput {
  readonly messages: readonly QueuedView[];
  readonly next_cursor: string | null;
}

export const queueList: CallOperation<QueueListInput, QueueListOutput> = {
  kind: 'call',
  summary: 'Lists what is on its way out, newest first.',
  who: 'owner',
  errors: ['request.not-found', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const mailboxes = mailboxScope(context, input.mailbox);
    const only =
      input.held === true ? 'held' : input.failed === true ? 'failed' : input.all === true ? null : 'open';
    const page = await requireRows(context).query('outgoing-list', {
      ...(mailboxes === undefined ? {} : { mailboxes }),
      ...(only === null ? {} : { only }),
      limit: input.limit ?? PAGE_DEFAULT,
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    refuseUnknownMailbox(context, input.mailbox, page.rows);
    return {
      messages: page.rows.filter((row) => maySee(context, row)).map(view),
      next_cursor: page.nextCursor,
    };
  },
};

/** The one answer for a message that is not there and one that is not the caller's. */
function noSuchMessage(reference: string): AimxError {
  return new AimxError(
    'request.not-found',
    `There is no message ${JSON.stringify(reference)} of yours in the queue`,
    {
      hint: 'aimx queue list --all shows them',
    },
  );
}

/** More with the same beginning is no answer that a person can use. */
const FOUND_MAX = 20;

/** @param reference The beginning of a queue id, a Message-ID, or the id of a sent copy with or without its mailbox. */
async function resolve(context: OperationContext, reference: string): Promise<OutgoingRow> {
  const { mailbox, name } = splitReference(reference, undefined);
  const mailboxes = mailboxScope(context, mailbox);
  const { rows } = await requireRows(context).query('outgoing-list', {
    ...(mailboxes === undefined ? {} : { mailboxes }),
    reference: name,
    limit: FOUND_MAX,
  });
  const [found, ...others] = rows.filter((row) => maySee(context, row));
  if (found === undefined) throw noSuchMessage(reference);
  if (others.length === 0) return found;
  throw new AimxError(
    'request.ambiguous',
    `${JSON.stringify(reference)} names ${others.length + 1} messages`,
    {
      hint: 'give more of the queue id',
      detail: { candidates: [found, ...others].map(({ queueId }) => queueId) },
    },
  );
}

export interface QueueShowInput {
  readonly message: string;
}

export const queueShow: CallOperation<QueueShowInput, QueuedView> = {
  kind: 'call',
  summary: 'Shows one message of yours: each recipient and what was said about it.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    return view(await resolve(context, input.message));
  },
};

export interface QueueSelection {
  readonly messages?: readonly string[] | undefined;
  /** Everything of the caller's that the decision fits. */
  readonly all?: boolean | undefined;
  readonly mailbox?: string | undefined;
}

export interface QueueDecisionOutput {
  readonly changed: readonly string[];
}

type Decision = Transitions['decide-outgoing']['in']['decision'];

/** Code of what `approve = true` holds; `queue approve` lets it go, and `queue release` everything else. */
const APPROVAL = 'approval';

function decisionOf(
  summary: string,
  decide: {
    readonly decision: Decision;
    readonly reason: string;
    readonly fits: (row: OutgoingRow) => boolean;
  },
): CallOperation<QueueSelection, QueueDecisionOutput> {
  return {
    kind: 'call',
    summary,
    who: 'owner',
    errors: [
      'request.forbidden',
      'request.not-found',
      'request.ambiguous',
      'request.conflict',
      'daemon.unreachable',
    ],
    changes: true,
    async run(input, context) {
      const rows = await selected(context, input);
      const fitting = rows.filter(decide.fits);
      if (fitting.length === 0 && input.all !== true)
        throw new AimxError('request.conflict', `Nothing to do: ${rows.map(standing).join('; ')}`, {
          hint: 'aimx queue show tells how a message stands',
        });
      const { mailboxes } = requireConfig(context);
      const at = context.clock.now();
      const { changed } = await requireJournal(context).advance('decide-outgoing', {
        filter: { queueIds: fitting.map(({ queueId }) => queueId) },
        decision: decide.decision,
        reason: decide.reason,
        by: callerName(context),
        hooks: Object.fromEntries(mailboxes.map((mailbox) => [mailbox.name, planSending(mailbox)])),
        expiresAt: epochMs(at + QUEUE_LIFETIME_MS),
        at,
      });
      return { changed };
    },
  };
}

function standing({ queueId, held, status, endedAt }: OutgoingRow): string {
  return `${queueId} is ${endedAt !== null ? status : held !== null ? 'held' : 'on its way'}`;
}

async function selected(context: OperationContext, input: QueueSelection): Promise<readonly OutgoingRow[]> {
  const { messages = [], all, mailbox } = input;
  if (messages.length > 0 === (all === true))
    throw new AimxError('request.invalid', 'It is not said which messages', {
      hint: 'name some, or give --all',
    });
  if (all !== true) {
    const rows = await Promise.all(messages.map((reference) => resolve(context, reference)));
    return [...new Map<QueueId, OutgoingRow>(rows.map((row) => [row.queueId, row])).values()];
  }
  const mailboxes = mailboxScope(context, mailbox);
  const found: OutgoingRow[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: { readonly rows: readonly OutgoingRow[]; readonly nextCursor: string | null } =
      await requireRows(context).query('outgoing-list', {
        ...(mailboxes === undefined ? {} : { mailboxes }),
        only: 'open',
        limit: 500,
        ...(cursor === undefined ? {} : { cursor }),
      });
    found.push(...page.rows.filter((row) => maySee(context, row)));
    cursor = page.nextCursor;
  }
  return found;
}

function isHeldFor(code: string): (row: OutgoingRow) => boolean {
  return ({ held }) => held?.startsWith(`${code}:`) === true;
}

export const queueRetry: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Tries messages now.',
  {
    decision: 'retry',
    reason: 'operator: Asked for',
    fits: ({ endedAt, held }) => endedAt === null && held === null,
  },
);

export const queueCancel: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Gives messages up: recipients that have not got them never will.',
  { decision: 'cancel', reason: 'operator: Cancelled', fits: ({ endedAt }) => endedAt === null },
);

export const queueHold: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Keeps messages from leaving until they are released.',
  {
    decision: 'hold',
    reason: 'operator: Somebody holds it',
    fits: ({ endedAt, held }) => endedAt === null && held === null,
  },
);

export const queueRelease: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Lets held messages go, but for those that wait for approval.',
  {
    decision: 'release',
    reason: 'operator: Released',
    fits: (row) => row.held !== null && !isHeldFor(APPROVAL)(row),
  },
);

export const queueApprove: CallOperation<QueueSelection, QueueDecisionOutput> = decisionOf(
  'Approves messages of mailboxes with approve = true.',
  { decision: 'release', reason: 'operator: Approved', fits: isHeldFor(APPROVAL) },
);
