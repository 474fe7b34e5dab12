/**
 * Asks who wrote a message in a process of its own, many messages at once.
 *
 * The process is started at once and kept. When it dies, whatever it had in hand is suspected of having
 * killed it: each is asked about once more, alone and briefly; one that kills it again is left open
 * (`provisional`), so that it is delivered and asked about later, as if DNS had not answered.
 */
import { UNAUTHENTICATED, type Verdict } from '../authentication/verdict.ts';
import type { Config } from '../config/config.ts';
import type { MessageRow, RawSource } from '../journal/journal.ts';
import type { Clock, Timer } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import type { ChildProcess, Processes } from '../system/processes.ts';
import type { AuthenticationAnswer, AuthenticationRequest, Authenticator } from './authenticator.ts';
import { damagedSource } from './damaged-source.ts';
import { type ProcessLimits, startNodeProcess } from './node-process.ts';

/** DNS for one message in all (design §3.4). */
const BUDGET_MS = 8_000;
/** For one that was in hand when the process died. */
const SUSPECT_BUDGET_MS = 1_000;
/** Beyond its budget a message costs reading and hashing; a process that takes longer hangs. */
const GRACE_MS = 8_000;
/** Octets of large messages in the process at once; one that is larger than that is the only one. */
const BYTES_AT_ONCE = 64 * 1024 * 1024;
/**
 * What is not larger is not counted, and does not wait for room: the pipeline has too few messages in hand
 * at once for their sum to matter, and large ones of slow domains must not hold up the mail of all others.
 */
const SMALL_BYTES_MAX = 1024 * 1024;

const LIMITS: ProcessLimits = {
  // 512 MiB of it V8 sets aside for code and does not use; what is in hand at once is counted above.
  dataBytes: 1024 * 1024 * 1024,
  heapMiB: 256,
};

export interface AuthenticationProcessOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Config;
}

/** A verdict that nobody could give: DNS had nothing to do with it, and yet it may come later. */
const UNEXAMINED: Verdict = {
  ...UNAUTHENTICATED,
  spf: 'temperror',
  dkim: 'temperror',
  dmarc: 'temperror',
  provisional: true,
};

/** Disposing it ends the process; who waits is rejected with `authenticator.died`. */
export function createAuthenticator(options: AuthenticationProcessOptions): Authenticator & AsyncDisposable {
  return new AuthenticationProcess(options);
}

interface Job {
  readonly request: AuthenticationRequest;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the process died of it, perhaps. */
  isSuspect: boolean;
}

class AuthenticationProcess implements Authenticator, AsyncDisposable {
  readonly #options: AuthenticationProcessOptions;
  readonly #waiting: Job[] = [];
  readonly #suspects: Job[] = [];
  readonly #inHand = new Map<number, { readonly job: Job; readonly timer: Timer }>();
  #bytesInHand = 0;
  #lastId = 0;
  #child: ChildProcess | null = null;
  /** Resolves when nothing is left of the present process. */
  #life: Promise<void> | null = null;
  #closed = false;

  constructor(options: AuthenticationProcessOptions) {
    this.#options = options;
    if (options.config().dns.servers?.length !== 0) this.#start();
  }

