/** The program as its users start it: `bin/aimx` in processes of its own, on a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const AIMX: string = fileURLToPath(new URL('../../../bin/aimx', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** An account that every machine has and that owns nothing. */
export const NOBODY = 65534;
export const rootOnly: { readonly skip: string | false } = {
  skip: process.getuid?.() === 0 ? false : 'needs root',
};

const WAIT_MS_MAX = 20_000;

/** Looks again until `probe` answers with something. @throws with `what` after twenty seconds. */
export async function eventually<Value>(
  what: string | (() => string),
  probe: () => Value | null | undefined | false | Promise<Value | null | undefined | false>,
): Promise<Value> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > deadline)
      throw new Error(`Waited in vain: ${typeof what === 'string' ? what : what()}`);
    await sleep(50);
  }
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
}

export interface AimxOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number;
}

/** An environment in which nothing of the caller's own aimx is found. */
function cleanEnvironment(extra: AimxOptions['env'] = {}): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, NODE_COMPILE_CACHE, LANG: 'C.UTF-8', ...extra };
}

/** Starts a command; the caller ends it. */
export function startAimx(args: readonly string[], options: AimxOptions = {}): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    env: cleanEnvironment(options.env),
    cwd: options.cwd ?? '/',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
}

/** Runs a command to its end. */
export async function runAimx(args: readonly string[], options: AimxOptions = {}): Promise<Answer> {
  const child = startAimx(args, options);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin ?? '');
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout as never), text(child.stderr as never)]);
  return { stdout, stderr, exit: await exit };
}

/** Config, data and runtime folder of a test. */
export class Place implements Disposable {
  readonly folder: string;
  readonly #dnsServers: readonly string[];

  /** @param config TOML behind `domain`, `data_dir` and `[dns] servers` and `[journal] allow_memory`. */
  constructor(config: string, options: { readonly dnsServers?: readonly string[] } = {}) {
    this.#dnsServers = options.dnsServers ?? [];
    this.folder = mkdtempSync(join(tmpdir(), 'aimx-cli-'));
    // Owners of mailboxes look into it.
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.folder, 'etc'), { mode: 0o755 });
    mkdirSync(join(this.folder, 'scratch'));
    chmodSync(join(this.folder, 'scratch'), 0o777);
    this.configure(config);
  }

  configure(config: string): void {
    const top = [
      'domain = "example.com"',
      `data_dir = ${JSON.stringify(join(this.folder, 'data'))}`,
      '[dns]',
      `servers = ${JSON.stringify(this.#dnsServers)}`,
      '[journal]',
      'allow_memory = true',
      '',
    ].join('\n');
    writeFileSync(join(this.folder, 'etc', 'config.toml'), top + config, { mode: 0o640 });
  }

  get environment(): Record<string, string> {
    return { AIMX_CONFIG_DIR: join(this.folder, 'etc'), AIMX_RUNTIME_DIR: join(this.folder, 'run') };
  }

  /** A file that hooks may write to. */
  scratch(name: string): string {
    return join(this.folder, 'scratch', name);
  }

  lines(name: string): readonly string[] {
    try {
      return readFileSync(this.scratch(name), 'utf8').split('\n').filter(Boolean);
    } catch {
      return []; // Nobody has written to it.
    }
  }

  files(mailbox: string): readonly string[] {
    try {
      return readdirSync(join(this.folder, 'data', 'inbox', mailbox)).sort();
    } catch {
      return []; // Nothing was delivered.
    }
  }

  aimx(args: readonly string[], options: AimxOptions = {}): Promise<Answer> {
    return runAimx(args, { ...options, env: { ...this.environment, ...options.env } });
  }

  /** The answer of a command with `--json`. @throws where its exit code is not 0. */
  async json<Value>(...args: readonly string[]): Promise<Value> {
    const { stdout, stderr, exit } = await this.aimx([...args, '--json']);
    if (exit !== 0) throw new Error(`aimx ${args.join(' ')}: exit ${exit}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Value;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `bin/aimx serve` (or another command that stays), and what it says. */
export class Server implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #gone: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  stdout = '';
  stderr = '';

  /** `command` is an argv that ends in `serve …`; it may change the user on the way. */
  constructor(command: readonly string[], options: AimxOptions = {}) {
    const [program = AIMX, ...args] = command;
    const child = spawn(program, args, {
      env: cleanEnvironment(options.env),
      cwd: options.cwd ?? '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += String(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += String(chunk);
    });
    this.#child = child;
    this.#gone = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  static async serve(
    place: Place,
    args: readonly string[] = ['--bind', '127.0.0.1:0'],
    env: AimxOptions['env'] = {},
  ): Promise<Server> {
    const server = new Server([AIMX, 'serve', ...args], { env: { ...place.environment, ...env } });
    await server.said('daemon.listening');
    await eventually('the control socket', () => existsSync(join(place.folder, 'run', 'aimx.pid')));
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its log, parsed. */
  get events(): readonly Record<string, unknown>[] {
    return this.stderr.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return []; // An error for people.
      }
    });
  }

  get ports(): readonly number[] {
    const line = this.events.find(({ event }) => event === 'daemon.listening');
    return ((line?.['addresses'] as string[] | undefined) ?? []).map((at) => Number(at.split(':').at(-1)));
  }

  get port(): number {
    return this.ports[0] ?? 0;
  }

  /** Resolves with the event's line once it was logged `times` times. */
  said(event: string, times = 1): Promise<Record<string, unknown>> {
    return eventually(
      () => `${event}\n${this.stderr}`,
      () => {
        if (this.#child.exitCode !== null && !this.stderr.includes(event))
          throw new Error(`It ended with ${this.#child.exitCode} before it said ${event}:\n${this.stderr}`);
        return this.events.filter((line) => line['event'] === event)[times - 1];
      },
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  ended(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    return this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 12_000);
    await this.#gone;
    clearTimeout(hard);
  }
}

export interface RunJson {
  readonly run_id: string;
  readonly mailbox: string;
  readonly id: string;
  readonly hook: string;
  readonly generation: number;
  readonly attempt: number;
  readonly state: string;
  readonly reason: string | null;
  readonly exit_code: number | null;
}

/** The newest run of a hook, once its state is one of `states`. */
export function runIn(place: Place, hook: string, ...states: readonly string[]): Promise<RunJson> {
  return eventually(`hook ${hook} ${states.join(' or ')}`, async () => {
    const { runs } = await place.json<{ runs: readonly RunJson[] }>('runs', 'list', '--hook', hook);
    const [run] = runs;
    return run !== undefined && states.includes(run.state) ? run : null;
  });
}
