/**
 * The resolver behind the port `dns.ts`: asks recursive servers over UDP and TCP, and remembers.
 *
 *     question → cache → the same question under way → a place → all servers silent? → servers → CNAME → …
 *
 * It validates no signatures: who wants DNSSEC names a server on this machine that does.
 */
import type { Clock } from '../clock.ts';
import type { Dns, DnsAnswer, DnsRecordType } from '../dns.ts';
import { type Log, silentLog } from '../log.ts';
import type { Random } from '../random.ts';
import { askServers, type Outcome } from './ask-servers.ts';
import { createCache } from './cache.ts';
import { createGate } from './gate.ts';
import { LOCALHOST, parseQuestionName, type Question, type QuestionName, questionKey } from './question.ts';
import { watchResolvConf } from './resolv-conf.ts';
import { parseServerAddress } from './server-address.ts';
import { createServerList, type ServerList } from './server-health.ts';

/** Each has a socket; a process has 1024 handles by default. */
export const QUESTIONS_AT_ONCE = 256;

/** Questions without a place. More come only where DNS is down and a flood of mail is read. */
export const QUESTIONS_WAITING_MAX = 4_096;

/** Of a question that has a place, where others wait for one. Longer than a server in good order takes. */
export const QUESTION_KEPT_MS = 1_000;

/** Callers of `resolve` that have no answer yet, those of shared questions included. */
export const CALLERS_MAX = 16_384;

/** While all servers are silent and one question probes them, others wait so long for what becomes of it. */
export const PROBE_WAIT_MS = 200;

/**
 * Answered by a recursive server itself (RFC 6761 §6.3). A name that a message brought could be one whose own
 * servers do not answer: whoever sent it would keep all others waiting.
 */
const PROBE: Question = { name: LOCALHOST, type: 'A' };

export interface ResolverOptions {
  /** `host:port` or `[v6]:port`, in order; empty: the system's. */
  readonly servers: readonly string[];
  /** For one question, in all servers and with all CNAMEs. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** Where the system's servers are written. @default '/etc/resolv.conf' */
  readonly resolvConf?: string;
}

/** Disposing closes every socket; questions under way, and later ones, are answered with `silence`. */
export type Resolver = Dns & AsyncDisposable;

type Answer = DnsAnswer<DnsRecordType>;
type Failure = Extract<Answer, { kind: 'failed' }>;

/** Until when a question may take, and what ends it before. */
interface Limits {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** An answer, and for how long it holds. */
interface Finding {
  readonly answer: Answer;
  readonly ttlSeconds: number | null;
  /** False for a failure that says nothing of the question itself. */
  readonly isKept: boolean;
}

/**
 * @throws AimxError `config.invalid` where a server is no `host:port`.
 */
export function createResolver(options: ResolverOptions): Resolver {
  return new ServerResolver(options);
}

function silence(detail: string): Failure {
  return { kind: 'failed', cause: 'silence', detail };
}

class ServerResolver implements Resolver {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #servers: ServerList;
  readonly #cache;
  readonly #gate;
  readonly #underWay = new Map<string, Promise<Answer>>();
  readonly #closing = new AbortController();
  #callers = 0;
  /** Under way while somebody asks and all servers are silent; resolves true once one was heard. */
  #probe: Promise<boolean> | null = null;
  #wasSilent = false;

