/**
 * Inbound: accepts connections, keeps what comes in bounded, and answers `250` when the journal says so.
 *
 * To follow a message: `smtp-connection.ts` hands bytes to the session engine and its content to
 * `content-sink.ts`; `acceptance.ts` makes the record; the journal makes it durable.
 *
 * It must not know: MIME, where mailboxes lie, what happens after the `250`.
 */
import type { Config } from '../config/config.ts';
import type { Journal, MailboxId } from '../journal/journal.ts';
import { createRouter, type Router } from '../smtp/routing.ts';
import type { Certificates } from '../system/certificate.ts';
import type { Clock, Timer } from '../system/clock.ts';
import type { Faults } from '../system/faults.ts';
import type { Log } from '../system/log.ts';
import type { Connection, Listening, Network, TlsContext } from '../system/network.ts';
import type { Random } from '../system/random.ts';
import { admissionCounts, type RefusalReason } from './admission.ts';
import { formatBind, parseBind } from './bind.ts';
import { loadTlsContext } from './certificate.ts';
import { contentMemory } from './content-memory.ts';
import { tickMs } from './deadlines.ts';
import { ACCEPT_FAILED_LINE_EVERY_MS, INBOUND_LIMITS, type InboundLimits } from './limits.ts';
import type { AcceptingJournal, MessageIntake } from './message-intake.ts';
import { refusals } from './refusal.ts';
import { type ConnectionDependencies, SmtpConnection } from './smtp-connection.ts';

export interface InboundDependencies {
  readonly journal: AcceptingJournal & Pick<Journal, 'broken'>;
  readonly network: Network;
  readonly certificates: Certificates;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: Faults;
  /** The present configuration; asked at each new connection. */
  readonly config: () => Config;
  /** Mailbox name → id, as the journal has registered them; asked at each message. */
  readonly mailboxIds: () => Readonly<Record<string, MailboxId>>;
  /** Those that differ from {@link INBOUND_LIMITS}. */
  readonly limits?: Partial<InboundLimits>;
}

export interface BoundAddress {
  readonly host: string;
  /** The real port, where 0 was asked for. */
  readonly port: number;
}

export interface InboundStats {
  readonly connections: number;
  /** Since the start. */
  readonly accepted: number;
  readonly refusedConnections: number;
  readonly commitsUnderWay: number;
  readonly contentMemoryBytes: number;
}

export interface Inbound extends AsyncDisposable {
  /**
   * Reads the certificate and listens on every `host:port`.
   *
   * @throws AimxError `config.invalid` (a bind or a certificate), `network.unavailable`.
   */
  listen(binds: readonly string[]): Promise<readonly BoundAddress[]>;
  /** Reads the certificate anew, for connections from now on. @throws AimxError `config.invalid`; the old one stays. */
  reloadTls(): Promise<void>;
  /**
   * No new sessions, `421` to idle ones; a message that is coming in has until `deadlineMs` from now.
   * Resolves when every connection is gone and every commit under way has ended.
   */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
  stats(): InboundStats;
  /** Rejects when the journal has become unusable: every session gets `421`, and the daemon should end. */
  readonly failed: Promise<never>;
}

/** Bytes of a session's id, in logs and trace fields. */
const SESSION_ID_BYTES = 8;

export function createInbound(dependencies: InboundDependencies): Inbound {
  return new Listeners(dependencies);
}

class Listeners implements Inbound {
  readonly failed: Promise<never>;
  readonly #deps: InboundDependencies;
  readonly #limits: InboundLimits;
  readonly #shared: ConnectionDependencies;
  readonly #admissions = admissionCounts();
  readonly #refusals;
  readonly #connections = new Set<SmtpConnection>();
  /** Commits under way, oldest first, with when each began (monotonic). */
  readonly #commits = new Map<MessageIntake, number>();
  readonly #listening: Listening[] = [];
  #reject: (error: unknown) => void = () => undefined;
  #router: { readonly config: Config; readonly route: Router } | null = null;
  #tlsContext: TlsContext | null = null;
  #ticking: Timer | null = null;
  #closedDoor: 'stopping' | 'broken' | null = null;
  #nextAcceptFailedLineMs = 0;
  #accepted = 0;
  #refused = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(deps: InboundDependencies) {
    this.#deps = deps;
    this.#limits = { ...INBOUND_LIMITS, ...deps.limits };
    this.failed = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    // Whoever awaits it gets the error; where nobody does, it must not end the process by itself.
    this.failed.catch(() => undefined);
    this.#refusals = refusals(deps.clock);
    this.#shared = {
      journal: deps.journal,
      clock: deps.clock,
      log: deps.log,
      faults: deps.faults,
      memory: contentMemory(this.#limits.contentMemoryBytes),
      limits: this.#limits,
      mailboxIds: deps.mailboxIds,
      onCommitStarted: (intake, atMs) => void this.#commits.set(intake, atMs),
      onCommitEnded: (intake) => {
        this.#commits.delete(intake);
        this.#leftOne();
      },
      onAccepted: () => {
        this.#accepted += 1;
      },
      onClosed: (connection) => this.#left(connection),
      onBroken: (error) => this.#breakDown(error),
    };
    deps.journal.broken.catch((error: unknown) => this.#breakDown(error));
  }

