/**
 * What may be sent, by whom and how often; and what makes two sends one.
 *
 *     what                                       answer
 *     recipient blocked, or not allowed          refused: `send.refused`
 *     mailbox with `approve`                     held: `approval`
 *     a run answers what a program wrote,        held: `loop`
 *       or writes to its own mailbox
 *     too much for the mailbox's configuration   refused: `send.limited` (journal)
 *     runs write too often to one person,        held: `loop` (journal)
 *       or in one thread
 *
 * What is held is visible and can be released; nothing of it is lost.
 */
import { matchesAny } from '../address/address-pattern.ts';
import { parseMailbox } from '../address/mailbox.ts';
import type { MailboxConfig } from '../config/config.ts';
import type { RunId, RunOccasion, SendKey, SendLimits } from '../journal/journal.ts';
import { createRouter } from '../smtp/routing.ts';
import { AimxError } from '../system/errors.ts';
import { maySee, requireConfig, requireJournal } from './access.ts';
import type { OperationContext } from './operation.ts';

/** A person answers a machine a few times an hour; two machines answer each other a few times a minute. */
const RUN_SENDS_PER_CORRESPONDENT_PER_HOUR = 10;
/** Longer than any conversation that an agent should have without a person who looks. */
const RUN_SENDS_PER_THREAD_PER_DAY = 20;

export interface SendDecision {
  /** `<code>: <sentence>`; null: it goes. */
  readonly held: string | null;
  readonly key: SendKey | null;
  readonly limits: SendLimits;
  readonly runId: RunId | null;
  /** Auto-Submitted (RFC 3834 §5); null for what a person sends. */
  readonly automatic: 'auto-replied' | 'auto-generated' | null;
}

export interface SendRequest {
  readonly context: OperationContext;
  readonly mailbox: MailboxConfig;
  /** All of To, Cc and Bcc. */
  readonly recipients: readonly string[];
  /** Message-ID that it answers, without brackets; null where it answers nothing. */
  readonly inReplyTo: string | null;
  readonly callerKey: { readonly key: string; readonly contentHash: string } | null;
}

/** @throws AimxError `send.refused` where a recipient is not allowed. */
export async function decideSending(request: SendRequest): Promise<SendDecision> {
  const { context, mailbox, recipients, inReplyTo, callerKey } = request;
  refuseRecipients(mailbox, recipients);
  const own = {
    sendsPerHour: mailbox.maxSendsPerHour,
    newRecipientsPerDay: mailbox.maxNewRecipientsPerDay,
  };
  const key: SendKey | null = callerKey === null ? null : { kind: 'caller', ...callerKey };
  const approval = mailbox.approve
    ? `approval: Mailbox ${mailbox.name} asks that everything it sends be approved`
    : null;
  const run = context.caller.kind === 'peer' ? await context.callerRun(context.caller.pid) : OUTSIDE;
  if (run.kind === 'outside')
    return {
      held: approval,
      key,
      limits: { ...own, perCorrespondentPerHour: null, perThreadPerDay: null },
      runId: null,
      automatic: null,
    };
  const occasion = run.runId === null ? null : await occasionOf(context, run.runId);
  return {
    held: approval ?? loopReason(request, occasion),
    key:
      key ??
      (occasion === null || run.attempt === null
        ? null
        : { kind: 'run', runId: occasion.run.runId, attempt: run.attempt }),
    limits: {
      ...own,
      perCorrespondentPerHour: RUN_SENDS_PER_CORRESPONDENT_PER_HOUR,
      perThreadPerDay: RUN_SENDS_PER_THREAD_PER_DAY,
    },
    runId: occasion?.run.runId ?? null,
    automatic: inReplyTo === null ? 'auto-generated' : 'auto-replied',
  };
}

const OUTSIDE = { kind: 'outside' } as const;

function refuseRecipients(
  { name, allowRecipients, blockRecipients }: MailboxConfig,
  recipients: readonly string[],
): void {
  for (const address of recipients) {
    if (matchesAny(blockRecipients, address))
      throw new AimxError(
        'send.refused',
        `Mailbox ${name} may not send to ${address}: block_recipients names it`,
        {
          hint: 'Send it from another mailbox, or ask who keeps config.toml',
          detail: { address, key: 'block_recipients' },
        },
      );
    if (allowRecipients !== null && !matchesAny(allowRecipients, address))
      throw new AimxError(
        'send.refused',
        `Mailbox ${name} may not send to ${address}: allow_recipients does not name it`,
        {
          hint: `It may send to: ${allowRecipients.join(', ') || 'nobody'}`,
          detail: { address, key: 'allow_recipients' },
        },
      );
  }
}

/** The run must be one of a mailbox that is the caller's: what a process says of itself proves nothing. */
async function occasionOf(context: OperationContext, runId: RunId): Promise<RunOccasion | null> {
  const occasion = await requireJournal(context).query('run-occasion', { runId });
  return occasion !== null && maySee(context, occasion.run) ? occasion : null;
}

/** Why what a run sends waits for a person; null where it goes. */
function loopReason(
  { context, mailbox, recipients, inReplyTo }: SendRequest,
  occasion: RunOccasion | null,
): string | null {
  const config = requireConfig(context);
  const route = createRouter({ ...config, postmaster: config.smtp.postmaster });
  for (const address of recipients) {
    const parsed = parseMailbox(address);
    const answer = parsed.kind === 'parsed' ? route(parsed.value) : null;
    if (answer?.kind === 'accept' && answer.route.mailbox === mailbox.name)
      return `loop: A hook of ${mailbox.name} writes to ${mailbox.name} itself (${address})`;
  }
  if (occasion?.automatic == null) return null;
  const sender = addressOf(occasion.from);
  const isAnswer =
    inReplyTo !== null ||
    recipients.some((address) => {
      const key = address.toLowerCase();
      return key === sender || key === occasion.message?.envelope.reversePath.toLowerCase();
    });
  return isAnswer ? `loop: It answers what no program may answer: ${occasion.automatic}` : null;
}

function addressOf(from: string): string {
  return (/<([^<>]*)>\s*$/.exec(from)?.[1] ?? from).trim().toLowerCase();
}
