/**
 * Subprocesses, as a port, and the machine's implementation of it.
 */
import { type ChildProcess as NodeChild, type StdioOptions, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { createLineSplitter } from './lines.ts';
import { closeAllOnExec } from './native.ts';

export interface StartOptions {
  readonly cwd?: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A session of its own, so that a terminal's interrupt does not reach it. */
  readonly detached: boolean;
  /** Also opens an IPC channel of structured-clone messages. */
  readonly ipc?: boolean;
  /** Added to our own niceness, 0 to 19. */
  readonly nice?: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ChildProcess {
  readonly pid: number;
  /** Resolves when the process is gone; its output may still be held open by what it started. */
  readonly ended: Promise<ProcessExit>;
  /** Resolves when it is gone and its output and channel are closed: no line or message comes after. */
  readonly exited: Promise<ProcessExit>;
  /** Lines of stdout, without their ends, cut at {@link LINE_BYTES_MAX}. Lines before the first call are kept for it. */
  onLine(callback: (line: string) => void): void;
  /** Writes to stdin; resolves when the kernel has taken it. @throws `EPIPE` where nobody reads it any more. */
  write(bytes: string | Uint8Array): Promise<void>;
  endInput(): void;
  /** Sends a structured clone; without effect where the channel is closed, which `exited` reports. */
  send(message: unknown): void;
  /** Messages before the first call are kept for it. */
  onMessage(callback: (message: unknown) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Closes our ends of its pipes and leaves it to itself: it does not keep our process alive any more. */
  abandon(): void;
}

export interface Processes {
  /** Starts a program. stderr goes to ours. @throws the system's error where it cannot be started. */
  start(command: string, args: readonly string[], options: StartOptions): Promise<ChildProcess>;
}

/** The longest line that is passed on whole; the rest of a longer one is thrown away, so that memory is bounded. */
export const LINE_BYTES_MAX: number = 64 * 1024;

/** Calls back with each value, keeping what comes before somebody listens. */
function buffered<Value>(): { push(value: Value): void; listen(callback: (value: Value) => void): void } {
  const early: Value[] = [];
  let listener: ((value: Value) => void) | null = null;
  return {
    push: (value) => (listener === null ? void early.push(value) : listener(value)),
    listen(callback) {
      listener = callback;
      for (const value of early.splice(0)) callback(value);
    },
  };
}

function once(child: NodeChild, event: 'exit' | 'close'): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once(event, (code: number | null, signal: string | null) => resolve({ code, signal }));
  });
}

function wrap(child: NodeChild, pid: number): ChildProcess {
  const lines = buffered<string>();
  const messages = buffered<unknown>();
  const splitter = createLineSplitter(LINE_BYTES_MAX, lines.push);
  child.stdout?.on('data', (chunk: Buffer) => splitter.push(chunk));
  child.stdout?.on('end', () => splitter.end());
  child.on('message', (message) => messages.push(message));
  // Errors after the start (a kill or a send that came too late) are told by `ended`.
  child.on('error', () => undefined);
  // A write to a process that is gone rejects its own promise; the stream's event adds nothing.
  child.stdin?.on('error', () => undefined);
  return {
    pid,
    ended: once(child, 'exit'),
    exited: once(child, 'close'),
    onLine: lines.listen,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (child.stdin === null) return reject(new Error('This process has no stdin'));
        child.stdin.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    endInput: () => void child.stdin?.end(),
    send(message) {
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: messages.listen,
    kill: (signal) => void child.kill(signal),
    abandon() {
      child.stdin?.destroy();
      child.stdout?.destroy();
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** Starts programs by fork and exec. */
export const systemProcesses: Processes = {
  start(command, args, options) {
    return new Promise((resolve, reject) => {
      closeAllOnExec();
      const stdio: StdioOptions = ['pipe', 'pipe', 'inherit'];
      if (options.ipc === true) stdio.push('ipc');
      const child = spawn(command, [...args], {
        env: options.env,
        detached: options.detached,
        stdio,
        serialization: 'advanced',
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      child.once('error', reject);
      if (child.pid === undefined) return;
      // Niceness belongs to a thread and is inherited by those it makes: set before the child makes any.
      if (options.nice !== undefined) setPriority(child.pid, Math.min(19, getPriority() + options.nice));
      resolve(wrap(child, child.pid));
    });
  },
};
