/** One trace row in words. Rows that say nothing beyond another line are left out. */
import type { AuthenticationResult, Rank, Verdict } from '../../authentication/verdict.ts';
import type { DeliveryRow, MessageRow, RunRow, TraceRow } from '../../journal/journal.ts';
import { type CheckWords, describeChecks } from '../check-words.ts';
import { OUTGOING_WORDING } from './outgoing-words.ts';
import { trustText } from './trust-words.ts';
import { becauseOf, formatDuration } from './words.ts';

/** What a row may refer to. */
export interface RowSurroundings {
  readonly message: MessageRow;
  readonly replaced: readonly MessageRow[];
  readonly delivery: DeliveryRow;
  readonly runs: readonly RunRow[];
  /** All of the message. */
  readonly rows: readonly TraceRow[];
}

type Wording = (facts: Facts, row: TraceRow, surroundings: RowSurroundings) => string | null;

/** A row's detail, read without trusting its form: rows may be older than this program. */
class Facts {
  readonly #detail: Readonly<Record<string, unknown>>;

  constructor(detail: Readonly<Record<string, unknown>>) {
    this.#detail = detail;
  }

  text(name: string): string | null {
    const value = this.#detail[name];
    return typeof value === 'string' && value !== '' ? value : null;
  }

  number(name: string): number | null {
    const value = this.#detail[name];
    return typeof value === 'number' ? value : null;
  }

  flag(name: string): boolean {
    return this.#detail[name] === true;
  }

  /** `name value, name value`; for rows without words of their own. */
  all(): string {
    return Object.entries(this.#detail)
      .filter(([, value]) => value !== null && value !== '')
      .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', ');
  }
}

/** Who let a run go where nobody did: a better authenticated copy has come, */
export const PROMOTION = 'promotion';
/** or DNS has said at last who wrote the message. */
export const VERIFICATION = 'verification';
/** After so many deaths of the reader a message is delivered unread (design §3.4). */
const READ_ATTEMPTS = 2;

/** True for the row that says that a message is delivered unread. */
export function isUnread({ event, detail }: TraceRow): boolean {
  return event === 'message.read-again' && Number(detail['attempts']) > READ_ATTEMPTS;
}

const RESULT_WORDS: Readonly<Record<AuthenticationResult, string>> = {
  pass: 'passes',
  fail: 'fails',
  softfail: 'fails softly',
  neutral: 'says nothing',
  policy: 'is not accepted',
  none: 'none',
  temperror: 'could not be asked (DNS did not answer)',
  permerror: 'is wrongly published',
};

/** Results that a trace need not tell: what is not there for most mail. */
function isWorthTelling({ method, result }: CheckWords): boolean {
  return !(method === 'iprev' || (method === 'ARC' && result === 'none'));
}

function isResult(word: string): word is AuthenticationResult {
  return Object.hasOwn(RESULT_WORDS, word);
}

function checkText({ method, result, text }: CheckWords): string {
  // Which question had no answer is said behind it.
  const word = result === 'temperror' && text !== '' ? 'could not be asked' : result;
  const said = `${method} ${isResult(word) ? RESULT_WORDS[word] : word}`;
  return text === '' ? said : `${said} (${text})`;
}

/** What was verified how, and on what it rests where that is known. */
export function verdictText(verdict: VerdictSummary & Pick<Verdict, 'details'>): string {
  const { spf, dkim, dmarc, authDomain, details } = verdict;
  if (details !== null) {
    const checks = describeChecks(details).filter(isWorthTelling).map(checkText).join('; ');
    return authDomain === null
      ? `sender checked: nothing vouches for From; ${checks}`
      : `sender checked: ${authDomain} vouches for From; ${checks}`;
  }
  if (spf === 'none' && dkim === 'none' && dmarc === 'none')
    return 'sender checked: nothing vouches for it (SPF none, DKIM none, DMARC none)';
  const vouched =
    authDomain === null ? 'no domain that is aligned with From' : `${authDomain} vouches for From`;
  return `sender checked: SPF ${RESULT_WORDS[spf]}, DKIM ${RESULT_WORDS[dkim]}, DMARC ${RESULT_WORDS[dmarc]}; ${vouched}`;
}

/** What a row of the trace keeps of a verdict. */
type VerdictSummary = Pick<Verdict, 'spf' | 'dkim' | 'dmarc' | 'authDomain'>;

/** The row has the results of its time; what they rest on is kept with the message, for the latest alone. */
function authenticatedText(row: TraceRow, { message, replaced }: RowSurroundings): string {
  const summary = row.detail as unknown as VerdictSummary;
  const kept = [message, ...replaced].find(({ journalId }) => journalId === row.journalId)?.verdict ?? null;
  const isSame =
    kept !== null &&
    (['spf', 'dkim', 'dmarc', 'authDomain'] as const).every((name) => kept[name] === summary[name]);
  return verdictText({ ...summary, details: isSame ? kept.details : null });
}

