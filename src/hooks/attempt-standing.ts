/**
 * How an attempt stands, decided from what lies in its folder. Pure.
 *
 *     mark   status   lock    standing
 *     no     –        –       not-started: launching is safe, the mark decides
 *     yes    yes      –       ended
 *     yes    no       held    running
 *     yes    no       free    status-lost
 *
 * The lock is asked before the status: a launcher writes the status while it holds the lock, so an
 * attempt whose lock was free and that has no status after that will never have one.
 */
import { constants } from 'node:os';
import { type AttemptOutcome, type AttemptStanding, NOT_STARTABLE_REASONS } from './hooks.ts';

export interface Mark {
  /** When it was taken, milliseconds since 1970. */
  readonly takenAtMs: number;
}

export interface AttemptEvidence {
  readonly mark: Mark | null;
  readonly isLockHeld: boolean;
  /** The status file's content and when it was written; null where there is none. */
  readonly status: { readonly text: string; readonly writtenAtMs: number } | null;
}

/** `9` → `SIGKILL`; a number without a name stays a number. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name;
  return `SIGRT${number}`;
}

const STATUS_LINE = /^(hook|timed-out|cancelled|not-started ([a-z-]+)) (exit|signal) (\d{1,3}) end\n$/;

/** Reads the supervisor's line; null for anything else, such as a line that was cut short. */
export function parseStatus(text: string): AttemptOutcome | null {
  const match = STATUS_LINE.exec(text);
  if (match === null) return null;
  const [, phase, reason, how, digits] = match;
  const number = Number(digits);
  const exitCode = how === 'exit' ? number : null;
  const signal = how === 'signal' ? signalName(number) : null;
  switch (phase) {
    case 'hook':
      return signal === null ? { kind: 'exited', exitCode: number } : { kind: 'signalled', signal };
    case 'timed-out':
      return { kind: 'timed-out', exitCode, signal };
    case 'cancelled':
      return { kind: 'cancelled', exitCode, signal };
    default: {
      const known = NOT_STARTABLE_REASONS.find((each) => each === reason);
      return known === undefined ? null : { kind: 'not-startable', reason: known };
    }
  }
}

export function standingOf({ mark, isLockHeld, status }: AttemptEvidence): AttemptStanding {
  if (mark === null) return { kind: 'not-started' };
  const startedAtMs = mark.takenAtMs;
  const outcome = status === null ? null : parseStatus(status.text);
  if (status !== null && outcome !== null)
    return { kind: 'ended', outcome, startedAtMs, endedAtMs: status.writtenAtMs, isLockHeld };
  return isLockHeld ? { kind: 'running', startedAtMs } : { kind: 'status-lost', startedAtMs };
}

/** What a launcher wrote into the mark: its pid, start in ticks, boot and the time limit that it keeps. */
const MARK_LINE = /^(\d+) \d+ \S+ (\d+) end\n$/;

/** Who took the mark; null where it was the daemon, or the line cannot be read. */
export function parseMark(text: string): { readonly pid: number; readonly timeoutSeconds: number } | null {
  const match = MARK_LINE.exec(text);
  return match === null ? null : { pid: Number(match[1]), timeoutSeconds: Number(match[2]) };
}
