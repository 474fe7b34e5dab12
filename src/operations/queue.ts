/** `queue list|show`: what is on its way out, and how it stands. Reading only. */
import type { OutgoingRow } from '../journal/journal.ts';
import { epochMs, formatInstant } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { mailboxScope, maySee, refuseUnknownMailbox, requireRows } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { type PageInput, pageLimit } from './page.ts';
import { type QueueHistory, queueHistory } from './queue-history.ts';
import { splitReference } from './reference.ts';
import { instantOrNull } from './run-view.ts';

/** One recipient as every surface shows it; those of Bcc too, since who may see the mailbox has named them. */
export interface QueuedRecipientView {
  readonly address: string;
  readonly field: 'to' | 'cc' | 'bcc';
  /** `queued`, `transmitting`, `deferred`, `delivered`, `failed` or `cancelled`. */
  readonly status: string;
  /** Tries so far. */
  readonly attempts: number;
  /** The last reply of the other side, or in our words why there was none. */
  readonly reply: string | null;
  /** RFC 3463, such as `5.1.1`. */
  readonly enhanced_status: string | null;
  /** Who was asked last: `mx.example.com [192.0.2.1]:25`. */
  readonly remote: string | null;
  /** How the last connection was protected; null without TLS. */
  readonly tls: string | null;
  readonly next_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  /** What came back about it later. */
  readonly answer: string | null;
}

/** A message of ours as every surface shows it. */
export interface QueuedView {
  readonly queue_id: string;
  readonly message_id: string;
  readonly mailbox: string;
  /** Of the copy in `sent`. */
  readonly id: string;
  readonly from: string;
  readonly subject: string;
  /** `pending`, `deferred`, `delivered` or `failed`, as in the copy (contract §5). */
  readonly status: string;
  /** `<code>: <sentence>`; it goes nowhere until somebody decides. Null where it goes. */
  readonly held: string | null;
  readonly submitted_at: string;
  /** When what is not delivered is given up. */
  readonly expires_at: string;
  /** When its last recipient became final. */
  readonly ended_at: string | null;
  /** The earliest of its recipients. */
  readonly next_attempt_at: string | null;
  /** The most that any of its recipients has had. */
  readonly attempts: number;
  readonly size_bytes: number;
  /** `root`, `uid 1000`. */
  readonly by: string;
  /** The run that sent it, where a hook did. */
  readonly run_id: string | null;
  readonly recipients: readonly QueuedRecipientView[];
}

export function viewQueued(row: OutgoingRow): QueuedView {
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
    ended_at: instantOrNull(row.endedAt),
    next_attempt_at: next.length === 0 ? null : formatInstant(epochMs(Math.min(...next))),
    attempts: Math.max(0, ...row.recipients.map(({ attempts }) => attempts)),
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
      next_attempt_at: instantOrNull(recipient.nextAt),
      last_attempt_at: instantOrNull(recipient.lastAttemptAt),
      answer: recipient.answer,
    })),
  };
}

export interface QueueListInput extends PageInput {
  readonly mailbox?: string | undefined;
  /** Only what waits for somebody. */
  readonly held?: boolean | undefined;
  /** Only what has ended, and not with every recipient. */
  readonly failed?: boolean | undefined;
  /** What has ended too. One of the three at most; without any, what is open. */
  readonly all?: boolean | undefined;
}

export interface QueueListOutput {
  readonly messages: readonly QueuedView[];
  readonly next_cursor: string | null;
}

/** @throws `request.invalid` where more than one was asked for. @returns null for everything. */
function wanted({ held, failed, all }: QueueListInput): 'held' | 'failed' | 'open' | null {
  if ([held, failed, all].filter((flag) => flag === true).length > 1)
    throw new AimxError('request.invalid', 'Only one of held, failed and all can be asked for', {
      hint: 'all has the others in it',
    });
  if (all === true) return null;
  return held === true ? 'held' : failed === true ? 'failed' : 'open';
}

export const queueList: CallOperation<QueueListInput, QueueListOutput> = {
  kind: 'call',
  summary: 'Lists what is on its way out, newest first.',
  who: 'owner',
  errors: ['request.not-found', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const only = wanted(input);
    const mailboxes = mailboxScope(context, input.mailbox);
    const page = await requireRows(context).query('outgoing-list', {
      ...(mailboxes === undefined ? {} : { mailboxes }),
      ...(only === null ? {} : { only }),
      limit: pageLimit(input),
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    const messages = page.rows.filter((row) => maySee(context, row)).map(viewQueued);
    refuseUnknownMailbox(context, input.mailbox, messages);
    return { messages, next_cursor: page.nextCursor };
  },
};

/** Shorter ones are more likely mistyped than meant, and would soon fit several. */
const QUEUE_ID_DIGITS_MIN = 4;
const QUEUE_ID_PREFIX = /^[0-9a-f]{1,16}$/;
/** Candidates that are named where a reference fits several messages. */
const CANDIDATES_MAX = 5;

/**
 * @param reference A queue id or its beginning (4 digits at least), a Message-ID with or without its
 *   brackets, or the id of a copy in `sent` with or without its mailbox.
 * @returns null where there is none that the caller may see.
 * @throws `request.ambiguous` with `detail.candidates`.
 */
export async function findOutgoing(
  context: OperationContext,
  reference: string,
): Promise<OutgoingRow | null> {
  const { mailbox, name } = splitReference(reference, undefined);
  if (name === '' || (QUEUE_ID_PREFIX.test(name) && name.length < QUEUE_ID_DIGITS_MIN)) return null;
  const mailboxes = mailboxScope(context, mailbox);
  const { rows } = await requireRows(context).query('outgoing-list', {
    ...(mailboxes === undefined ? {} : { mailboxes }),
    reference: name,
    limit: CANDIDATES_MAX,
  });
  const [found, ...others] = rows.filter((row) => maySee(context, row));
  if (found === undefined) return null;
  if (others.length === 0) return found;
  const candidates = [found, ...others].map(({ queueId }) => queueId);
  throw new AimxError(
    'request.ambiguous',
    `${JSON.stringify(reference)} names several messages in the queue: ${candidates.join(', ')}`,
    { hint: 'name one of them by its queue id', detail: { candidates } },
  );
}

/** @throws `request.not-found`: the one answer for a message that is not there and one that is not the caller's. */
export async function ownOutgoing(context: OperationContext, reference: string): Promise<OutgoingRow> {
  const found = await findOutgoing(context, reference);
  if (found !== null) return found;
  throw new AimxError(
    'request.not-found',
    `There is no message ${JSON.stringify(reference)} of yours in the queue`,
    { hint: 'aimx queue list --all shows them' },
  );
}

export interface QueueShowInput {
  readonly message: string;
}

export type QueueShowOutput = QueuedView & QueueHistory;

export const queueShow: CallOperation<QueueShowInput, QueueShowOutput> = {
  kind: 'call',
  summary: 'Shows one message of yours: each recipient, each try, and what came back.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const outgoing = await ownOutgoing(context, input.message);
    return { ...viewQueued(outgoing), ...(await queueHistory(context, outgoing)) };
  },
};
