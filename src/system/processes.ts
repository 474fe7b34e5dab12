/**
 * Subprocesses, as a port.
 */

export interface StartOptions {
  readonly cwd?: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A session of its own, so that a terminal's interrupt does not reach it. */
  readonly detached: boolean;
  /** Also opens an IPC channel of structured-clone messages. */
  readonly ipc?: boolean;
  /** Added to the process's niceness, 0 to 19. */
  readonly nice?: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ChildProcess {
  readonly pid: number;
  /** Resolves when it is gone and its output is closed. */
  readonly exited: Promise<ProcessExit>;
  /** Lines of stdout, without their ends. */
  onLine(callback: (line: string) => void): void;
  /** Writes to stdin; resolves when the kernel has taken it. */
  write(bytes: string | Uint8Array): Promise<void>;
  endInput(): void;
  send(message: unknown): void;
  onMessage(callback: (message: unknown) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface Processes {
  /** Starts a program. stderr goes to ours. @throws the system's error where it cannot be started. */
  start(command: string, args: readonly string[], options: StartOptions): Promise<ChildProcess>;
}