const RANK_WORDS: Readonly<Record<Rank, string>> = {
  fail: 'a check that failed',
  none: 'nothing that vouched for it',
  'aligned-spf': 'SPF that is aligned with From',
  'aligned-dkim': 'DKIM that is aligned with From',
  trusted: 'a trusted sender',
};

function rankText(facts: Facts, name: string): string {
  const rank = facts.text(name) ?? 'none';
  return Object.hasOwn(RANK_WORDS, rank) ? RANK_WORDS[rank as Rank] : rank;
}

/** What was decided when the message got its name; the delivery has what is decided now. */
function trustOfThen(
  { detail }: TraceRow,
  delivery: DeliveryRow,
): Pick<DeliveryRow, 'trusted' | 'trustReason'> {
  const { trusted, trustReason } = detail;
  if (trusted !== 'true' && trusted !== 'false' && trusted !== 'none') return delivery;
  return { trusted, trustReason: typeof trustReason === 'string' ? trustReason : null };
}

function reservedText(facts: Facts, row: TraceRow, { delivery }: RowSurroundings): string {
  const onPurpose = facts.flag('sameBytesSentOnPurpose')
    ? '; the same bytes came before, but their sender had seen our 250, so they were sent again on purpose'
    : '';
  const resembles =
    delivery.resembles === null
      ? ''
      : `; it has the Message-ID of ${delivery.resembles} but another content, so it is another message`;
  const place =
    delivery.sequence === null ? '' : `, number ${delivery.sequence} of mailbox ${delivery.mailbox}`;
  const trust = trustText(trustOfThen(row, delivery));
  return `new to the mailbox: named ${delivery.id}${place}${trust}${resembles}${onPurpose}`;
}

function hookOf(row: TraceRow, facts: Facts, { runs }: RowSurroundings): string {
  const run = runs.find(({ runId }) => runId === row.runId);
  const name = run?.hook ?? facts.text('hook') ?? 'unknown';
  const generation = run?.generation ?? facts.number('generation') ?? 0;
  return generation === 0 ? `hook ${name}` : `hook ${name} (replay ${generation})`;
}

function because(facts: Facts): string {
  const reason = facts.text('reason') ?? facts.text('held');
  return becauseOf(reason);
}

/** `run.succeeded` and its like: the event's last word is the state. */
function endText(state: string, hook: string, facts: Facts, took: string): string {
  switch (state) {
    case 'succeeded':
      return `${hook} succeeded${took} (exit 0)`;
    case 'timed_out':
      return `${hook} was ended at its time limit${took}`;
    case 'interrupted':
      return `${hook} is interrupted${took}${because(facts)}; it does not start again unless somebody decides so`;
    case 'cancelled':
      return `${hook} was cancelled${took}${because(facts)}`;
    default: {
      return `${hook} failed${took}${because(facts)}`;
    }
  }
}

function tookOf(row: TraceRow, { runs }: RowSurroundings): string {
  const run = runs.find(({ runId }) => runId === row.runId);
  if (run?.startedAt == null || run.endedAt === null || run.endedAt !== row.at) return '';
  return ` after ${formatDuration(run.endedAt - run.startedAt)}`;
}

function hasStarted(row: TraceRow, { runs }: RowSurroundings): boolean {
  return runs.some(({ runId, startedAt }) => runId === row.runId && startedAt !== null);
}

function ended(facts: Facts, row: TraceRow, around: RowSurroundings): string {
  return endText(row.event.slice('run.'.length), hookOf(row, facts, around), facts, tookOf(row, around));
}

