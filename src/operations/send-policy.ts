/**
 * What may be sent, by whom and how often; and what makes two sends one.
 *
 *     what                                            answer
 *     recipient blocked, or not allowed               refused: `send.refused`
 *     mailbox with `approve`                          held: `approval`
 *     a run answers what a program wrote, and the     held: `loop` (send-loops.ts)
 *       other ways in which a loop begins
 *     too much for the mailbox's configuration        refused: `send.limited` (journal)
 *     runs write too often: to one person,            held: `loop` (journal)
 *       in one thread, or in all
 *
 * What is held is visible and can be released; nothing of it is lost. A refusal is an answer to who
 * asked, with what is allowed.
 */
import { matchesAny } from '../address/address-pattern.ts';
import { parseMailbox } from '../address/mailbox.ts';
import type { MailboxConfig } from '../config/config.ts';
import type { RunId, SendKey, SendLimits } from '../journal/journal.ts';
import { createRouter } from '../smtp/routing.ts';
import { AimxError } from '../system/errors.ts';
import { requireConfig } from './access.ts';
import type { OperationContext } from './operation.ts';
import { decideLoop } from './send-loops.ts';
import { loopOccasionOf, occasionOf } from './send-occasion.ts';

/** A person answers a machine a few times an hour; two machines answer each other a few times a minute. */
const RUN_SENDS_PER_CORRESPONDENT_PER_HOUR = 10;
/** Longer than any conversation that an agent should have without a person who looks. */
const RUN_SENDS_PER_THREAD_PER_DAY = 20;
/**
 * One a minute: more than an agent writes that works for each mail, less than one that was talked into
 * writing to a list of addresses. `max_sends_per_hour` takes its place where the operator has set it.
 */
const RUN_SENDS_PER_HOUR = 60;
/** Of addresses in one sentence. */
const NAMED_MAX = 5;

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
  /** Without brackets. */
  readonly references: readonly string[];
  readonly callerKey: { readonly key: string; readonly contentHash: string } | null;
}

/**
 * Decides before the message is made. What the journal alone can count it is told to, in `limits`.
 *
 * @throws AimxError `send.refused` where a recipient is not allowed, or who asks has ended.
 */
export async function decideSending(request: SendRequest): Promise<SendDecision> {
  const { context, mailbox, recipients, callerKey } = request;
  refuseRecipients(mailbox, recipients);
  const approval = mailbox.approve
    ? `approval: Mailbox ${mailbox.name} asks that everything it sends be approved`
    : null;
  const key: SendKey | null = callerKey === null ? null : { kind: 'caller', ...callerKey };
  const { caller } = context;
  const run = caller.kind === 'peer' ? await context.callerRun(caller.pid) : OUTSIDE;
  if (run.kind === 'ended') throw callerEnded();
  const limits = limitsOf(mailbox, run.kind);
  if (run.kind === 'outside') return { held: approval, key, limits, runId: null, automatic: null };
  const occasion = await occasionOf(context, run);
  const route = routerOf(context);
  const sent = { ...request, isOurs: (address: string): boolean => route(address) !== null };
  const loop = decideLoop({
    from: mailbox.name,
    recipients: recipients.map((address) => ({ address, mailbox: route(address) })),
    occasion: occasion === null ? { kind: 'unknown' } : await loopOccasionOf(context, occasion, sent),
  });
  const runId = occasion?.run.runId ?? null;
  return {
    held: approval === null || loop === null ? (approval ?? loop) : `${approval}; ${loop}`,
    key:
      key ?? (runId === null || run.attempt === null ? null : { kind: 'run', runId, attempt: run.attempt }),
    limits,
    runId,
    automatic: request.inReplyTo === null ? 'auto-generated' : 'auto-replied',
  };
}

const OUTSIDE = { kind: 'outside' } as const;

/**
 * A hook that was killed while it asked will ask again when it is started again; what nobody waits for
 * would be its second answer, since nothing tells any more whose it is.
 */
function callerEnded(): AimxError {
  return new AimxError('send.refused', 'Who asks has ended before it could be seen who it is', {
    hint: 'wait for the answer; nothing was sent',
  });
}

function limitsOf(mailbox: MailboxConfig, caller: 'inside' | 'outside'): SendLimits {
  const isRun = caller === 'inside';
  return {
    sendsPerHour: mailbox.maxSendsPerHour,
    newRecipientsPerDay: mailbox.maxNewRecipientsPerDay,
    runSendsPerHour: isRun && mailbox.maxSendsPerHour === null ? RUN_SENDS_PER_HOUR : null,
    perCorrespondentPerHour: isRun ? RUN_SENDS_PER_CORRESPONDENT_PER_HOUR : null,
    perThreadPerDay: isRun ? RUN_SENDS_PER_THREAD_PER_DAY : null,
  };
}

/** Name of the mailbox here that an address leads to. */
function routerOf(context: OperationContext): (address: string) => string | null {
  const config = requireConfig(context);
  const router = createRouter(config);
  return (address) => {
    const parsed = parseMailbox(address);
    const answer = parsed.kind === 'parsed' ? router(parsed.value) : null;
    return answer?.kind === 'accept' ? answer.route.mailbox : null;
  };
}

function refuseRecipients(
  { name, allowRecipients, blockRecipients }: MailboxConfig,
  recipients: readonly string[],
): void {
  const blocked = recipients.filter((address) => matchesAny(blockRecipients, address));
  if (blocked.length > 0)
    throw new AimxError(
      'send.refused',
      `Mailbox ${name} may not send to ${listed(blocked)}: block_recipients names it`,
      {
        hint: 'leave it out, or ask who keeps config.toml; nothing was sent',
        detail: { addresses: blocked, key: 'block_recipients' },
      },
    );
  if (allowRecipients === null) return;
  const others = recipients.filter((address) => !matchesAny(allowRecipients, address));
  if (others.length > 0)
    throw new AimxError(
      'send.refused',
      `Mailbox ${name} may not send to ${listed(others)}: allow_recipients does not name it`,
      {
        hint: `it may send to: ${listed(allowRecipients) || 'nobody'}; nothing was sent`,
        detail: { addresses: others, key: 'allow_recipients' },
      },
    );
}

function listed(values: readonly string[]): string {
  const more = values.length - NAMED_MAX;
  return values.slice(0, NAMED_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
