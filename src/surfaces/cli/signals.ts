/** Signals of a daemon in the foreground: TERM and INT stop it, HUP reads the config again. */
import type { RunningDaemon } from './invocation.ts';

/** Exit code where a second signal does not wait for the first: 128 and SIGINT. */
const INTERRUPTED_EXIT = 130;

/**
 * @param onStopping Told once, when it begins to stop because of a signal.
 * @returns the daemon's exit code once it has stopped.
 */
export async function runUntilStopped(
  daemon: RunningDaemon,
  onStopping: () => void = () => undefined,
): Promise<number> {
  let isStopping = false;
  const stop = (): void => {
    // Whoever asks twice does not want to wait: what is accepted is on the disk.
    if (isStopping) process.exit(INTERRUPTED_EXIT);
    isStopping = true;
    onStopping();
    // What went wrong in stopping is told by `stopped`.
    daemon.stop().catch(() => undefined);
  };
  // A bad config is refused and said in the log; the old one goes on.
  const reload = (): void => void daemon.reload().catch(() => undefined);
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', reload);
  try {
    return await daemon.stopped;
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', reload);
  }
}
