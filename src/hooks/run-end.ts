/** What becomes of a run when its attempt has ended. Pure. */
import type { HookConfig } from '../config/config.ts';
import type { RunRow, RunState } from '../journal/journal.ts';
import { assertNever } from '../system/assert.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import type { AttemptOutcome, NotStartableReason } from './hooks.ts';

/** EX_TEMPFAIL of sysexits.h: the hook asks to be started again later, where it has `retries`. */
export const EXIT_TEMPFAIL = 75;
/** First wait before a retry; each further one waits twice as long. */
const RETRY_DELAY_MS_MIN = 10_000;
const RETRY_DELAY_MS_MAX = 15 * 60_000;
/** `on_interrupt = "retry"`: a hook that takes the machine down with it must not do so for ever. */
export const INTERRUPT_STARTS_MAX = 3;

type EndState = Extract<RunState, 'succeeded' | 'failed' | 'timed_out' | 'interrupted' | 'cancelled'>;

export type RunEnd =
  | {
      readonly kind: 'end';
      readonly state: EndState;
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** `<code>: <sentence>`. */
      readonly reason: string | null;
    }
  | { readonly kind: 'again'; readonly delayMs: number; readonly reason: string };

/** What each reason means to a person who reads the run. */
const NOT_STARTABLE_TEXT: Readonly<Record<NotStartableReason, string>> = {
  'not-found': 'PROGRAM does not exist, or its owner may not reach it',
  'not-executable': 'PROGRAM is not an executable file for its owner',
  'exec-failed': 'PROGRAM cannot be executed; stderr of the run says why',
  'no-privileges': "The owner's account could not be taken on; stderr of the run says why",
  'no-room': 'There was no room on the disk to note that it starts, so nothing was started',
  'not-flushed': 'The mark of the start could not be flushed to the disk, so nothing was started',
};

/** Beyond any path that a person typed, and still one line. */
const SHOWN_PROGRAM_CHARACTERS_MAX = 256;

/** A program's path to stand in a sentence: one line, bounded, without what a terminal would act upon. */
export function showProgram(path: string): string {
  const characters = [...path];
  const isCut = characters.length > SHOWN_PROGRAM_CHARACTERS_MAX;
  const shown = characters
    .slice(0, SHOWN_PROGRAM_CHARACTERS_MAX)
    .join('')
    .replace(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );
  return isCut ? `${shown}…` : shown;
}

/** @param program What was to be started; null where that is not known any more. */
function notStartableReason(reason: NotStartableReason, program: string | null): string {
  const name = program === null ? 'The program' : showProgram(program);
  return `${reason}: ${NOT_STARTABLE_TEXT[reason].replace('PROGRAM', () => name)}`;
}

/** @param starts How often it has been started, this one included. */
export function retryDelayMs(starts: number): number {
  return Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** Math.max(0, starts - 1));
}

export function end(
  state: EndState,
  reason: string | null,
  result: { readonly exitCode?: number | null; readonly signal?: string | null } = {},
): RunEnd {
  return { kind: 'end', state, reason, exitCode: result.exitCode ?? null, signal: result.signal ?? null };
}

/**
 * The time of an end as its file says it: a clock that was set in between must not have a run end
 * before it started, or later than now.
 */
export function boundEnd(
  endedAtMs: number,
  { startedAt, now }: { readonly startedAt: EpochMs; readonly now: EpochMs },
): EpochMs {
  return epochMs(Math.max(startedAt, Math.min(Math.round(endedAtMs), now)));
}

/**
 * @param run Its attempt, and the program that this attempt was to start where that is known.
 * @param hook Its definition now; null where it was removed meanwhile, and then nothing is started again.
 */
export function decideRunEnd(
  outcome: AttemptOutcome,
  run: Pick<RunRow, 'attempt'> & { readonly program: string | null },
  hook: Pick<HookConfig, 'retries'> | null,
): RunEnd {
  switch (outcome.kind) {
    case 'exited': {
      const { exitCode } = outcome;
      if (exitCode === 0) return end('succeeded', null, outcome);
      if (exitCode !== EXIT_TEMPFAIL || hook === null || hook.retries === 0)
        return end('failed', `exit: The hook ended with exit code ${exitCode}`, outcome);
      if (run.attempt > hook.retries)
        return end('failed', `retries: Exit code 75 after ${run.attempt} starts, the last allowed`, outcome);
      return {
        kind: 'again',
        delayMs: retryDelayMs(run.attempt),
        reason: 'temporary: The hook ended with exit code 75 and asks to be started again',
      };
    }
    case 'signalled':
      return end('failed', `signal: The hook was ended by ${outcome.signal}`, outcome);
    case 'timed-out':
      return end('timed_out', 'time-limit: The hook did not end within its time limit', outcome);
    case 'cancelled':
      return end('cancelled', 'cancelled: Ended on request while it ran', outcome);
    case 'not-startable':
      // The one reason that goes away by itself; a new attempt has a mark of its own.
      if (outcome.reason === 'no-room')
        return {
          kind: 'again',
          delayMs: RETRY_DELAY_MS_MIN,
          reason: notStartableReason('no-room', null),
        };
      return end('failed', notStartableReason(outcome.reason, run.program));
    default:
      return assertNever(outcome);
  }
}

/** @param reason What cut it short, as `<code>: <sentence>`. Nothing of the attempt may live any more. */
export function decideInterrupted(
  reason: string,
  run: Pick<RunRow, 'attempt'>,
  hook: Pick<HookConfig, 'onInterrupt'> | null,
): RunEnd {
  if (hook?.onInterrupt !== 'retry' || run.attempt >= INTERRUPT_STARTS_MAX) return end('interrupted', reason);
  return { kind: 'again', delayMs: retryDelayMs(run.attempt), reason };
}
