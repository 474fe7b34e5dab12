/**
 * The helper as the daemon sees it: lines to it, events from it and its launchers.
 *
 * It is started early, while our own heap is small, and again when it has died: launches that it had
 * taken are then in doubt, and launching them again is safe, since the mark decides.
 */
import { type RunId, toRunId } from '../journal/journal.ts';
import type { Clock } from '../system/clock.ts';
import type { Log } from '../system/log.ts';
import type { ChildProcess, Processes } from '../system/processes.ts';
import { HELPER_COMMAND, HELPER_PROGRAMS } from './launcher-script.ts';
import { HELPER_ENVIRONMENT } from './mechanisms.ts';

export interface LaunchOrder {
  readonly runId: RunId;
  readonly attempt: number;
  /** Name in the run's folder. */
  readonly launchFile: string;
  readonly timeoutSeconds: number;
  /** Name in the folder of stdin copies. */
  readonly stdinName: string;
  /** The account's, where it is not our own; else null. */
  readonly ownerUid: number | null;
  /** Words that become the owner. */
  readonly privileges: string;
}

export type LauncherEvent =
  | { readonly kind: 'started'; readonly runId: RunId; readonly attempt: number; readonly pid: number }
  | { readonly kind: 'refused'; readonly runId: RunId; readonly attempt: number; readonly reason: string }
  | { readonly kind: 'done'; readonly runId: RunId; readonly attempt: number };

/** Reads one line of the helper or of a launcher; null for any other. */
export function parseLauncherLine(line: string): LauncherEvent | null {
  const [verb, runId, digits, detail] = line.split(' ');
  const attempt = Number(digits);
  if (runId === undefined || !Number.isSafeInteger(attempt)) return null;
  const of = { runId: toRunId(runId), attempt };
  switch (verb) {
    case 'started':
      return { kind: 'started', ...of, pid: Number(detail) };
    case 'refused':
      return { kind: 'refused', ...of, reason: detail ?? 'unknown' };
    case 'done':
      return { kind: 'done', ...of };
    default:
      return null;
  }
}

export interface HelperOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly runsPath: string;
  readonly stdinPath: string;
  readonly isolation: string;
  readonly onEvent: (event: LauncherEvent) => void;
  /** It has died: launches that have not been answered must be ordered again. */
  readonly onLost: () => void;
}

export interface Helper extends Disposable {
  readonly pid: number | null;
  /** Orders a launch. @returns false where there is no helper now; it is being started again. */
  launch(order: LaunchOrder): Promise<boolean>;
}

/** Between two starts of the helper: one that cannot live must not take the machine with it. */
const RESTART_AFTER_MS = 1_000;

/** Starts the helper. @throws the system's error where /bin/sh cannot be started. */
export async function startHelper(options: HelperOptions): Promise<Helper> {
  const { processes, clock, log, onEvent, onLost } = options;
  let child: ChildProcess | null = null;
  let stopped = false;

  const start = async (): Promise<void> => {
    const args = ['-c', HELPER_COMMAND, 'aimx-hooks', options.stdinPath, options.isolation];
    const started = await processes.start('/bin/sh', args, {
      cwd: options.runsPath,
      env: { ...HELPER_ENVIRONMENT, ...HELPER_PROGRAMS },
      detached: true,
    });
    if (stopped) return started.abandon();
    child = started;
    started.onLine((line) => {
      const event = parseLauncherLine(line);
      if (event !== null) onEvent(event);
    });
    void started.ended.then(async ({ code, signal }) => {
      child = null;
      if (stopped) return;
      log.warn('hooks.helper-ended', { code, signal });
      await startAgain();
    });
  };
  /** Until it lives: a machine without a process to spare gets one sooner or later. */
  const startAgain = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(RESTART_AFTER_MS);
      if (stopped) return;
      try {
        await start();
        break;
      } catch (error) {
        log.warn('hooks.helper-not-started', { error: String(error) });
      }
    }
    onLost();
  };
  await start();

  return {
    get pid() {
      return child?.pid ?? null;
    },
    async launch(order) {
      const { runId, attempt, launchFile, timeoutSeconds, stdinName, ownerUid, privileges } = order;
      const words = [runId, attempt, launchFile, timeoutSeconds, stdinName, ownerUid ?? '-', privileges];
      const line = `launch ${words.join(' ')}\n`;
      if (child === null) return false;
      try {
        await child.write(line);
        return true;
      } catch {
        // It is gone, which `ended` reports.
        return false;
      }
    },
    [Symbol.dispose]() {
      stopped = true;
      child?.abandon();
    },
  };
}
