/** A daemon in a process of its own, which the demo may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface DaemonProcess extends AsyncDisposable {
  /** `kill -9`: no handler runs, nothing is flushed. Resolves when it is gone. */
  killNow(): Promise<void>;
}

/** Start-up takes well under a second; more than this means that it will not come. */
const START_MS_MAX = 10_000;
const STOP_MS_MAX = 10_000;

/**
 * Starts `aimx serve` on a folder and resolves when it listens.
 *
 * @param options.program The entry file that runs now; the daemon runs the same one.
 * @throws Error with the daemon's last lines where it ends before it listens.
 */
export async function startDaemonProcess(options: {
  readonly program: string;
  readonly bind: string;
  /** Beside our own environment; `AIMX_DATA_DIR` is taken out of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly isListening: () => Promise<boolean>;
}): Promise<DaemonProcess> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, options.program, 'serve', '--bind', options.bind],
    {
      env: {
        ...process.env,
        ...options.environment,
        AIMX_DATA_DIR: undefined,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C on the demo's terminal is for the demo, which then stops the daemon itself.
      detached: true,
    },
  );
  const log = createWriteStream(options.logPath, { flags: 'a', mode: 0o600 });
  const lastLines: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    lastLines.push(String(chunk));
    if (lastLines.length > 20) lastLines.shift();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await listening(child, options.isListening, lastLines);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  };
  return {
    killNow: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await end('SIGTERM');
      clearTimeout(hard);
      log.end();
    },
  };
}

async function listening(
  child: ChildProcess,
  isListening: () => Promise<boolean>,
  lastLines: readonly string[],
): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    if (await isListening()) return;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The daemon ended before it listened:\n${lastLines.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`The daemon did not listen within ${START_MS_MAX / 1000} s:\n${lastLines.join('')}`);
}
