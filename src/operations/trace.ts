/** `trace`: the life of one message, so that anybody can tell why a hook ran, how often, or why not. */
import {
  type DeliveryRow,
  type MessageRow,
  type RunId,
  type RunRow,
  type TraceRow,
  toJournalId,
} from '../journal/journal.ts';
import { findMessage } from '../mailbox/find.ts';
import { formatInstant } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { requireRows } from './access.ts';
import type { CallOperation, OperationContext } from './operation.ts';
import { PAGE_MAX } from './page.ts';
import { findOutgoing } from './queue.ts';
import { type MessageReference, type ResolvedDelivery, resolveDelivery } from './reference.ts';
import { instantOrNull, type RunView, viewRun } from './run-view.ts';
import { type StoryLine, summarize, tellStory } from './trace/story.ts';
import { type TrustToday, trustToday } from './trust-today.ts';

export interface TraceOutput {
  readonly mailbox: string;
  /** Null until the message has been identified. */
  readonly id: string | null;
  readonly state: string;
  /** Where the file lies; null where it is not, or not any more, where it was put. */
  readonly path: string | null;
  readonly accepted: {
    readonly at: string;
    readonly via: string;
    readonly client_address: string | null;
    readonly helo: string | null;
    readonly protocol: string;
    readonly tls: string | null;
    readonly envelope_from: string;
    readonly recipients: readonly string[];
    readonly size_bytes: number;
    readonly exact_fingerprint: string;
  };
  readonly verified: {
    readonly spf: string;
    readonly dkim: string;
    readonly dmarc: string;
    readonly auth_domain: string | null;
    readonly trusted: string | null;
    readonly trust_reason: string | null;
    /** When DNS is asked again, where it did not answer something that matters. */
    readonly recheck_at: string | null;
    /** By the configuration of today; null where the mailbox is not in it. */
    readonly today: {
      readonly trusted: string;
      readonly trust_reason: string | null;
      /** What trust rests on: the method, and the domain that is authenticated. */
      readonly ground: { readonly method: string; readonly domain: string } | null;
    } | null;
  } | null;
  readonly delivered_at: string | null;
  readonly delivered_to: readonly string[];
  readonly resembles: string | null;
  readonly waiting: {
    readonly code: string;
    readonly reason: string;
    readonly hint: string;
    readonly next_at: string;
  } | null;
  readonly runs: readonly RunView[];
  /** Every copy that was absorbed; more may be only counted. */
  readonly absorbed_count: number;
  readonly events: readonly StoryLine[];
  /** The answer in short, one sentence a line. */
  readonly summary: readonly string[];
}

/** Where the file is, if it is where it was put; the owner may have moved it since. */
export async function findMessagePath(
  context: OperationContext,
  mailbox: string,
  id: string,
  folder: DeliveryRow['folder'] = 'inbox',
): Promise<string | null> {
  try {
    const mailboxes = [{ mailbox }];
    const { files, dataDir } = context;
    const found = await findMessage({ files, dataDir, mailboxes, folder, reference: id });
    return found.kind === 'found' ? found.path : null;
  } catch (error) {
    // A folder that cannot be looked into hides the path, and nothing else of the story.
    if (error instanceof AimxError) return null;
    throw error;
  }
}

async function runsOf(context: OperationContext, { delivery }: ResolvedDelivery): Promise<readonly RunRow[]> {
  const page = await requireRows(context).query('runs', {
    filter: {},
    deliveryId: delivery.deliveryId,
    limit: PAGE_MAX,
  });
  return page.rows;
}

/** What is shown of a line: enough for `command not found` and the like. */
const LAST_WORDS_CHARACTERS_MAX = 200;

/** The last line that holds anything; undefined for none. */
export function lastLine(text: string): string | undefined {
  const line = text.split(/[\r\n]+/).findLast((one) => one.trim() !== '');
  return line === undefined ? undefined : line.trim().slice(0, LAST_WORDS_CHARACTERS_MAX);
}

/** Why a program failed is most often in the last line that it wrote to stderr; known in the daemon alone. */
async function lastWordsOf(
  { runner }: OperationContext,
  runs: readonly RunRow[],
): Promise<ReadonlyMap<RunId, string>> {
  const words = new Map<RunId, string>();
  if (runner === null) return words;
  for (const { runId, state, attempt } of runs) {
    if (state !== 'failed' || attempt < 1) continue;
    const output = await runner.output(runId, attempt);
    const line =
      output.kind === 'kept' ? lastLine(new TextDecoder('utf-8').decode(output.stderr)) : undefined;
    if (line !== undefined) words.set(runId, line);
  }
  return words;
}

