/**
 * The life of a message in words: from the rows of the journal to one line an event (design §3.7).
 *
 * Written for an operator who has never read the code. Pure: rows in, lines out. A row of a kind that
 * is not known here is shown by its name and its facts, so that nothing is left out.
 */
import type {
  AbsorbedRow,
  DeliveryRow,
  MessageRow,
  OutgoingRow,
  RunRow,
  TraceRow,
} from '../../journal/journal.ts';
import { assertNever } from '../../system/assert.ts';
import { type EpochMs, formatInstant } from '../../system/clock.ts';
import type { TrustToday } from '../trust-today.ts';
import { outgoingSentence, submittedBy } from './outgoing-words.ts';
import { describeRow, isUnread } from './row-words.ts';
import { type RunSurroundings, runSentence, startsSentence } from './run-words.ts';
import { trustSentence } from './trust-words.ts';
import { formatDuration, formatSize, listOf, plural } from './words.ts';

export interface StoryLine {
  /** RFC 3339. */
  readonly at: string;
  /** Since its first copy came, ms. */
  readonly after_ms: number;
  /** Stable and dotted. */
  readonly event: string;
  /** One sentence, or one with details behind `; `. */
  readonly text: string;
  readonly run_id: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface StoryRows {
  readonly delivery: DeliveryRow;
  /** The copy that the file is made from. */
  readonly message: MessageRow;
  /** Copies that it was made from before, until a better one came; oldest first. */
  readonly replaced: readonly MessageRow[];
  readonly rows: readonly TraceRow[];
  readonly absorbed: readonly AbsorbedRow[];
  /** Copies in all; more than `absorbed` holds once they are only counted. */
  readonly absorbedCount: number;
  /** Ids of other messages of the mailbox with the same Message-ID. */
  readonly sameMessageId: readonly string[];
  readonly runs: readonly RunRow[];
  /** False where the file of a delivered message is not where it was put. */
  readonly isInPlace: boolean;
  readonly lastWords: RunSurroundings['lastWords'];
  /** What it is in the queue, where it is a copy of what was sent; else null. */
  readonly outgoing: OutgoingRow | null;
  /** What the configuration of today makes of it; null where its mailbox is not in it. */
  readonly trustToday: TrustToday | null;
}

/** How an absorbed copy was known, in words. */
const KNOWN_BY: Readonly<Record<AbsorbedRow['by'], string>> = {
  exact: 'the same bytes',
  content: 'the same letter by another road',
  'message-id': 'the same Message-ID (this mailbox asks for no more)',
  legacy: 'the same Message-ID, From, Date and Subject as a file of the earlier version',
};

/** From whom, how, for whom. */
function acceptedText(message: MessageRow, { rows, outgoing }: StoryRows): string {
  const { arrival, envelope } = message;
  const sender = envelope.reversePath === '' ? 'the null sender <>' : envelope.reversePath;
  const recipients = listOf(envelope.recipients.map(({ forwardPath }) => forwardPath));
  const size = formatSize(message.sizeBytes);
  if (arrival.via === 'ingest') return `put in by hand (aimx ingest), ${size}, for ${recipients}`;
  if (arrival.via === 'submission') {
    const to = outgoing === null ? '' : `, for ${listOf(outgoing.recipients.map(({ address }) => address))}`;
    return `sent by ${submittedBy(rows) ?? 'somebody here'}: ${size}${to}`;
  }
  if (arrival.via === 'outbox') return `sent from this host by ${sender}, ${size}, for ${recipients}`;
  const name = arrival.helo === null ? '' : `, which calls itself ${arrival.helo}`;
  const tls = arrival.tls === null ? 'without TLS' : `with ${arrival.tls}`;
  return (
    `received over SMTP from ${arrival.clientAddress ?? 'an unknown address'}${name} (${arrival.protocol}, ${tls}): ` +
    `${size} from ${sender} for ${recipients}`
  );
}

/** From here on it is worth telling that a copy waited for its decision. */
const SLOW_DECISION_MS = 10_000;

function absorbedText(row: AbsorbedRow): string {
  const from = row.clientAddress === null ? 'by aimx ingest' : `from ${row.clientAddress}`;
  const answered = row.clientAddress === null ? '' : 'answered 250 and ';
  const late = row.at - row.receivedAt;
  const decided = late < SLOW_DECISION_MS ? '' : ` (decided ${formatDuration(late)} later)`;
  return (
    `another copy came ${from} for ${listOf(row.deliveredTo)}: ${KNOWN_BY[row.by]}; ` +
    `${answered}absorbed${decided}: no second file, no second start`
  );
}

function line(
  at: EpochMs,
  begin: EpochMs,
  fields: Pick<StoryLine, 'event' | 'text'> & Partial<StoryLine>,
): StoryLine {
  return { at: formatInstant(at), after_ms: at - begin, run_id: null, detail: {}, ...fields };
}

/** Every event in order of time. */
export function tellStory(story: StoryRows): readonly StoryLine[] {
  const copies = [...story.replaced, story.message];
  const [first = story.message] = copies.toSorted((a, b) => a.arrival.receivedAt - b.arrival.receivedAt);
  const begin = first.arrival.receivedAt;
  const lines = copies.map((message) =>
    line(message.arrival.receivedAt, begin, {
      event: 'message.received',
      text: acceptedText(message, story),
    }),
  );
  for (const row of story.rows) {
    const text = describeRow(row, story);
    if (text !== null)
      lines.push(line(row.at, begin, { event: row.event, text, run_id: row.runId, detail: row.detail }));
  }
  for (const row of story.absorbed)
    lines.push(
      line(row.receivedAt, begin, {
        event: 'delivery.absorbed',
        text: absorbedText(row),
        detail: {
          by: row.by,
          client_address: row.clientAddress,
          delivered_to: row.deliveredTo,
          journal_id: row.journalId,
          decided_at: formatInstant(row.at),
        },
      }),
    );
  return lines.sort((a, b) => a.after_ms - b.after_ms);
}

function deliveredSentence({ delivery, rows, replaced, isInPlace, outgoing }: StoryRows): string {
  const { mailbox } = delivery;
  if (outgoing !== null)
    return isInPlace
      ? `Its copy is in the sent folder of mailbox ${mailbox}.`
      : `Its copy was put into the sent folder of mailbox ${mailbox}; it is no longer there: its owner has moved or deleted it.`;
  if (!isInPlace)
    return `One file was put into mailbox ${mailbox}; it is no longer there: its owner has moved or deleted it.`;
  return rows.some(isUnread)
    ? `One file in mailbox ${mailbox}, unread: the reader did not survive the message, so it is attached as it came.`
    : `One file in mailbox ${mailbox}${replaced.length === 0 ? '' : ', made from the better authenticated of its copies'}.`;
}

function fileSentence(story: StoryRows): string {
  const { delivery } = story;
  if (delivery.waiting !== null) {
    const { reason, hint, nextAt } = delivery.waiting;
    return `Not delivered yet: ${reason}. ${hint}. It is tried again by itself, next at ${formatInstant(nextAt).slice(11, 19)} UTC.`;
  }
  switch (delivery.state) {
    case 'delivered':
      return deliveredSentence(story);
    case 'absorbed':
      return 'Absorbed: the mailbox held this message already.';
    case 'pending':
    case 'reserved':
    case 'staged':
      return story.outgoing === null
        ? 'On its way into the mailbox.'
        : 'Its copy is on its way into the sent folder.';
    case 'promoting':
    case 'exchanging':
      return story.outgoing === null
        ? 'Delivered; a better authenticated copy is taking its place.'
        : 'Its copy is made anew, to say what has become of it.';
    default:
      return assertNever(delivery.state);
  }
}

function absorbedSentence({ absorbedCount, replaced, outgoing }: StoryRows): string {
  if (outgoing !== null) return '';
  if (absorbedCount === 0 && replaced.length > 0) return '';
  if (absorbedCount === 0) return 'No further copy of it has come.';
  const copies = plural(absorbedCount, 'further copy was', 'further copies were');
  return `${copies} absorbed: no second file, no second start.`;
}

/** Explains "five starts for one mail" where they were five letters under one Message-ID. */
function sameMessageIdSentence({ sameMessageId, delivery }: StoryRows): string {
  if (sameMessageId.length === 0) return '';
  const names = listOf(sameMessageId.map((id) => `${delivery.mailbox}/${id}`));
  return sameMessageId.length === 1
    ? `1 other message has the same Message-ID and was not the same letter, so it is a message with a file and starts of its own: ${names}.`
    : `${sameMessageId.length} other messages have the same Message-ID and were not the same letter, so each is a message with a file and starts of its own: ${names}.`;
}

/** DNS has left something open that matters: when it is asked for the next time. */
function recheckSentence({ recheckAt, rechecks }: MessageRow): string {
  if (recheckAt === null) return '';
  const before = rechecks === 0 ? '' : `, after ${plural(rechecks, 'time', 'times')} in vain`;
  return `DNS is asked again at ${formatInstant(recheckAt).slice(11, 19)} UTC${before}.`;
}

/** The answer in short, one sentence a line. */
export function summarize(story: StoryRows): readonly string[] {
  const runs = [...story.runs].sort((a, b) => a.ordinal - b.ordinal || a.generation - b.generation);
  const none =
    story.delivery.state === 'delivered' && story.outgoing === null
      ? 'No hook started: the mailbox had none for it when it came.'
      : '';
  return [
    story.outgoing === null ? '' : outgoingSentence(story.outgoing),
    fileSentence(story),
    trustSentence(
      story.delivery,
      story.trustToday,
      runs.some(({ state }) => state === 'held'),
    ),
    recheckSentence(story.message),
    ...(runs.length === 0 ? [none] : runs.map((run) => runSentence(run, story))),
    startsSentence(runs),
    absorbedSentence(story),
    sameMessageIdSentence(story),
  ].filter((sentence) => sentence !== '');
}
