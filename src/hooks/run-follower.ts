/**
 * Follows one claimed or running run to its end: launches it, sees its mark, watches it, and ends it
 * where its supervisor cannot. Each turn reads how the attempt stands and does the one thing that
 * follows; so a run that was left by a daemon that is gone is followed by the same code.
 */
import { assertNever, BrokenInvariant } from '../system/assert.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import type { Folder } from '../system/files.ts';
import { lockPath, openRunFolder, readMark, readStanding, takeMark } from './attempt-folder.ts';
import { askSupervisor, endableBy, endHolders } from './end-holders.ts';
import type { AttemptStanding } from './hooks.ts';
import { launch } from './launch.ts';
import { KILL_AFTER_SECONDS } from './launcher-script.ts';
import type { OpenRun } from './open-run.ts';
import { boundEnd, decideInterrupted, decideRunEnd, end, type RunEnd } from './run-end.ts';
import { findHook, type RunnerWorld } from './runner-world.ts';

/** The end of a run that nobody tells us about is seen within a second (design §3.5). */
const POLL_MS = 1_000;
/** A launch that nothing was heard of is ordered again: the mark decides. */
const LAUNCH_PATIENCE_MS = 30_000;
/** After a launcher that refused, or an error of the file system, such as no room. */
const RELAUNCH_MS = 2_000;
/** After its end a hook's output is waited for so long; who still holds the lock then was left behind. */
const LEFT_BEHIND_MS = 2_000;
const LEFT_BEHIND_LOOK_MS = 50;
/** What a supervisor may take beyond the time limit, SIGKILL included, before we end its run. */
const OVERRUN_MS = (KILL_AFTER_SECONDS + 5) * 1_000;
/** What it may take to end its run on request. */
const CANCEL_MS = (KILL_AFTER_SECONDS + 2) * 1_000;

type Standing<Kind extends AttemptStanding['kind']> = Extract<AttemptStanding, { kind: Kind }>;
/** How long to wait for news, or that the run's row is final or due again. */
type Turn = { readonly waitMs: number } | 'closed';

export class RunFollower {
  readonly #world: RunnerWorld;
  readonly #open: OpenRun;
  readonly #folder: Folder;
  /** As the run's row has it; null where it does not know of the start. */
  #startedAt: EpochMs | null;
  #launcherPid: number | null = null;
  #launchAtMs: number;
  #timeoutSeconds: number | null = null;
  /** What was to be started; null where a daemon before us ordered it. */
  #program: string | null = null;
  #deadlineMs: number | null = null;
  #askedToEndAtMs: number | null = null;
  #endedAtMs: number | null = null;
  /** Why we ended it ourselves; null where we did not. */
  #cutBecause: string | null = null;

  private constructor(world: RunnerWorld, open: OpenRun, folder: Folder) {
    this.#world = world;
    this.#open = open;
    this.#folder = folder;
    this.#startedAt = open.run.state === 'running' ? open.run.startedAt : null;
    this.#launchAtMs = world.clock.monotonicMs();
  }

