/** aimx as a user starts it: `bin/aimx serve` on a folder of its own. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, freePort, greeted } from './child.ts';
import { type DaemonFolder, type Ground, makeDaemonFolder } from './ground.ts';
import { processTree } from './processes.ts';

export const PACKAGE: string = join(import.meta.dirname, '..');

const START_MS_MAX = 20_000;
const POLL_MS = 20;

/** Hooks of the benchmark take well below a second. */
const HOOKS_END_MS_MAX = 15_000;

export class Daemon implements AsyncDisposable {
  readonly at: DaemonFolder;
  readonly port: number;
  /** From the start of the program to its first greeting. */
  readonly startMs: number;
  readonly #child: Child;

  private constructor(at: DaemonFolder, port: number, child: Child, startMs: number) {
    this.at = at;
    this.port = port;
    this.#child = child;
    this.startMs = startMs;
  }

  /** @throws with its last words where it does not greet in time. */
  static async start(ground: Ground, hook: readonly string[], at?: DaemonFolder): Promise<Daemon> {
    const folder = at ?? makeDaemonFolder(ground, hook);
    const port = await freePort();
    const child = new Child(join(PACKAGE, 'bin', 'aimx'), ['serve', '--bind', `127.0.0.1:${port}`], {
      AIMX_CONFIG_DIR: folder.configDir,
      AIMX_RUNTIME_DIR: folder.runtimeDir,
    });
    try {
      return new Daemon(folder, port, child, await greeted(port, START_MS_MAX));
    } catch (error) {
      await child.end('SIGKILL');
      throw new Error(`aimx serve did not start:\n${child.lastWords}`, { cause: error });
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** How many messages lie in a mailbox. */
  delivered(mailbox: string): number {
    try {
      return readdirSync(join(this.at.dataDir, 'inbox', mailbox)).length;
    } catch {
      return 0; // Nothing was delivered, so there is no folder.
    }
  }

  /** The times that hooks have written, in nanoseconds since the epoch. */
  stamps(): readonly bigint[] {
    const lines = readFileSync(this.at.stampsPath, 'latin1').split('\n').slice(0, -1);
    return lines.map((line) => BigInt(line));
  }

  /** Resolves with `true` when `condition` holds, with `false` after `msMax`. */
  async until(condition: () => boolean, msMax: number): Promise<boolean> {
    const end = performance.now() + msMax;
    while (performance.now() < end) {
      if (condition()) return true;
      await sleep(POLL_MS);
    }
    return condition();
  }

  /**
   * Ends it in the middle of whatever it does, which it survives; its folder goes too. Hooks at work are
   * waited for, since they outlive the daemon and need the folder.
   */
  async kill(): Promise<void> {
    const family = processTree(this.pid);
    await this.#child.end('SIGKILL');
    await gone(family, HOOKS_END_MS_MAX);
    rmSync(this.at.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Ends it in order, and leaves the folder for the next. */
  async stop(): Promise<void> {
    await this.#child.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Resolves when these processes, and all that they start meanwhile, have ended. @throws after `msMax`. */
async function gone(family: readonly number[], msMax: number): Promise<void> {
  const end = performance.now() + msMax;
  let left = family;
  while (left.length > 0) {
    if (performance.now() > end) throw new Error(`Processes outlive the daemon: ${left.join(', ')}`);
    await sleep(POLL_MS);
    left = [...new Set(left.flatMap(processTree))].filter((pid) => existsSync(`/proc/${pid}`));
  }
}
