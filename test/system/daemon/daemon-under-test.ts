/** A real daemon in a process of its own, on a folder of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RootOptions } from './root.ts';

const ROOT = new URL('./root.ts', import.meta.url).pathname;
const START_MS_MAX = 15_000;
const SETTLE_MS_MAX = 30_000;
/** Looks in a row that find nothing to do, 50 ms apart. */
const QUIET_LOOKS = 3;

export interface GroundOptions {
  /** TOML of the hooks of mailbox `agent`; `STARTS` in their environment is {@link Ground.startsPath}. */
  readonly hook?: string | null;
  /** What mailbox `agent` says of trust, as TOML; its hooks then start for whom it trusts. Absent: for everybody. */
  readonly trust?: string;
  /** More TOML, before the mailboxes. */
  readonly top?: string;
  /** `host:port` of DNS servers; none where absent: nobody is authenticated. */
  readonly dns?: readonly string[];
  /** How long one question may take. @default "500ms" */
  readonly dnsTimeout?: string;
  /** More TOML, behind them. */
  readonly bottom?: string;
  /** Where the ground lies; a fresh temporary folder where absent. */
  readonly folder?: string;
}

/** Writes one line a start: run id and subject. */
export const RECORDING_HOOK: string = `cmd = ["/bin/sh", "-c", 'echo "$AIMX_RUN_ID $AIMX_MESSAGE_ID" >> "$STARTS"; cat > /dev/null']`;

/** Config, data and runtime folder of one test. */
export class Ground implements Disposable {
  readonly folder: string;
  readonly configPath: string;
  readonly runtimeDir: string;

