/** Open connections that wait for another message to the same destination. */
import type { Clock, Timer } from '../system/clock.ts';
import type { Credentials, Endpoint, OpenOutcome, SmtpSession, TlsPolicy } from './transmission.ts';
import type { World } from './world.ts';

/** A connection without work is a place that another client of that server lacks. */
const IDLE_MS_MAX = 3_000;
/** Idle connections that are kept in all. */
const IDLE_MAX = 32;
/** Messages over one connection: some servers count, and a cluster spreads its load by connections. */
const MESSAGES_MAX = 100;

interface Idle {
  readonly session: SmtpSession;
  readonly timer: Timer;
}

export class Sessions implements AsyncDisposable {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #idle = new Map<string, Idle[]>();
  /** Messages that have gone over a connection. */
  readonly #used = new WeakMap<SmtpSession, number>();
  readonly #closing = new Set<Promise<void>>();

  constructor(world: World) {
    this.#world = world;
    this.#clock = world.clock;
  }

  /** An idle connection to a destination, if there is one; it is the caller's from now on. */
  take(destination: string): SmtpSession | null {
    const idle = this.#idle.get(destination)?.pop();
    if (idle === undefined) return null;
    idle.timer[Symbol.dispose]();
    if (this.#idle.get(destination)?.length === 0) this.#idle.delete(destination);
    return idle.session;
  }

  /** Called after a message has gone over it: keeps it for the next one, or closes it. */
  keep(destination: string, session: SmtpSession): void {
    const used = (this.#used.get(session) ?? 0) + 1;
    this.#used.set(session, used);
    const idle = [...this.#idle.values()].reduce((sum, list) => sum + list.length, 0);
    if (!session.isReusable || used >= MESSAGES_MAX || idle >= IDLE_MAX) {
      this.#close(session);
      return;
    }
    const timer = this.#clock.after(IDLE_MS_MAX, () => {
      const left = (this.#idle.get(destination) ?? []).filter((idle) => idle.session !== session);
      if (left.length === 0) this.#idle.delete(destination);
      else this.#idle.set(destination, left);
      this.#close(session);
    });
    this.#idle.set(destination, [...(this.#idle.get(destination) ?? []), { session, timer }]);
  }

  async open(endpoint: Endpoint, signal: AbortSignal): Promise<OpenOutcome> {
    const { config, client, readPassword, log } = this.#world;
    const { hostname, outbound } = config();
    let credentials: Credentials | null = null;
    if (outbound.relay !== null && outbound.relayUser !== null && outbound.relayPasswordFile !== null) {
      try {
        const password = await readPassword(outbound.relayPasswordFile);
        credentials = { user: outbound.relayUser, password };
      } catch (error) {
        log.error('outbound.no-password', { path: outbound.relayPasswordFile, error: String(error) });
        return {
          kind: 'unavailable',
          stage: 'auth',
          reason: 'relay_password_file cannot be read',
          reply: null,
        };
      }
    }
    // A password crosses a network only to whom it is meant for.
    const isLoopback = /^(127\.|::1$)/.test(endpoint.address);
    const tls: TlsPolicy =
      credentials !== null && !isLoopback
        ? { kind: 'verified', name: endpoint.host }
        : { kind: 'opportunistic' };
    return await client.open(endpoint, { helo: hostname, tls, credentials, signal });
  }

  #close(session: SmtpSession): void {
    const closing: Promise<void> = Promise.allSettled([session[Symbol.asyncDispose]()]).then(() => {
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    for (const { timer, session } of idle) {
      timer[Symbol.dispose]();
      this.#close(session);
    }
    await Promise.all(this.#closing);
  }
}
