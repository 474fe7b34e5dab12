/**
 * One question to several servers: in order, the next one as soon as one fails or has let its share of the
 * time pass, while an answer that is late still counts.
 */
import type { Clock, Timer } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Conclusion } from './conclusion.ts';
import { askServer, type Exchange } from './exchange.ts';
import { type Question, questionKey } from './question.ts';
import type { ServerHealth, ServerList } from './server-health.ts';

/** The first round has this share of the time: a datagram that was lost must be found out early. */
const FIRST_ROUND_SHARE = 1 / 3;

export type Outcome =
  | Exclude<Conclusion, { readonly kind: 'server-failure' }>
  | {
      readonly kind: 'failed';
      readonly cause: 'server-failure' | 'silence';
      readonly detail: string;
    };

export interface AskOptions {
  readonly servers: ServerList;
  readonly clock: Clock;
  readonly random: Random;
  readonly aliasesBefore: number;
  /** What may pass until there is an answer, of whatever kind. */
  readonly timeLeftMs: number;
  /** Ends all that is under way; the outcome is then one of silence. */
  readonly signal: AbortSignal;
}

interface Attempt {
  readonly server: ServerHealth;
  /** What passes until the next one begins. */
  readonly shareMs: number;
}

/** Each server twice: silence in the first round may have been a lost datagram. */
function planAttempts(servers: readonly ServerHealth[], timeLeftMs: number): Attempt[] {
  const shareMs = (timeLeftMs * FIRST_ROUND_SHARE) / servers.length;
  const rest = (timeLeftMs * (1 - FIRST_ROUND_SHARE)) / servers.length;
  return [
    ...servers.map((server) => ({ server, shareMs })),
    ...servers.map((server) => ({ server, shareMs: rest })),
  ];
}

/** Asks until one server has said what there is, all have failed, or the time is up. Never rejects. */
export function askServers(question: Question, options: AskOptions): Promise<Outcome> {
  return new Promise((resolve) => new Asking(question, options, resolve).start());
}

class Asking {
  readonly #question: Question;
  readonly #options: AskOptions;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #startedAtMs: number;
  readonly #plan: Attempt[];
  readonly #ended = new AbortController();
  readonly #deadline: Timer;
  #share: Timer | null = null;
  #underWay = 0;
  readonly #asked = new Set<ServerHealth>();
  /** Servers that have said that they cannot say: they are not asked again. */
  readonly #failed = new Set<ServerHealth>();
  #failure: Extract<Outcome, { kind: 'failed' }>;

  constructor(question: Question, options: AskOptions, resolve: (outcome: Outcome) => void) {
    this.#question = question;
    this.#options = options;
    this.#resolve = resolve;
    this.#startedAtMs = options.clock.monotonicMs();
    this.#plan = planAttempts(options.servers.inOrder(), options.timeLeftMs);
    this.#failure = { kind: 'failed', cause: 'silence', detail: `no answer to ${questionKey(question)}` };
    this.#deadline = options.clock.after(options.timeLeftMs, this.#timeIsUp);
  }

  start(): void {
    const { signal } = this.#options;
    signal.addEventListener('abort', this.#stopped, { once: true });
    if (signal.aborted) this.#stopped();
    else this.#next();
  }

  readonly #stopped = (): void => this.#end(this.#failure);

  /** What has come in while this process was busy is read first: timers come before sockets. */
  readonly #timeIsUp = (): void => void setImmediate(this.#fallSilent);

  readonly #fallSilent = (): void => {
    if (this.#ended.signal.aborted) return;
    for (const server of this.#asked) {
      this.#options.servers.sawNothing(server, this.#startedAtMs, 'silent');
    }
    this.#end(this.#failure);
  };

  /** Begins the next attempt; ends where there is none and none is under way. */
  #next(): void {
    this.#share?.[Symbol.dispose]();
    let attempt = this.#plan.shift();
    while (attempt !== undefined && this.#failed.has(attempt.server)) attempt = this.#plan.shift();
    if (attempt === undefined) {
      if (this.#underWay === 0) this.#end(this.#failure);
      return;
    }
    const { server, shareMs } = attempt;
    this.#asked.add(server);
    this.#share = this.#options.clock.after(shareMs, () => {
      this.#options.servers.sawNothing(server, this.#startedAtMs, 'slow');
      this.#next();
    });
    this.#underWay += 1;
    // A socket that cannot even be made, for want of handles, is a server that cannot be asked.
    const failed = (error: unknown): Exchange => ({ kind: 'server-failure', detail: String(error) });
    void this.#ask(server)
      .catch(failed)
      .then((exchange) => {
        this.#underWay -= 1;
        this.#take(server, exchange);
      });
  }

  #ask(server: ServerHealth): Promise<Exchange> {
    const { servers, random, aliasesBefore } = this.#options;
    return askServer(server.address, this.#question, {
      random,
      aliasesBefore,
      useEdns: servers.usesEdns(server),
      onHeard: () => servers.heard(server),
      onEdnsRefused: () => servers.refusedEdns(server),
      signal: this.#ended.signal,
    });
  }

  #take(server: ServerHealth, exchange: Exchange): void {
    if (this.#ended.signal.aborted) return;
    switch (exchange.kind) {
      case 'aborted':
        break;
      case 'unreachable':
        this.#options.servers.sawNothing(server, this.#startedAtMs, 'silent');
        if (this.#failure.cause === 'silence') this.#failure = { ...this.#failure, detail: exchange.detail };
        this.#failed.add(server);
        this.#next();
        break;
      case 'server-failure':
        this.#failure = { kind: 'failed', cause: 'server-failure', detail: exchange.detail };
        this.#failed.add(server);
        this.#next();
        break;
      default:
        this.#end(exchange);
    }
  }

  #end(outcome: Outcome): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#share?.[Symbol.dispose]();
    this.#deadline[Symbol.dispose]();
    this.#options.signal.removeEventListener('abort', this.#stopped);
    this.#resolve(outcome);
  }
}