  async listen(binds: readonly string[]): Promise<readonly BoundAddress[]> {
    await this.reloadTls();
    for (const { host, port } of binds.map(parseBind)) {
      const onConnection = (connection: Connection): void => this.#arrived(connection);
      const onAcceptFailed = (error: Error): void => this.#acceptFailed(error);
      const listening = await this.#deps.network.listen({ host, port, onConnection, onAcceptFailed });
      this.#listening.push(listening);
      this.#deps.log.info('smtp.listening', { address: formatBind(listening) });
    }
    return this.#listening.map(({ host, port }) => ({ host, port }));
  }

  async reloadTls(): Promise<void> {
    this.#tlsContext = await loadTlsContext(this.#deps.certificates, this.#deps.config().tls, this.#deps.log);
  }

  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#closedDoor ??= 'stopping';
    for (const listening of this.#listening.splice(0)) await listening[Symbol.asyncDispose]();
    for (const connection of [...this.#connections]) connection.shutDown();
    const deadline = this.#deps.clock.after(deadlineMs, () => {
      for (const connection of [...this.#connections]) connection.giveUp();
    });
    await this.#empty();
    deadline[Symbol.dispose]();
    this.#refusals.clear();
    this.#ticking?.[Symbol.dispose]();
    this.#ticking = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ deadlineMs: 0 });
  }

  stats(): InboundStats {
    return {
      connections: this.#connections.size,
      accepted: this.#accepted,
      refusedConnections: this.#refused,
      commitsUnderWay: this.#commits.size,
      contentMemoryBytes: this.#shared.memory.totalBytes,
    };
  }

  #arrived(connection: Connection): void {
    const config = this.#deps.config();
    const why = this.#closedDoor ?? this.#slowDisk();
    const admission =
      why === null
        ? this.#admissions.admit(connection.remoteAddress, config.smtp)
        : { kind: 'refused' as const, why };
    this.#startTicking(config);
    if (admission.kind === 'refused') {
      this.#refuse(connection, admission.why);
      return;
    }
    const session = new SmtpConnection(
      connection,
      {
        sessionId: this.#deps.random.hex(SESSION_ID_BYTES),
        config,
        route: this.#routeBy(config),
        tlsContext: this.#tlsContext,
      },
      this.#shared,
    );
    this.#connections.add(session);
    session.begin();
  }

  #refuse(connection: Connection, why: RefusalReason): void {
    this.#refused += 1;
    // A flood must not become a flood of lines; `stats` counts it.
    this.#deps.log.debug('smtp.connection-refused', { client: connection.remoteAddress, reason: why });
    this.#refusals.refuse(connection, why);
  }

  #acceptFailed(error: Error): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#nextAcceptFailedLineMs) return;
    this.#nextAcceptFailedLineMs = nowMs + ACCEPT_FAILED_LINE_EVERY_MS;
    this.#deps.log.error('smtp.accept-failed', { error: error.message });
  }

  /** The disk is waited for; those who come meanwhile are turned away (design §3.2). */
  #slowDisk(): RefusalReason | null {
    for (const startedMs of this.#commits.values())
      return this.#deps.clock.monotonicMs() - startedMs > this.#limits.slowCommitMs ? 'slow-disk' : null;
    return null;
  }

  #routeBy(config: Config): Router {
    if (this.#router?.config !== config) {
      const route = createRouter(config);
      this.#router = { config, route };
    }
    return this.#router.route;
  }

  #left(connection: SmtpConnection): void {
    if (this.#connections.delete(connection)) this.#admissions.leave(connection.remoteAddress);
    this.#leftOne();
  }

  /** @see stop: a connection may be gone while its commit is still under way; that is waited for too. */
  #leftOne(): void {
    if (this.#connections.size + this.#commits.size > 0) return;
    for (const callback of this.#whenEmpty.splice(0)) callback();
  }

  #empty(): Promise<void> {
    if (this.#connections.size + this.#commits.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #breakDown(error: unknown): void {
    if (this.#closedDoor === 'broken') return;
    this.#closedDoor = 'broken';
    this.#deps.log.error('smtp.journal-broken', {
      error: error instanceof Error ? error.message : String(error),
    });
    for (const connection of [...this.#connections]) connection.shutDown();
    this.#reject(error);
  }

  #startTicking(config: Config): void {
    this.#ticking ??= this.#deps.clock.after(tickMs({ ...config.smtp, ...this.#limits }), () => this.#tick());
  }

  #tick(): void {
    this.#ticking = null;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const connection of [...this.#connections]) connection.tick(nowMs);
    this.#refusals.tick(nowMs, this.#limits.lingerMs);
    if (this.#connections.size + this.#refusals.lingering > 0) this.#startTicking(this.#deps.config());
  }
}