const WORDING: Readonly<Record<string, Wording>> = {
  'message.accepted': (_facts, row, { message, replaced }) => {
    const copy = [message, ...replaced].find(({ journalId }) => journalId === row.journalId);
    if (copy === undefined) return null;
    return copy.arrival.via !== 'smtp'
      ? 'on stable storage'
      : 'on stable storage; only then the 250 went out';
  },
  'message.reply-seen': () =>
    'the client went on after our 250, so it has seen it: what it sends later is no retry of this one',
  'message.authenticated': (_facts, row, around) => authenticatedText(row, around),
  'message.authenticated-later': (_facts, row, around) => `asked again: ${authenticatedText(row, around)}`,
  'message.read-again': (facts, row) =>
    isUnread(row)
      ? `reading it has failed ${READ_ATTEMPTS} times: it is delivered unread, with the message as it came attached`
      : `reading it is tried again (attempt ${facts.number('attempts') ?? '?'}): the reader did not survive it before`,
  'message.done': () => null,
  'delivery.reserved': (facts, row, around) => reservedText(facts, row, around),
  'delivery.staged': () => null,
  'delivery.id-taken': (facts) =>
    `a file that is not ours has that name; renamed ${facts.text('id') ?? 'to the next free one'}`,
  'delivery.delivered': (_facts, _row, { delivery }) =>
    delivery.folder === 'sent'
      ? `its copy is in the sent folder of mailbox ${delivery.mailbox}, whole and flushed`
      : `delivered: the file is in mailbox ${delivery.mailbox}, whole and flushed`,
  // The absorbed copies tell this themselves, with where they came from.
  'delivery.absorbed': () => null,
  'delivery.copy-absorbed': () => null,
  'delivery.waiting': (facts) =>
    `delivery waits: ${facts.text('reason') ?? facts.text('code') ?? 'no reason given'}${
      facts.text('hint') === null ? '' : `; ${facts.text('hint')}`
    }`,
  'delivery.goes-on': () => 'delivery goes on',
  'delivery.promoting': (facts) => {
    const client = facts.text('clientAddress');
    return (
      `a better authenticated copy came${client === null ? '' : ` from ${client}`} ` +
      `(${rankText(facts, 'fromRank')} before, ${rankText(facts, 'rank')} now): the file is made anew from it`
    );
  },
  'delivery.exchanging': () => null,
  'delivery.reassessed': (facts) => {
    const trusted = facts.text('trusted');
    const standing =
      trusted === 'true' ? 'it is trusted' : `it is not trusted${becauseOf(facts.text('trustReason'))}`;
    return `${trusted === 'none' ? 'its results have changed' : standing}: the file is made anew to say so`;
  },
  'delivery.promoted': (facts) => {
    const isSame = facts.text('by') === VERIFICATION;
    if (facts.text('outcome') === 'gone')
      return `${isSame ? 'the new results count' : 'the better copy counts'}; its owner had moved the file away, so it was not brought back`;
    return isSame ? 'the file says so' : 'the better copy has taken the place of the file';
  },
  'fingerprints.forgotten': (facts) =>
    `its fingerprints were forgotten by ${facts.text('by') ?? 'somebody'}: the same bytes would be delivered again`,
  // The line before it has said why.
  'run.held': (facts, row, around) => {
    const isSaid = around.rows.some(
      ({ event, detail }) =>
        event === 'delivery.reserved' &&
        detail['trustReason'] != null &&
        detail['trustReason'] === facts.text('reason'),
    );
    return `${hookOf(row, facts, around)} is held and does not start${isSaid ? ', since its sender is not trusted' : because(facts)}`;
  },
  'run.planned': (facts, row, around) => `${hookOf(row, facts, around)} is to start once the file is there`,
  'run.claimed': () => null,
  'run.started': (facts, row, around) => {
    const attempt = facts.number('attempt') ?? 1;
    const pid = facts.number('pid');
    return `${hookOf(row, facts, around)} started${attempt > 1 ? `, attempt ${attempt}` : ''}${pid === null ? '' : ` (pid ${pid})`}`;
  },
  'run.succeeded': ended,
  'run.failed': ended,
  'run.timed_out': ended,
  'run.interrupted': ended,
  'run.expired': (facts, row, around) =>
    `${hookOf(row, facts, around)} was held for too long and is cancelled: nobody decided about it`,
  'run.again': (facts, row, around) => {
    const dueAt = facts.number('dueAt');
    const wait = dueAt === null || dueAt <= row.at ? '' : ` in ${formatDuration(dueAt - row.at)}`;
    return `${hookOf(row, facts, around)} is to start again${wait}${because(facts)}`;
  },
  'run.released': (facts, row, around) =>
    facts.text('by') === PROMOTION
      ? `${hookOf(row, facts, around)} is let go: the better copy is trusted`
      : facts.text('by') === VERIFICATION
        ? `${hookOf(row, facts, around)} is let go: the message is trusted`
        : `${hookOf(row, facts, around)} was released by ${facts.text('by')}`,
  // Cancelled while it waited (somebody did it), or while it ran (its attempt ended so).
  'run.cancelled': (facts, row, around) => {
    const by = facts.text('by');
    return by === null
      ? ended(facts, row, around)
      : hasStarted(row, around)
        ? `${hookOf(row, facts, around)} was closed by ${by}: it does not start again`
        : `${hookOf(row, facts, around)} was cancelled by ${by}: it does not start`;
  },
  'run.replayed': (facts, row, around) =>
    `${hookOf(row, facts, around)} is started again because ${facts.text('by') ?? 'somebody'} asked for it`,
};

/** @returns null for a row that another line tells already. */
export function describeRow(row: TraceRow, surroundings: RowSurroundings): string | null {
  const facts = new Facts(row.detail);
  const outgoing = OUTGOING_WORDING[row.event];
  if (outgoing !== undefined) return outgoing(row.detail);
  const wording = WORDING[row.event];
  if (wording !== undefined) return wording(facts, row, surroundings);
  const all = facts.all();
  return all === '' ? row.event : `${row.event}: ${all}`;
}
