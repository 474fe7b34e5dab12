/**
 * The one way by which anything is sent: a draft becomes octets, the octets a record of the log, and the
 * record a message of ours in the queue. It resolves when the message is safe, not when it has arrived.
 */

import { isAscii } from '../address/octets.ts';
import { signMessage } from '../authentication/dkim/sign.ts';
import { localArrival, type OutgoingRow, type SubmitOutcome, toQueueId } from '../journal/journal.ts';
import { composeMessage } from '../message/compose/compose.ts';
import type { Draft, DraftProblem, NamedAddress } from '../message/compose/draft.ts';
import { newMessageId } from '../message/compose/message-id.ts';
import { baseId } from '../message/document/slug.ts';
import { assertNever } from '../system/assert.ts';
import { type EpochMs, epochMs, formatInstant } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { callerName, requireConfig, requireJournal } from './access.ts';
import { takeContent } from './content-intake.ts';
import { envelopeOf, type Recipient, reversePathOf, type Sender } from './correspondents.ts';
import type { OperationContext } from './operation.ts';
import { QUEUE_LIFETIME_MS } from './queue-lifetime.ts';
import { decideSending, type SendDecision } from './send-policy.ts';

export interface SubmissionRequest {
  readonly from: Sender;
  readonly bcc: readonly NamedAddress[];
  readonly draft: Omit<Draft, 'from' | 'date' | 'messageId' | 'autoSubmitted'>;
  readonly key: { readonly key: string; readonly contentHash: string } | null;
  /** `<code>: <sentence>`: what the caller should know of what is sent. */
  readonly warnings?: readonly string[];
}

export interface SendOutput {
  /** `held`: it waits for somebody, and `held` says why. `dry-run`: nothing was sent. */
  readonly status: 'queued' | 'held' | 'dry-run';
  /** True where the same was sent before: this is what was sent then. */
  readonly already_sent: boolean;
  /** Without angle brackets. */
  readonly message_id: string;
  readonly queue_id: string | null;
  readonly mailbox: string;
  /** Of the copy in `sent`. */
  readonly id: string | null;
  readonly thread_id: string | null;
  readonly to: readonly string[];
  readonly held: string | null;
  readonly warnings: readonly string[];
  /** The message as it would leave, for a dry run. */
  readonly preview: string | null;
}

/** Longest message of a dry run that is shown whole. */
const PREVIEW_BYTES_MAX = 1024 * 1024;

