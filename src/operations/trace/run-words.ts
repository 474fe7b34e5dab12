/** Why a run did or did not start, how often, how it ended, and what to do about it: one sentence or two. */
import type { DeliveryRow, RunId, RunRow, TraceRow } from '../../journal/journal.ts';
import { assertNever } from '../../system/assert.ts';
import { formatInstant } from '../../system/clock.ts';
import { shortRunId } from '../run-view.ts';
import { PROMOTION, VERIFICATION } from './row-words.ts';
import { becauseOf, formatDuration, plural, sentenceOf } from './words.ts';

/** What a run's sentence may refer to. */
export interface RunSurroundings {
  readonly delivery: DeliveryRow;
  /** Every run of the message. */
  readonly runs: readonly RunRow[];
  /** Trace rows of the message, oldest first. */
  readonly rows: readonly TraceRow[];
  /** Of runs that failed: the last line of stderr, where it is at hand. */
  readonly lastWords: ReadonlyMap<RunId, string>;
}

function nameOf(run: RunRow): string {
  return run.generation === 0 ? `Hook ${run.hook}` : `Hook ${run.hook} (replay ${run.generation})`;
}

function detailText(row: TraceRow | undefined, name: string): string | null {
  const value = row?.detail[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function tookOf(run: RunRow): string {
  return run.startedAt === null || run.endedAt === null
    ? ''
    : ` after ${formatDuration(run.endedAt - run.startedAt)}`;
}

/** ` Started again because the hook ended with exit code 75 … (2 times).` */
function againSentence(run: RunRow, rows: readonly TraceRow[]): string {
  const counts = new Map<string, number>();
  for (const row of rows)
    if (row.event === 'run.again' && row.runId === run.runId) {
      const reason = sentenceOf(detailText(row, 'reason') ?? 'no reason given');
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  return [...counts]
    .map(([reason, count]) => ` Started again${count > 1 ? ` ${count} times` : ''} because ${reason}.`)
    .join('');
}

/** ` Root let it go: it was held before.`, ` It was started again because root asked for it.` */
function decidedSentence(run: RunRow, rows: readonly TraceRow[]): string {
  const last = (event: string): TraceRow | undefined =>
    rows.findLast((row) => row.event === event && row.runId === run.runId);
  const replayed = last('run.replayed');
  if (replayed !== undefined)
    return ` It is a replay: ${detailText(replayed, 'by') ?? 'somebody'} asked for it.`;
  const released = last('run.released');
  if (released === undefined) return '';
  const by = detailText(released, 'by');
  const until =
    by === PROMOTION
      ? 'a better authenticated copy came'
      : by === VERIFICATION
        ? 'DNS said who wrote the message'
        : `${by ?? 'somebody'} released it`;
  return ` It was held before, until ${until}.`;
}

function startsText(run: RunRow): string {
  return run.attempt > 1 ? `started ${run.attempt} times` : 'started once';
}

function dueSentence(run: RunRow, { delivery, runs }: RunSurroundings): string {
  const which = nameOf(run);
  if (delivery.state !== 'delivered')
    return `${which} has not started: it starts once the file is in the mailbox.`;
  const before = runs.find(
    (other) =>
      ['due', 'claimed', 'running'].includes(other.state) &&
      (other.ordinal < run.ordinal || (other.ordinal === run.ordinal && other.generation < run.generation)),
  );
  if (before !== undefined)
    return `${which} has not started: hooks of one message start one after the other, and hook ${before.hook} has not ended.`;
  if (run.reason !== null && run.attempt > 0) {
    const when = run.dueAt === null ? '' : ` at ${formatInstant(run.dueAt).slice(11, 19)} UTC`;
    return `${which} has ${startsText(run)} and is to start again${when}${becauseOf(run.reason)}.`;
  }
  return `${which} has not started: it waits for its turn, since only so many run at once (max_concurrent).`;
}

function failedSentence(run: RunRow): string {
  const which = nameOf(run);
  const output = ` What it printed: aimx runs output ${shortRunId(run.runId)}`;
  if (run.startedAt === null) return `${which} could not be started${becauseOf(run.reason)}.`;
  return `${which} ${startsText(run)} and failed${tookOf(run)}${becauseOf(run.reason)}.${output}`;
}

function cancelledSentence(run: RunRow, rows: readonly TraceRow[]): string {
  const which = nameOf(run);
  if (run.startedAt === null) return `${which} did not start; it is cancelled${becauseOf(run.reason)}.`;
  const wasInterrupted = rows.some((row) => row.event === 'run.interrupted' && row.runId === run.runId);
  return wasInterrupted
    ? `${which} ${startsText(run)}, was interrupted, and is closed${becauseOf(run.reason)}.`
    : `${which} ${startsText(run)} and was cancelled${tookOf(run)}${becauseOf(run.reason)}.`;
}

/** Why the sender is not trusted is said once, before the runs. */
function heldBecause({ reason }: RunRow, { delivery }: RunSurroundings): string {
  return reason !== null && reason === delivery.trustReason
    ? ', since its sender is not trusted'
    : becauseOf(reason);
}

/** Without what happened before: retries and decisions. */
function stateSentence(run: RunRow, around: RunSurroundings): string {
  const which = nameOf(run);
  switch (run.state) {
    case 'due':
      return dueSentence(run, around);
    case 'held':
      return `${which} did not start: it is held${heldBecause(run, around)}. To let it go: aimx runs release ${shortRunId(run.runId)}`;
    case 'claimed':
      return `${which} is being started.`;
    case 'running':
      return `${which} ${startsText(run)} and is running.`;
    case 'succeeded':
      return `${which} ${startsText(run)} and succeeded${tookOf(run)}.`;
    case 'failed':
      return failedSentence(run);
    case 'timed_out':
      return `${which} ${startsText(run)} and was ended at its time limit (timeout_secs)${tookOf(run)}. What it printed: aimx runs output ${shortRunId(run.runId)}`;
    case 'interrupted':
      return `${which} ${startsText(run)} and is interrupted${becauseOf(run.reason)}. Whether it has done its work is not known, so it does not start again by itself. To start it again: aimx runs replay ${shortRunId(run.runId)}; to leave it: aimx runs cancel ${shortRunId(run.runId)}`;
    case 'cancelled':
      return cancelledSentence(run, around.rows);
    default:
      return assertNever(run.state);
  }
}

/** The answer for one run. */
export function runSentence(run: RunRow, around: RunSurroundings): string {
  const sentence = stateSentence(run, around);
  // What to type stands last, where it can be copied.
  const [, said, todo = ''] = /^(.*?[.;:] )?((?:To (?:let|start)|What it printed).*)$/s.exec(sentence) ?? [];
  const before = (said ?? sentence).trimEnd();
  const last = around.lastWords.get(run.runId);
  const history =
    (last === undefined ? '' : ` Its last line on stderr: ${JSON.stringify(last)}.`) +
    againSentence(run, around.rows) +
    decidedSentence(run, around.rows);
  return `${before}${history}${todo === '' ? '' : ` ${todo}`}`;
}

/** `2 starts of hooks in all`; empty where a single sentence tells it already. */
export function startsSentence(runs: readonly RunRow[]): string {
  const starts = runs.reduce((sum, run) => sum + (run.startedAt === null ? 0 : run.attempt), 0);
  return starts < 2 ? '' : `${plural(starts, 'start', 'starts')} of hooks for this message in all.`;
}
