/**
 * Hooks: what starts when a message has been delivered, exactly once (design §3.5).
 *
 * Terms: a *run* is a row of the journal; an *attempt* is one start of it; a *launcher* is the small
 * process that starts the hook and outlives the daemon; the *mark* `runs/<run>/<attempt>.started` is
 * the name that can be taken once and decides whether an attempt has started.
 */
import type { RunId } from '../journal/journal.ts';

/** What one attempt starts; written to a file, never put on a command line that others can read. */
export interface Launch {
  readonly cmd: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** How an attempt stands, read from its folder by the mark, the lock and the status. */
export type AttemptStanding =
  | { readonly kind: 'not-started' }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  | {
      readonly kind: 'ended';
      readonly outcome: AttemptOutcome;
      readonly startedAtMs: number;
      /** When its status was written, by the clock of that time. */
      readonly endedAtMs: number;
      /** Something of it lives: its output is being written, or it left a child outside its group. */
      readonly isLockHeld: boolean;
    }
  /** A mark, no status, and nobody holds the lock. */
  | { readonly kind: 'status-lost'; readonly startedAtMs: number };

export type AttemptOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: 'cancelled'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: 'not-startable'; readonly reason: NotStartableReason };

/** Why a hook could not be started, told apart from anything that a hook can exit with. */
export const NOT_STARTABLE_REASONS = [
  'not-found',
  'not-executable',
  'exec-failed',
  'no-privileges',
  'not-flushed',
  'no-room',
] as const;
export type NotStartableReason = (typeof NOT_STARTABLE_REASONS)[number];

/** What an attempt printed; it is written when the last who could print has ended. */
export type AttemptOutput =
  | { readonly kind: 'kept'; readonly stdout: Uint8Array; readonly stderr: Uint8Array }
  /** Something of the attempt lives, so nothing has been written. */
  | { readonly kind: 'unfinished' }
  /** The machine, or the processes that write it, ended before it was written. */
  | { readonly kind: 'lost' }
  /** The attempt was not started, or is not there any more. */
  | { readonly kind: 'none' };

/** Disposing it stops claiming and watching; hooks that run live on, and the next runner adopts them. */
export interface HookRunner extends AsyncDisposable {
  /** Looks for due runs now; harmless when there are none. */
  wake(): void;
  /** Ends a run whatever its state; resolves when its row is final. False where it was final already, or is not ours. */
  cancel(runId: RunId, by: string): Promise<boolean>;
  /** Captured output, each at most 64 KiB. */
  output(runId: RunId, attempt: number): Promise<AttemptOutput>;
}
