/** The rows of a message of ours in words. */
import type { OutgoingRow, TraceRow } from '../../journal/journal.ts';
import { formatInstant } from '../../system/clock.ts';
import { shortRunId } from '../run-view.ts';
import { becauseOf, plural, sentenceOf } from './words.ts';

type Detail = TraceRow['detail'];

function textOf(detail: Detail, name: string): string | null {
  const value = detail[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

interface Result {
  readonly address: string;
  readonly outcome: string;
  readonly reply: string;
}

/** What a try was for one recipient. */
const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  delivered: 'taken',
  deferred: 'put off',
  failed: 'given up',
  'in-doubt': 'in doubt',
};

/** What came back about a message of ours. */
const ANSWER_WORDS: Readonly<Record<string, string>> = {
  'delivery-report': 'a delivery report',
  complaint: 'a complaint',
  disposition: 'a receipt',
  'auto-reply': 'an automatic answer',
  reply: 'a reply',
};

function answerWords(detail: Detail): string {
  const kind = textOf(detail, 'kind') ?? 'answer';
  return ANSWER_WORDS[kind] ?? kind;
}

function resultsOf(detail: Detail): readonly Result[] {
  const { results } = detail;
  return Array.isArray(results) ? (results as readonly Result[]) : [];
}

function attempted(detail: Detail): string {
  const remote = textOf(detail, 'remote');
  const where =
    remote === null
      ? textOf(detail, 'stage') === 'local'
        ? 'on this host'
        : `for ${textOf(detail, 'domain') ?? 'its domain'}`
      : `at ${remote}`;
  const tls = remote === null ? '' : `, ${textOf(detail, 'tls') ?? 'without TLS'}`;
  const results = resultsOf(detail)
    .map(({ address, outcome, reply }) => `${address} ${OUTCOME_WORDS[outcome] ?? outcome}: ${reply}`)
    .join('; ');
  return `tried ${where}${tls}: ${results}`;
}

function answered(detail: Detail): string {
  const { recipients } = detail;
  const said = (Array.isArray(recipients) ? (recipients as readonly { address: string; text: string }[]) : [])
    .map(({ address, text }) => `${address} ${text}`.trim())
    .join('; ');
  const id = textOf(detail, 'id');
  return `${answerWords(detail)} came back${id === null ? '' : `, filed as ${id}`}${said === '' ? '' : `: ${said}`}`;
}

const by = (detail: Detail): string => textOf(detail, 'by') ?? 'somebody';

export const OUTGOING_WORDING: Readonly<Record<string, (detail: Detail) => string | null>> = {
  // The story begins with who sent it.
  'outgoing.submitted': (detail) => {
    const held = textOf(detail, 'held');
    return held === null ? null : `held before it left${becauseOf(held)}`;
  },
  'outgoing.already-sent': (detail) => `${by(detail)} sent the same again: it was not sent a second time`,
  'outgoing.held': (detail) => {
    const reason = textOf(detail, 'reason');
    // Of an operator there is no reason but who it was.
    return `held by ${by(detail)}${reason?.startsWith('operator:') === true ? '' : becauseOf(reason)}`;
  },
  'outgoing.released': (detail) => {
    const reason = textOf(detail, 'reason');
    return `released by ${by(detail)}${reason === null ? '' : ` (it was held: ${sentenceOf(reason)})`}`;
  },
  'outgoing.cancelled': (detail) => `given up because ${by(detail)} asked for it`,
  'outgoing.retry-asked': (detail) => `${by(detail)} asked to try now`,
  'outgoing.attempted': attempted,
  // The line before it has said so.
  'outgoing.in-doubt': () => null,
  'outgoing.reported': (detail) =>
    textOf(detail, 'purpose') === 'warning'
      ? 'its sender was told that it is late'
      : 'its sender was told that it was given up',
  'outgoing.answered': answered,
  'outgoing.ended': (detail) =>
    textOf(detail, 'status') === 'delivered' ? 'every recipient has it' : 'not every recipient has got it',
  'delivery.answers': (detail) =>
    `${answerWords(detail)} about ${textOf(detail, 'id') ?? 'a message'}, which was sent from here`,
};

/** `root as 3f9c0a17…, in run 1f2e3d4c`; null where the rows do not say who sent the message. */
export function submittedBy(rows: readonly TraceRow[]): string | null {
  const row = rows.find(({ event }) => event === 'outgoing.submitted');
  if (row === undefined) return null;
  const run = row.runId === null ? '' : `, in run ${shortRunId(row.runId)}`;
  return `${by(row.detail)} as ${textOf(row.detail, 'queueId') ?? 'a message'}${run}`;
}

/** How a message of ours stands, in one sentence. */
export function outgoingSentence({
  queueId,
  held,
  status,
  endedAt,
  recipients,
  expiresAt,
}: OutgoingRow): string {
  const total = plural(recipients.length, 'recipient', 'recipients');
  const having = recipients.filter(({ state }) => state === 'delivered').length;
  if (held !== null)
    return `It is held and goes nowhere${becauseOf(held)}. To let it go: aimx queue ${held.startsWith('approval:') ? 'approve' : 'release'} ${queueId}`;
  if (status === 'delivered')
    return recipients.length === 1 ? 'Its recipient has it.' : `All of its ${total} have it.`;
  const some = `${having} of its ${total} ${having === 1 ? 'has' : 'have'} it`;
  if (endedAt !== null) return `${some}; the others were given up.`;
  return `It is on its way: ${some}. It is given up at ${formatInstant(expiresAt).slice(0, 19).replace('T', ' ')} UTC; how each stands: aimx queue show ${queueId}`;
}