  /** Resolves when the run is closed, or the runner stops. Errors of the file system are waited out. */
  static async follow(world: RunnerWorld, open: OpenRun): Promise<void> {
    const { clock, log, stopping } = world;
    const patiently = async <Result>(work: () => Promise<Result>): Promise<Result | null> => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof BrokenInvariant) throw error;
        if (!stopping.aborted)
          log.warn('hooks.run-waits', {
            run_id: open.run.runId,
            error: error instanceof Error ? error.message : '',
          });
        return null;
      }
    };
    let folder: Folder | null = null;
    while (!stopping.aborted && folder === null) {
      folder = await patiently(() => openRunFolder(world.runs, open.run.runId));
      if (folder === null) await open.wait(clock, RELAUNCH_MS, stopping);
    }
    if (folder === null) return;
    await using opened = folder;
    const follower = new RunFollower(world, open, opened);
    while (!stopping.aborted) {
      const turn = (await patiently(() => follower.#turn())) ?? { waitMs: RELAUNCH_MS };
      if (turn === 'closed') return;
      await open.wait(clock, turn.waitMs, stopping);
    }
  }

  async #turn(): Promise<Turn> {
    const { attempt } = this.#open.run;
    const standing = this.#heard() ?? (await readStanding(this.#folder, attempt, this.#world.processTable));
    switch (standing.kind) {
      case 'not-started':
        return await this.#whileNotStarted();
      case 'running':
        return await this.#whileRunning(standing);
      case 'ended':
        return await this.#whenEnded(standing);
      case 'status-lost':
        return await this.#whenStatusLost(standing);
      default:
        return assertNever(standing);
    }
  }

  /** Takes in what launchers said. @returns The standing where they said it already, which spares reading it. */
  #heard(): AttemptStanding | null {
    const { clock } = this.#world;
    const { events, isHelperLost } = this.#open.take();
    if (isHelperLost) this.#launchAtMs = clock.monotonicMs();
    let standing: AttemptStanding | null = null;
    for (const event of events) {
      standing = event.kind === 'started' ? { kind: 'running', startedAtMs: clock.now() } : null;
      if (event.kind === 'started') this.#launcherPid = event.pid;
      // Somebody else has the mark, or there is no room for one: the next turn sees which.
      if (event.kind === 'refused') this.#launchAtMs = clock.monotonicMs() + RELAUNCH_MS;
    }
    return standing;
  }

  async #whileNotStarted(): Promise<Turn> {
    const { clock } = this.#world;
    const { run, cancelledBy } = this.#open;
    if (cancelledBy !== null)
      return await this.#closeUnstarted(end('cancelled', `cancelled: By ${cancelledBy}, before it started`));
    const waitMs = this.#launchAtMs - clock.monotonicMs();
    if (waitMs > 0) return { waitMs: Math.min(waitMs, POLL_MS) };
    this.#launchAtMs = clock.monotonicMs() + RELAUNCH_MS;
    const outcome = await launch(this.#world, run, this.#folder);
    switch (outcome.kind) {
      case 'ordered':
        this.#timeoutSeconds = outcome.timeoutSeconds;
        this.#program = outcome.program;
        this.#launchAtMs = clock.monotonicMs() + LAUNCH_PATIENCE_MS;
        return { waitMs: POLL_MS };
      case 'refused':
        return await this.#closeUnstarted(outcome.end);
      case 'later':
        return { waitMs: RELAUNCH_MS };
      default:
        return assertNever(outcome);
    }
  }

  /** Only the holder of the mark moves a claimed run: a launcher may be on its way to it. */
  async #closeUnstarted(result: RunEnd): Promise<Turn> {
    const { runs, random } = this.#world;
    const taken = await takeMark({ runs, folder: this.#folder }, this.#open.run.attempt, random.hex(4));
    return taken === 'ours' ? await this.#close(result) : { waitMs: 0 };
  }

  async #whileRunning({ startedAtMs }: Standing<'running'>): Promise<Turn> {
    const { clock, log } = this.#world;
    await this.#recordStart(startedAtMs);
    if (this.#open.cancelledBy !== null) return await this.#cut('cancelled: Ended on request');
    this.#deadlineMs ??= await this.#deadline(startedAtMs);
    if (clock.monotonicMs() < this.#deadlineMs) return { waitMs: POLL_MS };
    log.warn('hooks.time-limit-taken-over', { run_id: this.#open.run.runId });
    return await this.#cut('launcher-lost: What keeps the time limit was gone, and the time was over');
  }

  async #recordStart(startedAtMs: number): Promise<EpochMs> {
    if (this.#startedAt !== null) return this.#startedAt;
    const { journal, clock, log, faults } = this.#world;
    const { runId, attempt, hook, mailbox, id } = this.#open.run;
    faults.reach('hooks.marked');
    const pid = this.#launcherPid ?? (await readMark(this.#folder, attempt))?.pid ?? null;
    const startedAt = epochMs(Math.round(startedAtMs));
    await journal.advance('run-started', { runId, attempt, startedAt, pid, at: clock.now() });
    log.info('run.started', { run_id: runId, hook, mailbox, id, attempt });
    this.#startedAt = startedAt;
    faults.reach('hooks.running');
    return startedAt;
  }

  /** By the monotonic clock. A wall clock that has jumped since the start can only lengthen it to one limit. */
  async #deadline(startedAtMs: number): Promise<number> {
    const { clock } = this.#world;
    const mark = this.#timeoutSeconds === null ? await readMark(this.#folder, this.#open.run.attempt) : null;
    const limitMs = (this.#timeoutSeconds ?? mark?.timeoutSeconds ?? 0) * 1_000;
    const elapsedMs = Math.min(limitMs, Math.max(0, clock.now() - startedAtMs));
    return clock.monotonicMs() + limitMs - elapsedMs + OVERRUN_MS;
  }

  /** Has the supervisor end its run; ends everything that holds the lock where it does not. */
  async #cut(because: string): Promise<Turn> {
    const { clock, processTable } = this.#world;
    const lock = lockPath(this.#folder, this.#open.run.attempt);
    const now = clock.monotonicMs();
    if (this.#askedToEndAtMs === null) {
      this.#askedToEndAtMs = now;
      if (await askSupervisor(processTable, lock)) return { waitMs: LEFT_BEHIND_LOOK_MS };
    } else if (now - this.#askedToEndAtMs < CANCEL_MS) {
      return { waitMs: LEFT_BEHIND_LOOK_MS };
    }
    this.#cutBecause = because;
    const mayEnd = await this.#mayEnd();
    if (!(await endHolders(processTable, clock, { lock, mayEnd }))) return { waitMs: POLL_MS };
    return { waitMs: 0 };
  }

  async #mayEnd(): Promise<ReturnType<typeof endableBy>> {
    const { accounts } = this.#world;
    const self = accounts.current();
    const found = findHook(this.#world, this.#open.run);
    if (found === null) return endableBy(self.uid, null);
    const { owner } = found.mailbox;
    const account = owner === null ? self : await accounts.lookup(owner).catch(() => null);
    return endableBy(self.uid, account?.uid ?? null);
  }

  async #whenEnded({ outcome, startedAtMs, endedAtMs, isLockHeld }: Standing<'ended'>): Promise<Turn> {
    const { clock, processTable } = this.#world;
    const { run } = this.#open;
    if (isLockHeld) {
      this.#endedAtMs ??= clock.monotonicMs();
      if (clock.monotonicMs() - this.#endedAtMs < LEFT_BEHIND_MS) return { waitMs: LEFT_BEHIND_LOOK_MS };
      const lock = lockPath(this.#folder, run.attempt);
      await endHolders(processTable, clock, { lock, mayEnd: await this.#mayEnd() });
    }
    const startedAt = await this.#recordStart(startedAtMs);
    const endedAt = boundEnd(endedAtMs, { startedAt, now: clock.now() });
    const hook = findHook(this.#world, run)?.hook ?? null;
    const result = decideRunEnd(outcome, { attempt: run.attempt, program: this.#program }, hook);
    const wasCut = result.kind === 'again' || result.state === 'cancelled';
    return await this.#close(wasCut && this.#open.cancelledBy !== null ? this.#cancelled() : result, endedAt);
  }

  async #whenStatusLost({ startedAtMs }: Standing<'status-lost'>): Promise<Turn> {
    const { run, cancelledBy } = this.#open;
    await this.#recordStart(startedAtMs);
    if (cancelledBy !== null) return await this.#close(this.#cancelled());
    const reason = this.#cutBecause ?? 'status-lost: It was cut short before it could say how it ended';
    return await this.#close(decideInterrupted(reason, run, findHook(this.#world, run)?.hook ?? null));
  }

  #cancelled(): RunEnd {
    return end('cancelled', `cancelled: By ${this.#open.cancelledBy}, while it ran`);
  }

  /** @param endedAt Where it is known; else it ended just now, as far as anybody can tell. */
  async #close(result: RunEnd, endedAt?: EpochMs): Promise<Turn> {
    const { journal, clock, faults, log } = this.#world;
    const { runId, attempt } = this.#open.run;
    const at = clock.now();
    faults.reach('hooks.before-end');
    if (result.kind === 'end') {
      const { state, exitCode, signal, reason } = result;
      const known = endedAt === undefined ? {} : { endedAt };
      await journal.advance('run-ended', { runId, attempt, state, exitCode, signal, reason, ...known, at });
      log.info('run.ended', { run_id: runId, hook: this.#open.run.hook, state, reason });
    } else {
      const dueAt = epochMs(at + result.delayMs);
      await journal.advance('run-again', { runId, attempt, dueAt, reason: result.reason, started: true, at });
      log.info('run.again', { run_id: runId, hook: this.#open.run.hook, reason: result.reason });
    }
    faults.reach('hooks.ended');
    return 'closed';
  }
}
