/**
 * The runner: claims due runs within their limits, has each followed to its end, and adopts those
 * that a daemon before us has left.
 */
import type { RunId, RunRow } from '../journal/journal.ts';
import { epochMs } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import { Rounds } from '../system/rounds.ts';
import { readOutput } from './attempt-folder.ts';
import { startHelper } from './helper.ts';
import type { HookRunner } from './hooks.ts';
import { type Confinement, decideConfinement, probeMechanisms } from './mechanisms.ts';
import { OpenRun } from './open-run.ts';
import { RunFollower } from './run-follower.ts';
import { runLimits } from './run-limits.ts';
import type { HookRunnerOptions, RunnerWorld } from './runner-world.ts';

/** Claimed at once: few, so that a long queue waits in the journal, where limits and order are kept. */
const CLAIM_MAX = 8;
/** A claim that failed is tried again. */
const CLAIM_AGAIN_MS = 1_000;
/** A run that is being claimed, or due again, while it is cancelled is looked at anew. */
const CANCEL_ROUNDS_MAX = 50;
const CANCEL_ROUND_MS = 100;

/**
 * Starts the helper, adopts what is open, and begins to claim.
 *
 * @throws AimxError `hooks.unusable` where this machine lacks a program without which a start could not be
 *   made exactly once.
 */
export async function createHookRunner(options: HookRunnerOptions): Promise<HookRunner> {
  const { journal, processes, accounts, files, log } = options;
  const self = accounts.current();
  const found = await probeMechanisms(processes, { root: self.uid === 0 });
  const confinement = decideConfinement(found, self);
  if (confinement.kind === 'unusable') throw unusable(confinement.missing);
  for (const lack of confinement.lacks) log.warn('hooks.confinement-lacks', { what: lack });

  const stopping = new AbortController();
  const openRuns = new Map<RunId, OpenRun>();
  const runs = await files.ensureRoot(journal.folders.runs, { mode: 0o700 });
  const stdin = await files.ensureRoot(journal.folders.stdin, { mode: 0o700 });
  const helper = await startHelper({
    ...options,
    runsPath: runs.path,
    stdinPath: stdin.path,
    isolation: confinement.isolation,
    onEvent: (event) => openRuns.get(event.runId)?.tell(event),
    onLost: () => {
      for (const open of openRuns.values()) open.loseHelper();
    },
  });
  const world: RunnerWorld = { ...options, runs, stdin, helper, confinement, stopping: stopping.signal };
  const runner = new Runner(world, stopping, openRuns);
  await runner.adopt();
  return runner;
}

function unusable(missing: Extract<Confinement, { kind: 'unusable' }>['missing']): AimxError {
  return new AimxError('hooks.unusable', `Cannot start hooks: ${missing.join(', ')} cannot be used here`, {
    hint: 'Install util-linux (flock, setsid, setpriv, unshare) and coreutils',
    detail: { missing },
  });
}

class Runner implements HookRunner {
  readonly #world: RunnerWorld;
  readonly #stopping: AbortController;
  readonly #openRuns: Map<RunId, OpenRun>;
  readonly #changes: Disposable;
  readonly #followed = new Set<Promise<void>>();
  readonly #rounds: Rounds;

  constructor(world: RunnerWorld, stopping: AbortController, openRuns: Map<RunId, OpenRun>) {
    this.#world = world;
    this.#stopping = stopping;
    this.#openRuns = openRuns;
    this.#rounds = new Rounds(world.clock, () => this.#claim());
    this.#changes = world.journal.onChange('runs', () => this.wake());
  }

  /** Follows what is claimed or running: by us before we ended, or by a daemon before us. */
  async adopt(): Promise<void> {
    for (const run of await this.#world.journal.query('open-runs', {})) this.#follow(run);
    this.wake();
  }

  wake(): void {
    this.#rounds.wake();
  }

  async #claim(): Promise<void> {
    const { journal, clock, config, mailboxIds, log, faults } = this.#world;
    const limit = Math.min(CLAIM_MAX, config().hooks.maxConcurrent - this.#openRuns.size);
    // The end of a run wakes us.
    if (limit <= 0) return;
    try {
      const limits = runLimits(config(), mailboxIds());
      const claimed = await journal.advance('claim-runs', { limit, limits, at: clock.now() });
      if (claimed.runs.length > 0) faults.reach('hooks.claimed');
      for (const run of claimed.runs) this.#follow(run);
      if (claimed.runs.length > 0) this.wake();
      this.#rounds.wakeAt(claimed.nextDueAt);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      log.warn('hooks.claim-failed', { error: error instanceof Error ? error.message : '' });
      this.#rounds.wakeAt(epochMs(clock.now() + CLAIM_AGAIN_MS));
    }
  }

  #follow(run: RunRow): void {
    if (this.#openRuns.has(run.runId)) return;
    const open = new OpenRun(run);
    this.#openRuns.set(run.runId, open);
    const followed = RunFollower.follow(this.#world, open).finally(() => {
      this.#followed.delete(followed);
      this.#openRuns.delete(run.runId);
      open.close();
      this.wake();
    });
    this.#followed.add(followed);
  }

  async cancel(runId: RunId, by: string): Promise<boolean> {
    const { journal, clock } = this.#world;
    for (let round = 0; round < CANCEL_ROUNDS_MAX; round += 1) {
      const open = this.#openRuns.get(runId);
      if (open !== undefined) {
        open.cancel(by);
        await open.closed;
      }
      const row = await journal.query('run', { runId });
      if (row?.state === 'cancelled') return open !== undefined;
      if (row === null || ['succeeded', 'failed', 'timed_out'].includes(row.state)) return false;
      const { cancelled } = await journal.advance('cancel-runs', {
        filter: { runIds: [runId] },
        by,
        reason: `cancelled: By ${by}`,
        at: clock.now(),
      });
      if (cancelled.includes(runId)) return true;
      await clock.sleep(CANCEL_ROUND_MS);
    }
    throw new AimxError('request.timeout', `Cannot cancel run "${runId}": it does not end`, {
      hint: 'Look at it with aimx runs show, and try again',
    });
  }

  output(runId: RunId, attempt: number): ReturnType<HookRunner['output']> {
    return readOutput(this.#world.runs, this.#world.processTable, { runId, attempt });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#changes[Symbol.dispose]();
    const claimed = this.#rounds[Symbol.asyncDispose]();
    this.#world.helper[Symbol.dispose]();
    await claimed;
    await Promise.all(this.#followed);
    await this.#world.stdin[Symbol.asyncDispose]();
    await this.#world.runs[Symbol.asyncDispose]();
  }
}