/** The copies that the file was made from before a better one came. */
async function replacedCopies(
  context: OperationContext,
  rows: readonly TraceRow[],
): Promise<readonly MessageRow[]> {
  const copies: MessageRow[] = [];
  for (const { event, detail } of rows) {
    const from = detail['fromJournalId'];
    if (event !== 'delivery.promoting' || typeof from !== 'number') continue;
    const copy = await requireRows(context).query('message', { journalId: toJournalId(from) });
    if (copy !== null) copies.push(copy);
  }
  return copies;
}

function viewAccepted({
  arrival,
  envelope,
  sizeBytes,
  exactFingerprint,
}: MessageRow): TraceOutput['accepted'] {
  return {
    at: formatInstant(arrival.receivedAt),
    via: arrival.via,
    client_address: arrival.clientAddress,
    helo: arrival.helo,
    protocol: arrival.protocol,
    tls: arrival.tls,
    envelope_from: envelope.reversePath,
    recipients: envelope.recipients.map(({ forwardPath }) => forwardPath),
    size_bytes: sizeBytes,
    exact_fingerprint: exactFingerprint,
  };
}

function viewVerified(
  { delivery, message: { verdict, recheckAt } }: ResolvedDelivery,
  today: TrustToday | null,
): TraceOutput['verified'] {
  if (verdict === null) return null;
  const { spf, dkim, dmarc, authDomain } = verdict;
  return {
    ...{ spf, dkim, dmarc },
    auth_domain: authDomain,
    trusted: delivery.trusted,
    trust_reason: delivery.trustReason,
    recheck_at: instantOrNull(recheckAt),
    today: today && {
      trusted: today.trusted,
      trust_reason: today.reason,
      ground: today.ground && { method: today.ground.kind, domain: today.ground.domain },
    },
  };
}

function viewWaiting({ waiting }: DeliveryRow): TraceOutput['waiting'] {
  if (waiting === null) return null;
  const { code, reason, hint, nextAt } = waiting;
  return { code, reason, hint, next_at: formatInstant(nextAt) };
}

/** @throws as {@link resolveDelivery}; a queue id, or its beginning, names the copy in `sent`. */
async function resolveTraced(
  context: OperationContext,
  reference: MessageReference,
): Promise<ResolvedDelivery> {
  try {
    return await resolveDelivery(context, reference);
  } catch (error) {
    if (!(error instanceof AimxError) || error.code !== 'request.not-found') throw error;
    const outgoing = await findOutgoing(context, reference.message);
    if (outgoing === null || (reference.mailbox ?? outgoing.mailbox) !== outgoing.mailbox) throw error;
    const { mailbox, id } = outgoing;
    return await resolveDelivery(context, { mailbox, message: id });
  }
}

export const trace: CallOperation<MessageReference, TraceOutput> = {
  kind: 'call',
  summary: 'Tells the life of one message: who sent it, what came of it, which hooks ran and why.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const resolved = await resolveTraced(context, input);
    const { delivery, message } = resolved;
    const [traced, runs] = await Promise.all([
      requireRows(context).query('trace', { deliveryId: delivery.deliveryId }),
      runsOf(context, resolved),
    ]);
    const replaced = await replacedCopies(context, traced.rows);
    const [path, lastWords, outgoing] = await Promise.all([
      delivery.id === null ? null : findMessagePath(context, delivery.mailbox, delivery.id, delivery.folder),
      lastWordsOf(context, runs),
      delivery.folder === 'sent'
        ? requireRows(context).query('outgoing-of', { deliveryId: delivery.deliveryId })
        : null,
    ]);
    const today = trustToday(context, resolved);
    const story = {
      ...{ delivery, message, replaced, runs, lastWords },
      isInPlace: path !== null,
      trustToday: today,
      outgoing,
      ...traced,
    };
    return {
      mailbox: delivery.mailbox,
      id: delivery.id,
      state: delivery.state,
      path,
      accepted: viewAccepted(message),
      verified: viewVerified(resolved, today),
      delivered_at: instantOrNull(delivery.deliveredAt),
      delivered_to: delivery.deliveredTo,
      resembles: delivery.resembles,
      waiting: viewWaiting(delivery),
      runs: runs.map(viewRun),
      absorbed_count: traced.absorbedCount,
      events: tellStory(story),
      summary: summarize(story),
    };
  },
};