  async authenticate(message: MessageRow, { signal }: { readonly signal: AbortSignal }): Promise<Verdict> {
    const { dns } = this.#options.config();
    // Nobody is to be asked.
    if (dns.servers?.length === 0) return UNAUTHENTICATED;
    signal.throwIfAborted();
    if (this.#closed) throw ended();
    this.#lastId += 1;
    const request = requestOf(this.#lastId, message, dns);
    return await new Promise<Verdict>((resolve, reject) => {
      const abort = (): void => {
        this.#forget(request.id);
        reject(signal.reason);
      };
      const settled = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push({
        request,
        isSuspect: false,
        resolve: (verdict) => {
          settled();
          resolve(verdict);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#dispatch();
    });
  }

  #start(): void {
    this.#life = this.#live().finally(() => {
      this.#life = null;
      this.#dispatch();
    });
  }

  async #live(): Promise<void> {
    const { processes, log } = this.#options;
    try {
      const child = await startNodeProcess(processes, 'authenticator', LIMITS);
      child.onMessage((answer) => this.#answered(answer as AuthenticationAnswer));
      this.#child = child;
      if (this.#closed) child.kill('SIGKILL');
      else this.#dispatch();
      const exit = await child.exited;
      if (!this.#closed) log.warn('authenticator.gone', { exit_code: exit.code, signal: exit.signal });
    } catch (error) {
      log.error('authenticator.not-started', { error: String(error) });
      // Without a process nobody can say; nothing waits for one that cannot be started.
      for (const job of this.#waiting.splice(0)) job.resolve(UNEXAMINED);
    }
    this.#child = null;
    this.#suspectAll();
  }

  /** What was in hand is asked about once more, or left open where that was the second time. */
  #suspectAll(): void {
    for (const { job, timer } of this.#inHand.values()) {
      timer[Symbol.dispose]();
      if (this.#closed) job.reject(ended());
      else if (job.isSuspect) job.resolve(UNEXAMINED);
      else {
        job.isSuspect = true;
        this.#suspects.push(job);
      }
    }
    this.#inHand.clear();
    this.#bytesInHand = 0;
  }

  #dispatch(): void {
    if (this.#closed || this.#waiting.length + this.#suspects.length === 0) return;
    if (this.#life === null) this.#start();
    const child = this.#child;
    // It takes what waits when it has started.
    if (child === null) return;
    for (let job = this.#next(); job !== undefined; job = this.#next()) this.#hand(job, child);
  }

  /** A suspect is alone in the process. */
  #next(): Job | undefined {
    if ([...this.#inHand.values()].some(({ job }) => job.isSuspect)) return undefined;
    if (this.#suspects.length > 0) return this.#inHand.size === 0 ? this.#suspects.shift() : undefined;
    const large = this.#waiting.findIndex(({ request }) => countedBytes(request) > 0);
    const needs = large < 0 ? 0 : countedBytes((this.#waiting[large] as Job).request);
    const hasRoom = this.#bytesInHand === 0 || this.#bytesInHand + needs <= BYTES_AT_ONCE;
    const next = this.#waiting.findIndex(
      ({ request }, index) => countedBytes(request) === 0 || (hasRoom && index === large),
    );
    return next < 0 ? undefined : this.#waiting.splice(next, 1)[0];
  }

  #hand(job: Job, child: ChildProcess): void {
    const budgetMs = job.isSuspect ? SUSPECT_BUDGET_MS : BUDGET_MS;
    // Killed with whatever else it has in hand, which is then asked about again.
    const timer = this.#options.clock.after(budgetMs + GRACE_MS, () => child.kill('SIGKILL'));
    this.#inHand.set(job.request.id, { job, timer });
    this.#bytesInHand += countedBytes(job.request);
    child.send({ ...job.request, budgetMs });
  }

  /** Takes a job out of hand; undefined where nobody waits for it any more. */
  #release(id: number): Job | undefined {
    const held = this.#inHand.get(id);
    if (held === undefined) return undefined;
    held.timer[Symbol.dispose]();
    this.#inHand.delete(id);
    this.#bytesInHand -= countedBytes(held.job.request);
    return held.job;
  }

  #answered(answer: AuthenticationAnswer): void {
    if (answer.kind === 'event') {
      this.#options.log[answer.level](answer.event, answer.fields);
      return;
    }
    const job = this.#release(answer.id);
    if (job !== undefined)
      if (answer.kind === 'verdict') job.resolve(answer.verdict);
      else job.reject(failure(answer, job.request.source));
    this.#dispatch();
  }

  /** Nobody waits for it any more. What the process is at, it ends; its answer is not looked at. */
  #forget(id: number): void {
    for (const queue of [this.#waiting, this.#suspects]) {
      const index = queue.findIndex(({ request }) => request.id === id);
      if (index >= 0) queue.splice(index, 1);
    }
    this.#release(id);
    this.#dispatch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const job of [...this.#waiting.splice(0), ...this.#suspects.splice(0)]) job.reject(ended());
    this.#child?.kill('SIGKILL');
    await this.#life;
  }
}

function countedBytes({ source }: AuthenticationRequest): number {
  return source.sizeBytes > SMALL_BYTES_MAX ? source.sizeBytes : 0;
}

function requestOf(
  id: number,
  { raw, envelope, arrival }: MessageRow,
  dns: Config['dns'],
): AuthenticationRequest {
  return {
    id,
    source: raw,
    input: {
      clientAddress: arrival.clientAddress,
      helo: arrival.helo,
      reversePath: envelope.reversePath,
      receivedAt: arrival.receivedAt,
    },
    budgetMs: BUDGET_MS,
    dns: { servers: dns.servers ?? [], timeoutMs: dns.timeoutMs },
  };
}

function ended(): AimxError {
  return new AimxError('authenticator.died', 'The authentication process has been ended');
}

function failure(
  answer: Extract<AuthenticationAnswer, { kind: 'damaged' | 'failed' }>,
  source: RawSource,
): Error {
  if (answer.kind === 'damaged') return damagedSource(source, answer.found);
  return Object.assign(new Error(answer.message), { code: answer.code });
}
