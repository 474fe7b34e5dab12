/**
 * Hooks: what starts when a message has been delivered, exactly once (design §3.5).
 *
 * Terms: a *run* is a row of the journal; an *attempt* is one start of it; a *launcher* is the small
 * process that starts the hook and outlives the daemon; the *mark* `runs/<run>/<attempt>.started` is
 * the name that can be taken once and decides whether an attempt has started.
 */
import type { HookConfig } from '../config/config.ts';
import type { RunId, RunRow } from '../journal/journal.ts';

/** The account a hook runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** Everything one attempt needs; made by the runner, written to a file, never put on a command line. */
export interface Launch {
  readonly runId: RunId;
  readonly attempt: number;
  readonly cmd: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** File in the journal whose content is the hook's stdin. */
  readonly stdinPath: string;
  readonly account: Account;
  readonly cwd: string;
  readonly timeoutSeconds: number;
}

/** How an attempt stands, read from its folder by the mark, the lock and the status. */
export type AttemptStanding =
  | { readonly kind: 'not-started' }
  | { readonly kind: 'running'; readonly pid: number | null; readonly startedAtMs: number }
  | { readonly kind: 'ended'; readonly outcome: AttemptOutcome; readonly startedAtMs: number }
  /** A mark, no status, and nobody holds the lock. */
  | { readonly kind: 'status-lost'; readonly startedAtMs: number };

export type AttemptOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: 'not-startable'; readonly reason: string }
  | { readonly kind: 'cancelled' };

/** What a run's message looks like to its hook; environment and stdin are made from it. */
export interface RunContext {
  readonly hook: HookConfig;
  readonly account: Account;
  readonly run: RunRow;
  /** `AIMX_*` of contract §6, before NUL removal and cutting. */
  readonly variables: Readonly<Record<string, string>>;
  readonly stdinPath: string;
}

export interface HookRunner extends AsyncDisposable {
  /** Looks for due runs now; harmless when there are none. */
  wake(): void;
  /** Ends a run whatever its state; resolves when its row is final. False where it was final already. */
  cancel(runId: RunId, by: string): Promise<boolean>;
  /** Captured output, each at most 64 KiB; null where there is none. */
  output(
    runId: RunId,
    attempt: number,
  ): Promise<{ readonly stdout: Uint8Array; readonly stderr: Uint8Array } | null>;
}
