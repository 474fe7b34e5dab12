/** Children that are certain to end: only those that were started here, each by its own handle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const END_MS_MAX = 12_000;
const CONNECT_EVERY_MS = 2;

/** A port of loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('A TCP port has an address object');
  return address.port;
}

/** Resolves with milliseconds since the call when a greeting came from `port`. @throws after `msMax`. */
export async function greeted(port: number, msMax: number): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < msMax) {
    const socket = connect(port, '127.0.0.1');
    const line = await firstBytes(socket);
    socket.destroy();
    if (line?.startsWith('220') === true) return performance.now() - began;
    await sleep(CONNECT_EVERY_MS);
  }
  throw new Error(`No greeting on port ${port} after ${msMax} ms`);
}

function firstBytes(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1')));
    socket.once('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}

export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #errors = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#process = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#gone = once(this.#process, 'exit');
    this.#process.stderr?.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes.toString('latin1')).slice(-4_000);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The last that it wrote to stderr. */
  get lastWords(): string {
    return this.#errors;
  }

  /** Ends it with SIGTERM, or with SIGKILL where that takes too long or `signal` says so. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    const timer = new AbortController();
    const overdue = sleep(END_MS_MAX, undefined, { signal: timer.signal }).then(
      () => this.#process.kill('SIGKILL'),
      () => undefined,
    );
    await this.#gone;
    timer.abort();
    await overdue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
