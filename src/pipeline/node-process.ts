/** How the pipeline's child processes are started: Node on an entry file, under limits. */
import { fileURLToPath } from 'node:url';
import type { ChildProcess, Processes } from '../system/processes.ts';

/** What a process may use up. */
export interface ProcessLimits {
  /** `RLIMIT_DATA` in octets: heap, buffers and everything else that is written to. */
  readonly dataBytes: number;
  /** V8's heap alone; buffers are outside it. */
  readonly heapMiB: number;
}

/** Added to the daemon's niceness: what comes after the `250` waits, the `250` does not. */
const NICE = 10;

/**
 * Starts an entry file directly in `src/` (or in `dist/`, from a build) with an IPC channel.
 *
 * @param entry Its name without extension.
 * @throws the system's error where it cannot be started.
 */
export async function startNodeProcess(
  processes: Processes,
  entry: 'reader' | 'authenticator',
  limits: ProcessLimits,
): Promise<ChildProcess> {
  const child = await processes.start('/bin/sh', commandLine(entryPath(entry), limits), {
    env: {},
    detached: false,
    ipc: true,
    nice: NICE,
  });
  child.endInput();
  return child;
}

/** TypeScript from a clone, JavaScript from a build. */
function entryPath(entry: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../${entry}.${extension}`, import.meta.url));
}

/** `sh` sets the limit (`ulimit -d`, in KiB) and becomes Node, so that no further program is needed. */
function commandLine(path: string, limits: ProcessLimits): readonly string[] {
  return [
    '-c',
    'ulimit -d "$1" && shift && exec "$@"',
    'sh',
    String(Math.floor(limits.dataBytes / 1024)),
    process.execPath,
    `--max-old-space-size=${limits.heapMiB}`,
    // Small and few: what a process that waits holds counts for the whole product. Collected sooner, each
    // holds 8 MB less after a load, at the same rate.
    '--max-semi-space-size=8',
    '--v8-pool-size=1',
    '--optimize-for-size',
    '--disable-warning=ExperimentalWarning',
    path,
  ];
}
