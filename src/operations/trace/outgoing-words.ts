/** The rows of a message of ours in words. */
import type { TraceRow } from '../../journal/journal.ts';
import { becauseOf } from './words.ts';

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

const OUTCOMES: Readonly<Record<string, string>> = {
  delivered: 'taken',
  deferred: 'put off',
  failed: 'given up',
  'in-doubt': 'in doubt',
};

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
    .map(({ address, outcome, reply }) => `${address} ${OUTCOMES[outcome] ?? outcome}: ${reply}`)
    .join('; ');
  return `tried ${where}${tls}: ${results}`;
}

function answered(detail: Detail): string {
  const { recipients } = detail;
  const said = (Array.isArray(recipients) ? (recipients as readonly { address: string; text: string }[]) : [])
    .map(({ address, text }) => `${address} ${text}`)
    .join('; ');
  return `${textOf(detail, 'kind') ?? 'an answer'} came back as ${textOf(detail, 'id') ?? 'a message not yet filed'}${said === '' ? '' : `: ${said}`}`;
}

const by = (detail: Detail): string => textOf(detail, 'by') ?? 'somebody';

export const OUTGOING_WORDING: Readonly<Record<string, (detail: Detail) => string | null>> = {
  'outgoing.submitted': (detail) => {
    const held = textOf(detail, 'held');
    return `sent by ${by(detail)} as ${textOf(detail, 'queueId')}${held === null ? '' : `, and held (${held})`}`;
  },
  'outgoing.already-sent': (detail) => `${by(detail)} sent the same again: it was not sent a second time`,
  'outgoing.held': (detail) => `held by ${by(detail)}${becauseOf(textOf(detail, 'reason'))}`,
  'outgoing.released': (detail) => `released by ${by(detail)}`,
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
    `it answers ${textOf(detail, 'id') ?? 'a message'}, which was sent from here`,
};