function refuse(problems: readonly DraftProblem[]): never {
  throw new AimxError(
    'request.invalid',
    problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    {
      hint: 'nothing was sent',
      detail: { problems },
    },
  );
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** The octets that leave, and what is to be said of them. */
interface Prepared {
  readonly messageId: string;
  readonly at: EpochMs;
  readonly smtputf8: boolean;
  /** Signatures first. */
  readonly octets: () => AsyncIterable<Uint8Array>;
  readonly warnings: readonly string[];
}

async function prepare(
  context: OperationContext,
  { from, draft, warnings = [] }: SubmissionRequest,
  automatic: SendDecision['automatic'],
): Promise<Prepared> {
  const at = context.clock.now();
  const { address } = from.address;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const messageId = newMessageId(context.random, domain);
  const composed = composeMessage(
    { ...draft, from: from.address, date: at, messageId, autoSubmitted: automatic },
    { maxBytes: requireConfig(context).smtp.maxMessageBytes },
  );
  if (composed.kind === 'refused') return refuse(composed.problems);
  const { content, smtputf8 } = composed.message;
  const { keys, problem } = await context.signingKeys.keysFor(domain);
  const signature = new TextEncoder().encode(await signMessage({ content, keys, at }));
  return {
    messageId,
    at,
    smtputf8,
    octets: () => joined(signature, content()),
    warnings: [...warnings, ...(problem === null ? [] : [`unsigned: ${problem}`])],
  };
}

/** @throws `request.invalid`, `request.too-large`, `request.conflict`, `send.refused`, `send.limited`, `journal.no-room`. */
export async function submitDraft(
  context: OperationContext,
  request: SubmissionRequest,
  options: { readonly dryRun: boolean },
): Promise<SendOutput> {
  const { from, draft } = request;
  const recipients = envelopeOf(context, { to: draft.to, cc: draft.cc, bcc: request.bcc });
  const policy = await decideSending({
    context,
    mailbox: from.mailbox,
    recipients: recipients.map(({ address }) => address),
    inReplyTo: draft.inReplyTo,
    references: draft.references,
    callerKey: request.key,
  });
  const prepared = await prepare(context, request, policy.automatic);
  if (!options.dryRun) return await submit(context, request, { prepared, policy, recipients });
  return {
    status: 'dry-run',
    already_sent: false,
    message_id: prepared.messageId,
    queue_id: null,
    mailbox: from.mailbox.name,
    id: null,
    thread_id: null,
    to: recipients.map(({ address }) => address),
    held: policy.held,
    warnings: prepared.warnings,
    preview: await preview(prepared.octets()),
  };
}

/** The octets become a record of the log, and the record a message in the queue. */
async function submit(
  context: OperationContext,
  { from, draft }: SubmissionRequest,
  decided: {
    readonly prepared: Prepared;
    readonly policy: SendDecision;
    readonly recipients: readonly Recipient[];
  },
): Promise<SendOutput> {
  const { prepared, policy, recipients } = decided;
  const { at, messageId } = prepared;
  // The header section does not name those of Bcc.
  const smtputf8 = prepared.smtputf8 || recipients.some(({ address }) => !isAscii(address));
  const journal = requireJournal(context);
  const mailboxId = context.mailboxIds?.[from.mailbox.name];
  if (mailboxId === undefined)
    throw new AimxError('request.not-found', `Mailbox ${from.mailbox.name} is not there`, {
      hint: 'reload the daemon',
    });
  const intake = await takeContent(prepared.octets(), {
    journal,
    maxBytes: requireConfig(context).smtp.maxMessageBytes,
    signal: context.signal,
  });
  await using _spool = intake.content.kind === 'spooled' ? intake.content.spool : undefined;
  const queueId = toQueueId(context.random.hex(8));
  const { name, address } = from.address;
  const journalId = await journal.accept({
    envelope: { reversePath: '', recipients: [], smtputf8, body: '7BIT' },
    arrival: localArrival('submission', { receivedAt: at, sessionId: queueId }),
    ...intake,
  });
  const outcome = await journal.advance('submit', {
    submission: {
      journalId,
      queueId,
      mailboxId,
      mailbox: from.mailbox.name,
      messageId,
      inReplyTo: draft.inReplyTo,
      references: draft.references,
      contentFingerprint: intake.exactFingerprint,
      from: name === '' ? address : `${name} <${address}>`,
      subject: draft.subject,
      reversePath: reversePathOf(context, from, queueId),
      smtputf8,
      format: draft.body.format,
      baseId: baseId(at, draft.subject),
      recipients,
      by: callerName(context),
    },
    key: policy.key,
    limits: policy.limits,
    runId: policy.runId,
    held: policy.held,
    expiresAt: epochMs(at + QUEUE_LIFETIME_MS),
    at,
  });
  return outputOf(outcome, from, prepared.warnings);
}

/** @throws `request.conflict`, `send.limited`. */
function outputOf(outcome: SubmitOutcome, { mailbox }: Sender, warnings: readonly string[]): SendOutput {
  switch (outcome.kind) {
    case 'submitted':
      return answer(outcome.outgoing, { already: false, warnings });
    case 'already-sent':
      return answer(outcome.outgoing, { already: true, warnings: [] });
    case 'key-conflict':
      throw new AimxError('request.conflict', 'Something else was sent under this idempotency key', {
        hint: `use another key; under this one message <${outcome.outgoing.messageId}> was sent`,
        detail: { message_id: outcome.outgoing.messageId, queue_id: outcome.outgoing.queueId },
      });
    case 'over-limit': {
      const { limit, allowed } = outcome;
      const again = formatInstant(outcome.againAt);
      throw new AimxError(
        'send.limited',
        limit === 'sends-per-hour'
          ? `Mailbox ${mailbox.name} may send ${allowed} messages in an hour (max_sends_per_hour)`
          : `Mailbox ${mailbox.name} may write to ${allowed} new recipients in a day (max_new_recipients_per_day)`,
        { hint: `send it again after ${again}`, detail: { limit, allowed, again_at: again } },
      );
    }
    default:
      return assertNever(outcome);
  }
}

function answer(
  outgoing: OutgoingRow,
  { already, warnings }: { readonly already: boolean; readonly warnings: readonly string[] },
): SendOutput {
  return {
    status: outgoing.held === null ? 'queued' : 'held',
    already_sent: already,
    message_id: outgoing.messageId,
    queue_id: outgoing.queueId,
    mailbox: outgoing.mailbox,
    id: outgoing.id,
    thread_id: outgoing.threadId,
    to: outgoing.recipients.map(({ address }) => address),
    held: outgoing.held,
    warnings,
    preview: null,
  };
}

async function preview(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of content) {
    sizeBytes += chunk.length;
    if (sizeBytes > PREVIEW_BYTES_MAX) return `${Buffer.concat(chunks).toString('latin1')}[cut]\r\n`;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
