/**
 * One client's connection: hands what is read to the session engine, carries its effects out in
 * order, and tells it what came of them.
 *
 * Replies of one event leave in one write. The `250` of a message is made by the session, and only
 * when the journal has said that the message is durable.
 */
import type { Config } from '../config/config.ts';
import type { JournalId } from '../journal/journal.ts';
import { formatReply } from '../smtp/reply.ts';
import { createSession } from '../smtp/session.ts';
import type { Session, SessionEffect, SessionEvent, SessionOptions } from '../smtp/session-events.ts';
import { assert, assertNever } from '../system/assert.ts';
import type { Connection, ConnectionEvents, TlsContext } from '../system/network.ts';
import { decideTimeout, type TimedPhase, type TimeLimits } from './deadlines.ts';
import { HELD_BYTES_MAX, LINGER_AFTER_GIVING_UP_MS, REFUSAL_LINES_MAX } from './limits.ts';
import { type IntakeDependencies, MessageIntake } from './message-intake.ts';

/** What all connections share. */
export interface ConnectionDependencies extends IntakeDependencies {
  readonly onClosed: (connection: SmtpConnection) => void;
}

/** What is fixed when a connection comes in; a reload reaches the next one. */
export interface ConnectionSettings {
  readonly sessionId: string;
  readonly config: Config;
  readonly route: SessionOptions['route'];
  /** Null: STARTTLS is not offered. */
  readonly tlsContext: TlsContext | null;
}

export class SmtpConnection implements ConnectionEvents {
  readonly remoteAddress: string;
  readonly #connection: Connection;
  readonly #deps: ConnectionDependencies;
  readonly #sessionId: string;
  readonly #tlsContext: TlsContext | null;
  #timeLimits: TimeLimits;
  readonly #session: Session;
  readonly #intake: MessageIntake;
  readonly #connectedAtMs: number;

  #unsent = '';
  #tls: string | null = null;
  #accepted: { readonly messageRef: string; readonly journalId: JournalId } | null = null;
  #heldBytes = 0;

  #phase: TimedPhase = 'command';
  #sinceMs: number;
  #window: { startMs: number; bytes: number } | null = null;

  #refusalLines = 0;
  #wantsTls = false;
  #wantsClose = false;
  #hasClientEnded = false;
  #isUnread = false;
  #awaitsRoom = false;
  #isPaused = false;
  #isClosed = false;