  constructor({ servers, timeoutMs, clock, random, log = silentLog, resolvConf }: ResolverOptions) {
    const configured = servers.map(parseServerAddress);
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#cache = createCache(clock);
    this.#gate = createGate({
      clock,
      atOnce: QUESTIONS_AT_ONCE,
      waitingMax: QUESTIONS_WAITING_MAX,
      keptMs: QUESTION_KEPT_MS,
    });
    const current = configured.length > 0 ? () => configured : watchResolvConf(clock, resolvConf);
    this.#servers = createServerList(clock, current);
  }

  async resolve<Type extends DnsRecordType>(
    name: string,
    type: Type,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<DnsAnswer<Type>> {
    const wanted = parseQuestionName(name);
    if (wanted === null) return { kind: 'no-such-name' };
    const question = { name: wanted, type };
    const answer = signal?.aborted ? tooLate(question) : await this.#answer(question, signal);
    // The records are of the type that was asked for: nothing else is read out of an answer.
    return answer as DnsAnswer<Type>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#gate.close();
    await Promise.allSettled([...this.#underWay.values()]);
  }

  async #answer(question: Question, signal: AbortSignal | undefined): Promise<Answer> {
    const key = questionKey(question);
    const remembered = this.#cache.get(key);
    if (remembered !== null) return remembered;
    if (this.#closing.signal.aborted) return silence('the resolver is closed');
    if (this.#callers >= CALLERS_MAX) return silence('too many wait for DNS');
    let shared = this.#underWay.get(key);
    if (shared === undefined) {
      shared = this.#ask(question, key).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, shared);
    }
    this.#callers += 1;
    try {
      return signal === undefined ? await shared : await untilAborted(shared, signal, question);
    } finally {
      this.#callers -= 1;
    }
  }

  /** Asks for all who want to know, without any of their deadlines. */
  async #ask(question: Question, key: string): Promise<Answer> {
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    const late = new AbortController();
    using _timer = this.#clock.after(this.#timeoutMs, () => late.abort());
    using place = await this.#gate.enter(late.signal);
    if (place === null) return silence('too many questions under way');
    const signal = AbortSignal.any([this.#closing.signal, place.taken]);
    const { answer, ttlSeconds, isKept } = await this.#follow(question, { deadlineMs, signal });
    if (isKept) this.#cache.put(key, answer, ttlSeconds);
    return answer;
  }

  /** Asks, and asks on where CNAMEs lead out of an answer (RFC 1034 §3.6.2). */
  async #follow(question: Question, limits: Limits): Promise<Finding> {
    let at = question;
    let aliases = 0;
    let ttlSeconds = Number.POSITIVE_INFINITY;
    for (;;) {
      const outcome = await this.#askOnce(at, aliases, limits);
      if (outcome === null)
        return { answer: silence('no DNS server answers'), ttlSeconds: null, isKept: false };
      switch (outcome.kind) {
        case 'failed':
          // What is aborted says nothing of the question.
          return { answer: outcome, ttlSeconds: null, isKept: !this.#closing.signal.aborted };
        case 'records': {
          const { kind, records } = outcome;
          return {
            answer: { kind, records },
            ttlSeconds: Math.min(ttlSeconds, outcome.ttlSeconds),
            isKept: true,
          };
        }
        case 'no-data':
        case 'no-such-name': {
          const ttl = outcome.ttlSeconds === null ? null : Math.min(ttlSeconds, outcome.ttlSeconds);
          return { answer: { kind: outcome.kind }, ttlSeconds: ttl, isKept: true };
        }
        case 'elsewhere': {
          const target = askableTarget(outcome.target);
          if (target === null) return unaskable(at, outcome.target);
          ttlSeconds = Math.min(ttlSeconds, outcome.ttlSeconds);
          aliases = outcome.aliases;
          at = { name: target, type: question.type };
        }
      }
    }
  }

  /** @returns Null where all servers are silent and nothing was asked. */
  async #askOnce(question: Question, aliasesBefore: number, limits: Limits): Promise<Outcome | null> {
    if (this.#servers.isEverySilent()) {
      this.#probe ??= this.#sendProbe();
      if (!(await this.#isProbeAnswered(this.#probe))) return null;
    }
    return this.#askServers(question, aliasesBefore, limits);
  }

  async #askServers(
    question: Question,
    aliasesBefore: number,
    { deadlineMs, signal }: Limits,
  ): Promise<Outcome> {
    const outcome = await askServers(question, {
      servers: this.#servers,
      clock: this.#clock,
      random: this.#random,
      aliasesBefore,
      timeLeftMs: Math.max(0, deadlineMs - this.#clock.monotonicMs()),
      signal,
    });
    return this.#noted(outcome);
  }

  async #sendProbe(): Promise<boolean> {
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    await this.#askServers(PROBE, 0, { deadlineMs, signal: this.#closing.signal });
    this.#probe = null;
    return !this.#servers.isEverySilent();
  }

  /** True where the probe has been answered, or is within the short time that others wait for it. */
  async #isProbeAnswered(probe: Promise<boolean>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    using _timer = this.#clock.after(PROBE_WAIT_MS, () => resolve(false));
    // Awaited here: the timer ends with this function.
    return await Promise.race([probe, promise]);
  }

  /** Tells the log where servers fall silent and where they are back. */
  #noted(outcome: Outcome): Outcome {
    const isSilent = this.#servers.isEverySilent();
    if (isSilent && !this.#wasSilent) this.#log.warn('dns.silent', { servers: this.#servers.names() });
    if (!isSilent && this.#wasSilent) this.#log.info('dns.heard', { servers: this.#servers.names() });
    this.#wasSilent = isSilent;
    return outcome;
  }
}

/** A target with octets that need escapes is a name, and none that anybody could mean here. */
function askableTarget(target: string): QuestionName | null {
  return target.includes('\\') ? null : parseQuestionName(target);
}

function unaskable(question: Question, target: string): Finding {
  const detail = `the CNAME of ${questionKey(question)} leads to "${target}"`;
  return { answer: { kind: 'failed', cause: 'server-failure', detail }, ttlSeconds: null, isKept: true };
}

function tooLate(question: Question): Failure {
  return { kind: 'failed', cause: 'deadline', detail: `no time left for ${questionKey(question)}` };
}

/** The answer, or `deadline` where the caller's time is over first. The question itself goes on. */
function untilAborted(shared: Promise<Answer>, signal: AbortSignal, question: Question): Promise<Answer> {
  return new Promise((resolve) => {
    const abort = (): void => resolve(tooLate(question));
    signal.addEventListener('abort', abort, { once: true });
    void shared.then((answer) => {
      signal.removeEventListener('abort', abort);
      resolve(answer);
    });
  });
}
