/**
 * The life of a message in words: from the rows of the journal to one line an event (design §3.7).
 *
 * Written for an operator who has never read the code. Pure: rows in, lines out. A row of a kind that
 * is not known here is shown by its name and its facts, so that nothing is left out.
 */
import type { AbsorbedRow, DeliveryRow, MessageRow, RunRow, TraceRow } from '../../journal/journal.ts';
import { type EpochMs, formatInstant } from '../../system/clock.ts';
import { describeRow } from './row-words.ts';
import { formatDuration, formatSize, listOf, plural } from './words.ts';

export interface StoryLine {
  /** RFC 3339. */
  readonly at: string;
  /** Since the message was accepted, ms. */
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
  readonly message: MessageRow;
  readonly rows: readonly TraceRow[];
  readonly absorbed: readonly AbsorbedRow[];
  /** Copies in all; more than `absorbed` holds once they are only counted. */
  readonly absorbedCount: number;
  readonly runs: readonly RunRow[];
}

/** How an absorbed copy was known, in words. */
const KNOWN_BY: Readonly<Record<AbsorbedRow['by'], string>> = {
  exact: 'the same bytes',
  content: 'the same letter by another road',
  'message-id': 'the same Message-ID (this mailbox asks for no more)',
  legacy: 'the same Message-ID, From, Date and Subject as a file of the earlier version',
};

/** From whom, how, for whom. */
export function acceptedText({ message }: Pick<StoryRows, 'message'>): string {
  const { arrival, envelope } = message;
  const sender = envelope.reversePath === '' ? 'the null sender <>' : envelope.reversePath;
  const recipients = listOf(envelope.recipients.map(({ forwardPath }) => forwardPath));
  const size = formatSize(message.sizeBytes);
  if (arrival.via === 'ingest') return `put in by hand (aimx ingest), ${size}, for ${recipients}`;
  const name = arrival.helo === null ? '' : `, which calls itself ${arrival.helo}`;
  const tls = arrival.tls === null ? 'without TLS' : `with ${arrival.tls}`;
  return (
    `received over SMTP from ${arrival.clientAddress ?? 'an unknown address'}${name} (${arrival.protocol}, ${tls}): ` +
    `${size} from ${sender} for ${recipients}`
  );
}

function absorbedText(row: AbsorbedRow): string {
  const from = row.clientAddress === null ? 'by aimx ingest' : `from ${row.clientAddress}`;
  return (
    `another copy ${from} for ${listOf(row.deliveredTo)}: ${KNOWN_BY[row.by]} ` +
    `(${row.by} fingerprint); answered 250 and absorbed: no second file, no second start`
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
  const begin = story.message.arrival.receivedAt;
  const lines = [line(begin, begin, { event: 'message.received', text: acceptedText(story) })];
  for (const row of story.rows) {
    const text = describeRow(row, story);
    if (text !== null)
      lines.push(line(row.at, begin, { event: row.event, text, run_id: row.runId, detail: row.detail }));
  }
  for (const row of story.absorbed)
    lines.push(
      line(row.at, begin, {
        event: 'delivery.absorbed',
        text: absorbedText(row),
        detail: {
          by: row.by,
          client_address: row.clientAddress,
          delivered_to: row.deliveredTo,
          journal_id: row.journalId,
        },
      }),
    );
  return lines.sort((a, b) => a.after_ms - b.after_ms);
}

function fileSentence({ delivery }: StoryRows): string {
  if (delivery.waiting !== null)
    return `Not delivered yet: ${delivery.waiting.reason}. ${delivery.waiting.hint}.`;
  switch (delivery.state) {
    case 'delivered':
      return `One file in mailbox ${delivery.mailbox}.`;
    case 'absorbed':
      return 'Absorbed: the mailbox held this message already.';
    case 'pending':
    case 'reserved':
    case 'staged':
      return 'On its way into the mailbox.';
    case 'promoting':
    case 'exchanging':
      return 'Delivered; a better authenticated copy is taking its place.';
  }
}

function absorbedSentence({ absorbedCount }: StoryRows): string {
  if (absorbedCount === 0) return 'The sender sent it once.';
  const copies = plural(absorbedCount, 'further copy', 'further copies');
  return `${copies} absorbed: no second file, no second start.`;
}

function tookSentence(run: RunRow): string {
  return run.startedAt === null || run.endedAt === null
    ? ''
    : `, after ${formatDuration(run.endedAt - run.startedAt)}`;
}

/** Why a run did or did not run, and what to do about it. */
export function runSentence(run: RunRow): string {
  const which = run.generation === 0 ? `Hook ${run.hook}` : `Hook ${run.hook}, replay ${run.generation}`;
  const because = run.reason === null ? '' : ` (${run.reason})`;
  const starts = run.attempt > 1 ? `, ${run.attempt} starts` : '';
  switch (run.state) {
    case 'due':
      return `${which} waits for its turn${because}.`;
    case 'held':
      return `${which} did not run: held${because}. Let it go with: aimx runs release ${run.runId}`;
    case 'claimed':
      return `${which} is being started.`;
    case 'running':
      return `${which} is running${starts}.`;
    case 'succeeded':
      return `${which} ran${starts} and succeeded${tookSentence(run)}.`;
    case 'failed':
      return `${which} ${run.startedAt === null ? 'did not run' : 'ran'}${starts} and failed${because || exitWords(run)}${tookSentence(run)}. See: aimx runs output ${run.runId}`;
    case 'timed_out':
      return `${which} ran${starts} and was ended at its time limit${tookSentence(run)}. See: aimx runs output ${run.runId}`;
    case 'interrupted':
      return `${which} was cut short and is not started again by itself${because}. Decide with: aimx runs replay ${run.runId} or aimx runs cancel ${run.runId}`;
    case 'cancelled':
      return `${which} was cancelled${because}.`;
  }
}

function exitWords(run: RunRow): string {
  if (run.signal !== null) return ` (by ${run.signal})`;
  return run.exitCode === null ? '' : ` (exit ${run.exitCode})`;
}

/** The answer in short, one sentence a line. */
export function summarize(story: StoryRows): readonly string[] {
  const runs = [...story.runs].sort((a, b) => a.ordinal - b.ordinal || a.generation - b.generation);
  const hooks =
    runs.length === 0
      ? [
          story.delivery.state === 'delivered'
            ? 'No hook started: the mailbox had none for it when it came.'
            : '',
        ]
      : runs.map(runSentence);
  return [fileSentence(story), ...hooks, absorbedSentence(story)].filter((sentence) => sentence !== '');
}
