/** A run as every surface shows it (contract §8). */
import type { RunRow } from '../journal/journal.ts';
import { type EpochMs, formatInstant } from '../system/clock.ts';

export interface RunView {
  readonly run_id: string;
  readonly mailbox: string;
  /** Id of the message's file. */
  readonly id: string;
  readonly hook: string;
  readonly event: string;
  readonly generation: number;
  /** Starts so far. */
  readonly attempt: number;
  readonly state: string;
  /** `<code>: <sentence>`. */
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly due_at: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** Of `after_send`: what the hook is told; null for `on_receive`. */
  readonly send_status: string | null;
}

/** So many digits of a run's id fit a table, and name it: they are as good as unique. */
const SHORT_ID_DIGITS = 12;

/** A run's id for people; every command takes it. */
export function shortRunId(runId: string): string {
  return runId.slice(0, SHORT_ID_DIGITS);
}

/** RFC 3339, or null. */
export function instantOrNull(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}

export function viewRun(run: RunRow): RunView {
  return {
    run_id: run.runId,
    mailbox: run.mailbox,
    id: run.id,
    hook: run.hook,
    event: run.event,
    generation: run.generation,
    attempt: run.attempt,
    state: run.state,
    reason: run.reason,
    exit_code: run.exitCode,
    signal: run.signal,
    due_at: instantOrNull(run.dueAt),
    started_at: instantOrNull(run.startedAt),
    ended_at: instantOrNull(run.endedAt),
    send_status: run.sendStatus,
  };
}
