/**
 * The tests' own composition root: the production daemon with ports that stop or pretend.
 *
 * Started as a process of its own with one argument, {@link RootOptions} as JSON, so that it can be
 * killed. What is shipped has no such switch.
 */
import { type Rank, UNAUTHENTICATED, type Verdict } from '../../../src/authentication/verdict.ts';
import { startDaemon } from '../../../src/daemon.ts';
import { PRODUCTION_PORTS } from '../../../src/daemon-core.ts';
import { epochMs, systemClock } from '../../../src/system/clock.ts';
import { jsonLog } from '../../../src/system/log.ts';
import { type Processes, systemProcesses } from '../../../src/system/processes.ts';

export interface RootOptions {
  readonly configPath: string;
  readonly runtimeDir: string;
  readonly bind: string;
  /** `kill -9` when this point is reached for the nth time, from 1. */
  readonly stopAt?: { readonly point: string; readonly nth: number };
  /** Wall time is so far from the machine's. */
  readonly clockOffsetMs?: number;
  /** The rank of a copy is the local part of its reverse-path. */
  readonly rankByReversePath?: boolean;
  /** The process that reads messages is killed by each request of this kind. */
  readonly killReadersAt?: 'summarize' | 'read';
  /** The process that authenticates messages is killed by its first so many requests. */
  readonly killAuthenticator?: number;
  readonly restored?: boolean;
}

const options: RootOptions = JSON.parse(process.argv[2] ?? '{}');
const reached = new Map<string, number>();

function reach(point: string): void {
  const count = (reached.get(point) ?? 0) + 1;
  reached.set(point, count);
  if (options.stopAt?.point === point && options.stopAt.nth === count) process.kill(process.pid, 'SIGKILL');
}

let authenticatorDeaths = 0;

/** Whether a message to a child is one that it dies of. */
function isDeadly(message: unknown): boolean {
  const { kind, budgetMs } = message as { readonly kind?: string; readonly budgetMs?: number };
  if (kind !== undefined) return kind === options.killReadersAt;
  if (budgetMs === undefined || authenticatorDeaths >= (options.killAuthenticator ?? 0)) return false;
  authenticatorDeaths += 1;
  return true;
}

/** Starts real processes; those that read or authenticate messages die of the requests that the options name. */
const processes: Processes = {
  async start(command, args, startOptions) {
    const child = await systemProcesses.start(command, args, startOptions);
    return {
      ...child,
      send(message) {
        if (isDeadly(message)) child.kill('SIGKILL');
        else child.send(message);
      },
    };
  },
};

async function authenticate(message: {
  readonly envelope: { readonly reversePath: string };
}): Promise<Verdict> {
  const rank = (message.envelope.reversePath.split('@')[0] ?? 'none') as Exclude<Rank, 'trusted'>;
  return { ...UNAUTHENTICATED, rank };
}

const daemon = await startDaemon(
  {
    configPath: options.configPath,
    overrides: { bind: [options.bind], runtimeDir: options.runtimeDir },
    restored: options.restored ?? false,
    environment: { path: process.env['PATH'] ?? null, lang: null },
    log: jsonLog('debug'),
  },
  {
    ...PRODUCTION_PORTS,
    faults: { reach },
    processes,
    clock: {
      ...systemClock,
      now: () => epochMs(systemClock.now() + (options.clockOffsetMs ?? 0)),
    },
    ...(options.rankByReversePath === true ? { authenticator: { authenticate } } : {}),
  },
);
process.on('SIGTERM', () => void daemon.stop());
process.on('SIGHUP', () => void daemon.reload());
// A test runner that was ended must leave no daemon behind.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.send?.({ addresses: daemon.addresses });
const exitCode = await daemon.stopped;
process.removeAllListeners('disconnect');
process.exitCode = exitCode;
process.disconnect?.();