  constructor(connection: Connection, settings: ConnectionSettings, deps: ConnectionDependencies) {
    const { config } = settings;
    this.#connection = connection;
    this.#deps = deps;
    this.remoteAddress = connection.remoteAddress;
    this.#sessionId = settings.sessionId;
    this.#tlsContext = settings.tlsContext;
    this.#timeLimits = { ...config.smtp, ...deps.limits };
    this.#connectedAtMs = deps.clock.monotonicMs();
    this.#sinceMs = this.#connectedAtMs;
    this.#intake = new MessageIntake(deps, {
      sessionId: settings.sessionId,
      clientAddress: connection.remoteAddress,
      tls: () => this.#tls,
      onProgress: () => this.#updateFlow(),
      onCommitted: (journalId) => this.#committed(journalId),
      onCommitFailed: (failure) => this.#handle({ kind: 'commit-failed', failure }),
    });
    this.#session = createSession({
      hostname: config.hostname,
      maxMessageBytes: config.smtp.maxMessageBytes,
      maxRecipients: config.smtp.maxRecipients,
      tlsAvailable: settings.tlsContext !== null,
      route: settings.route,
      hasRoom: (sizeBytes) => this.#intake.reserve(sizeBytes),
    });
  }

  /** Greets and begins to read. */
  begin(): void {
    this.#connection.start(this);
    this.#handle({ kind: 'connected' });
  }

  /** The daemon stops: idle sessions are told and closed, a message that comes in may end first. */
  shutDown(): void {
    if (this.#phase === 'handshake') this.#connection.destroy();
    else if (this.#phase !== 'closing') this.#handle({ kind: 'shutdown' });
  }

  /** The time for ending in good order is over. A commit under way is still waited for. */
  giveUp(): void {
    this.#timeLimits = { ...this.#timeLimits, lingerMs: LINGER_AFTER_GIVING_UP_MS };
    if (this.#phase === 'content') this.#handle({ kind: 'timed-out', what: 'session' });
    if (this.#phase !== 'waiting') this.#connection.destroy();
  }

  /** Looks whether a time limit has passed. */
  tick(nowMs: number): void {
    const decision = decideTimeout(
      {
        phase: this.#isUnread && this.#phase !== 'closing' ? 'unread-reply' : this.#phase,
        connectedAtMs: this.#connectedAtMs,
        sinceMs: this.#sinceMs,
        isPaused: this.#isPaused,
        window: this.#window,
      },
      this.#timeLimits,
      nowMs,
    );
    if (decision.kind === 'tell') this.#handle({ kind: 'timed-out', what: decision.what });
    else if (decision.kind === 'drop') this.#connection.destroy();
    else if (decision.kind === 'next-window') this.#window = { startMs: nowMs, bytes: 0 };
  }

  // --- what the network says

  bytes(bytes: Uint8Array): void {
    // What comes behind our own end is read only so that the client sees it (a reset could overtake it).
    if (this.#phase === 'closing') return;
    const atMs = this.#deps.clock.monotonicMs();
    if (this.#window !== null) {
      this.#sinceMs = atMs;
      this.#window.bytes += bytes.length;
    }
    this.#handle({ kind: 'bytes', bytes, atMs });
  }

  drained(): void {
    this.#isUnread = false;
    this.#sinceMs = this.#deps.clock.monotonicMs();
    this.#updateFlow();
  }

  secured(tls: string): void {
    this.#tls = tls;
    this.#handle({ kind: 'tls-established' });
  }

  ended(): void {
    this.#hasClientEnded = true;
    this.#settle();
  }

  closed(error: Error | null): void {
    this.#isClosed = true;
    this.#intake.discard();
    this.#deps.memory.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.#deps.log.debug('smtp.closed', {
      session: this.#sessionId,
      client: this.remoteAddress,
      error: error?.message,
    });
    this.#deps.onClosed(this);
  }

  // --- what the session wants

  #handle(event: SessionEvent): void {
    if (this.#isClosed) return;
    for (const effect of this.#session.handle(event)) this.#carryOut(effect);
    this.#settle();
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'reply':
        this.#unsent += formatReply(effect.reply);
        return;
      case 'begin-content':
        this.#intake.begin();
        return;
      case 'content':
        this.#intake.add(effect.bytes);
        return;
      case 'discard-content':
        this.#intake.discard();
        return;
      case 'commit':
        this.#intake.commit(effect.envelope, effect.lacksIdentity);
        return;
      case 'evidence':
        this.#recordEvidence(effect.messageRef);
        return;
      case 'start-tls':
        this.#wantsTls = true;
        return;
      case 'log':
        this.#logRefusal(effect);
        return;
      case 'close':
        this.#wantsClose = true;
        return;
      default:
        assertNever(effect);
    }
  }

  /** One line for each refusal, but no client may fill the log. */
  #logRefusal({ event, fields }: Extract<SessionEffect, { readonly kind: 'log' }>): void {
    this.#refusalLines += 1;
    const level = this.#refusalLines > REFUSAL_LINES_MAX ? 'debug' : 'info';
    this.#deps.log[level](event, { session: this.#sessionId, client: this.remoteAddress, ...fields });
  }

  /** Sends what has gathered and brings phase, time limits and flow up to date. */
  #settle(): void {
    const hasReplied = this.#unsent !== '';
    if (hasReplied) this.#send();
    const phase = this.#nextPhase();
    if (phase !== this.#phase || (hasReplied && phase === 'command')) this.#enter(phase);
    this.#updateFlow();
  }

  #send(): void {
    const text = this.#unsent;
    this.#unsent = '';
    if (!this.#connection.write(text)) this.#isUnread = true;
  }

  #nextPhase(): TimedPhase {
    if (this.#phase === 'closing') return 'closing';
    if (this.#wantsTls) return 'handshake';
    const { phase } = this.#session;
    // The session calls it waiting; the time limit is another.
    if (this.#phase === 'handshake' && phase === 'waiting')
      return this.#hasClientEnded ? 'closing' : 'handshake';
    const isClosing = this.#wantsClose || phase === 'closed' || (this.#hasClientEnded && phase !== 'waiting');
    return isClosing ? 'closing' : phase;
  }

  #enter(phase: TimedPhase): void {
    const from = this.#phase;
    this.#phase = phase;
    this.#sinceMs = this.#deps.clock.monotonicMs();
    if (phase !== 'content') this.#window = null;
    else this.#window ??= { startMs: this.#sinceMs, bytes: 0 };
    if (phase === from) return;
    if (phase === 'closing') {
      this.#intake.discard();
      this.#connection.end();
    } else if (phase === 'handshake') {
      assert(this.#tlsContext !== null, 'STARTTLS was not offered');
      this.#wantsTls = false;
      this.#connection.startTls(this.#tlsContext);
    }
  }

  /** Reads on, or not: while replies are not read, much is held, the disk is behind or memory is full. */
  #updateFlow(): void {
    this.#countHeldBytes();
    const { memory } = this.#deps;
    if (this.#intake.isReceiving && memory.isFull && !this.#awaitsRoom) {
      this.#awaitsRoom = true;
      memory.onRoom(() => {
        this.#awaitsRoom = false;
        this.#updateFlow();
      });
    }
    const isClosing = this.#phase === 'closing';
    const wantsPause =
      !isClosing &&
      (this.#isUnread ||
        this.#heldBytes > HELD_BYTES_MAX ||
        this.#intake.isBehind ||
        (this.#awaitsRoom && this.#intake.isReceiving));
    if (wantsPause === this.#isPaused || this.#isClosed) return;
    this.#isPaused = wantsPause;
    if (wantsPause) {
      this.#connection.pause();
    } else {
      this.#sinceMs = this.#deps.clock.monotonicMs();
      if (this.#window !== null) this.#window = { startMs: this.#sinceMs, bytes: 0 };
      this.#connection.resume();
    }
  }

  #countHeldBytes(): void {
    const { heldBytes } = this.#session;
    const changeBytes = heldBytes - this.#heldBytes;
    if (changeBytes === 0 || this.#isClosed) return;
    this.#heldBytes = heldBytes;
    if (changeBytes > 0) this.#deps.memory.take(changeBytes);
    else this.#deps.memory.release(-changeBytes);
  }

  // --- what the journal says

  #committed(journalId: JournalId): void {
    const messageRef = String(journalId);
    this.#accepted = { messageRef, journalId };
    this.#handle({ kind: 'committed', messageRef, atMs: this.#deps.clock.monotonicMs() });
  }

  #recordEvidence(messageRef: string): void {
    const accepted = this.#accepted;
    assert(accepted?.messageRef === messageRef, 'Evidence is about the last message of its session');
    this.#deps.journal.recordEvidence(accepted.journalId, this.#deps.clock.now()).then(
      () => this.#handle({ kind: 'evidence-recorded' }),
      (error: unknown) => {
        // The command that showed it must not be answered; without an answer the client comes again.
        this.#connection.destroy();
        this.#deps.onBroken(error);
      },
    );
  }
}