  constructor(options: GroundOptions = {}) {
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'aimx-daemon-'));
    // Hooks of other accounts reach the file of starts through it.
    chmodSync(this.folder, 0o755);
    this.configPath = join(this.folder, 'config.toml');
    this.runtimeDir = join(this.folder, 'run');
    mkdirSync(join(this.folder, 'starts'), { recursive: true, mode: 0o777 });
    chmodSync(join(this.folder, 'starts'), 0o777);
    writeFileSync(this.configPath, this.#config(options), { mode: 0o640 });
  }

  #config(options: GroundOptions): string {
    const { hook = RECORDING_HOOK, trust, top = '', bottom = '', dns = [], dnsTimeout = '500ms' } = options;
    const owner = JSON.stringify(userInfo().username);
    const hooks =
      hook === null
        ? ''
        : [
            '[[mailboxes.agent.hooks]]',
            'name = "record"',
            'event = "on_receive"',
            `fire_on_untrusted = ${trust === undefined}`,
            `env = { STARTS = ${JSON.stringify(this.startsPath)} }`,
            hook,
          ].join('\n');
    return [
      'domain = "example.com"',
      `data_dir = ${JSON.stringify(join(this.folder, 'data'))}`,
      top,
      '[dns]',
      `servers = ${JSON.stringify(dns)}`,
      `timeout = "${dnsTimeout}"`,
      '[journal]',
      'allow_memory = true',
      '[mailboxes.agent]',
      'address = "agent@example.com"',
      `owner = ${owner}`,
      trust ?? '',
      hooks,
      '[mailboxes.other]',
      'address = "other@example.com"',
      `owner = ${owner}`,
      bottom,
      '',
    ].join('\n');
  }

  get startsPath(): string {
    return join(this.folder, 'starts', 'log');
  }

  get inbox(): string {
    return join(this.folder, 'data', 'inbox');
  }

  /** Lines that hooks have written, one a start. */
  starts(): readonly string[] {
    try {
      return readFileSync(this.startsPath, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch {
      return []; // No hook has started.
    }
  }

  /** Names in a mailbox's folder. */
  files(mailbox = 'agent'): readonly string[] {
    try {
      return readdirSync(join(this.inbox, mailbox)).sort();
    } catch {
      return []; // Nothing was delivered.
    }
  }

  /** The Markdown of a message. */
  text(name: string, mailbox = 'agent'): string {
    const path = name.endsWith('.md') ? name : `${name}/${name}.md`;
    return readFileSync(join(this.inbox, mailbox, path), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class DaemonUnderTest implements AsyncDisposable {
  readonly ground: Ground;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #gone: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #lines: string[];

  private constructor(ground: Ground, child: ChildProcess, port: number, lines: string[]) {
    this.ground = ground;
    this.port = port;
    this.#child = child;
    this.#lines = lines;
    this.#gone =
      child.exitCode !== null || child.signalCode !== null
        ? Promise.resolve({ code: child.exitCode, signal: child.signalCode })
        : new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  }

  /** Starts it and resolves when it listens. @throws with its last lines where it does not. */
  static async start(
    ground: Ground,
    options: Omit<RootOptions, 'configPath' | 'runtimeDir' | 'bind'> = {},
  ): Promise<DaemonUnderTest> {
    const root: RootOptions = {
      configPath: ground.configPath,
      runtimeDir: ground.runtimeDir,
      bind: '127.0.0.1:0',
      ...options,
    };
    const child = fork(ROOT, [JSON.stringify(root)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    const lines: string[] = [];
    let partial = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      const parts = (partial + String(chunk)).split('\n');
      partial = parts.pop() ?? '';
      lines.push(...parts);
    });
    const port = await new Promise<number>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`The daemon ${why}:\n${lines.slice(-20).join('\n')}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('did not listen in time');
      }, START_MS_MAX);
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${code ?? signal} before it listened`);
      });
      child.once('message', ({ addresses }: { addresses: readonly string[] }) => {
        clearTimeout(timer);
        resolve(Number(addresses[0]?.split(':').at(-1)));
      });
    });
    return new DaemonUnderTest(ground, child, port, lines);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its log so far, parsed. */
  get events(): readonly Record<string, unknown>[] {
    return this.#lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return []; // A stack trace or the like.
      }
    });
  }

  get log(): string {
    return this.#lines.join('\n');
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when it has ended, however. */
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    return this.#gone;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** Asks it through its socket. */
  async ask<Answer>(operation: string, input: unknown): Promise<Answer> {
    return JSON.parse((await this.#post(operation, input)).toString('utf8')) as Answer;
  }

  /** A message as it was sent, without the fields that `raw` puts before it; latin1. */
  async raw(reference: string): Promise<string> {
    const text = (await this.#post('raw', { message: reference })).toString('latin1');
    return text.slice(text.search(/^From: /m));
  }

  #post(operation: string, input: unknown): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          socketPath: join(this.ground.runtimeDir, 'aimx.sock'),
          path: `/v1/${operation}`,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const body = Buffer.concat(chunks);
            if (response.statusCode === 200) resolve(body);
            else reject(new Error(`${operation}: ${response.statusCode} ${body.toString('utf8')}`));
          });
        },
      );
      call.once('error', (error) => reject(new Error(`${operation}: ${error.message}\n${this.log}`)));
      call.end(JSON.stringify(input));
    });
  }

  /** Waits until nothing is pending and no run is due, claimed or running. */
  async settled(limitMs: number = SETTLE_MS_MAX): Promise<void> {
    const deadline = performance.now() + limitMs;
    // What was accepted a moment ago is not in the rows yet, from which the answers are made.
    for (let quiet = 0; ; ) {
      const open = await this.#openWork();
      quiet = open === '' ? quiet + 1 : 0;
      if (quiet === QUIET_LOOKS) return;
      if (performance.now() > deadline)
        throw new Error(`Not settled: ${open}\n${this.#lines.slice(-20).join('\n')}`);
      await sleep(50);
    }
  }

  async #openWork(): Promise<string> {
    const count = async (state: string): Promise<number> =>
      (await this.ask<{ runs: readonly unknown[] }>('runs.list', { state, limit: 1 })).runs.length;
    const [runs, { mailboxes }] = await Promise.all([
      Promise.all(['due', 'claimed', 'running'].map(count)),
      this.ask<{ mailboxes: readonly { pending: number }[] }>('mailboxes.list', {}),
    ]);
    const pending = mailboxes.filter((mailbox) => mailbox.pending > 0);
    const open = runs.reduce((sum, some) => sum + some, 0);
    return open + pending.length === 0 ? '' : JSON.stringify({ open, pending });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 12_000);
    await this.#gone;
    clearTimeout(hard);
  }
}
