/**
 * The message of one connection, from the first byte of content to the journal's answer: where its
 * content goes, the room it was promised, and its commit.
 */
import type { Journal, JournalId, MailboxId, Reservation } from '../journal/journal.ts';
import type { CommitFailure, SessionEnvelope } from '../smtp/session-events.ts';
import { assert } from '../system/assert.ts';
import type { Clock } from '../system/clock.ts';
import { AimxError } from '../system/errors.ts';
import type { Faults } from '../system/faults.ts';
import type { Log } from '../system/log.ts';
import { buildAcceptance } from './acceptance.ts';
import type { ContentMemory } from './content-memory.ts';
import { ContentSink, type ReceivedContent } from './content-sink.ts';
import type { InboundLimits } from './limits.ts';

/** What inbound asks of the journal. */
export type AcceptingJournal = Pick<Journal, 'accept' | 'openSpool' | 'recordEvidence' | 'reserve'>;

/** What the messages of all connections share. */
export interface IntakeDependencies {
  readonly journal: AcceptingJournal;
  readonly clock: Clock;
  readonly log: Log;
  readonly faults: Faults;
  readonly memory: ContentMemory;
  readonly limits: InboundLimits;
  readonly mailboxIds: () => Readonly<Record<string, MailboxId>>;
  /** A commit begins; ended by `onCommitEnded` with the same intake, whatever became of it. */
  readonly onCommitStarted: (intake: MessageIntake, atMs: number) => void;
  readonly onAccepted: () => void;
  readonly onCommitEnded: (intake: MessageIntake) => void;
  /** The journal has become unusable. */
  readonly onBroken: (error: unknown) => void;
}

/** Whose messages they are, and who is told. */
export interface IntakeOwner {
  readonly sessionId: string;
  readonly clientAddress: string;
  /** What TLS was agreed on by now; null without. */
  readonly tls: () => string | null;
  /** `isBehind` may have become false. */
  readonly onProgress: () => void;
  /** The message is durable. Not called in the same turn as `commit`. */
  readonly onCommitted: (journalId: JournalId) => void;
  readonly onCommitFailed: (failure: CommitFailure) => void;
}

interface WholeMessage {
  readonly envelope: SessionEnvelope;
  readonly lacksIdentity: boolean;
  readonly received: ReceivedContent;
}

export class MessageIntake {
  readonly #deps: IntakeDependencies;
  readonly #owner: IntakeOwner;
  #sink: ContentSink | null = null;
  #reservation: Reservation | null = null;
  #isCommitting = false;

  constructor(deps: IntakeDependencies, owner: IntakeOwner) {
    this.#deps = deps;
    this.#owner = owner;
  }

  /** A message is coming in. */
  get isReceiving(): boolean {
    return this.#sink !== null;
  }

  /** The disk does not keep up with the client. */
  get isBehind(): boolean {
    return this.#sink?.isBehind === true;
  }

  /** Sets room aside for the next message, in place of what was set aside before. */
  reserve(sizeBytes: number): boolean {
    this.#releaseReservation();
    this.#reservation = this.#deps.journal.reserve(sizeBytes);
    return this.#reservation !== null;
  }

  begin(): void {
    this.#discardContent();
    this.#sink = new ContentSink({
      memory: this.#deps.memory,
      inlineBytes: this.#deps.limits.inlineBytes,
      openSpool: () => this.#deps.journal.openSpool(),
      onProgress: this.#owner.onProgress,
    });
  }

  add(bytes: Uint8Array): void {
    this.#sink?.add(bytes);
  }

  /** Forgets what has come in, and gives its room back. A commit under way is left alone. */
  discard(): void {
    this.#discardContent();
    if (!this.#isCommitting) this.#releaseReservation();
  }

  /** Hands the message over to the journal; the owner hears what came of it. */
  commit(envelope: SessionEnvelope, lacksIdentity: boolean): void {
    const sink = this.#sink;
    assert(sink !== null, 'A commit follows the content that it commits');
    this.#sink = null;
    this.#isCommitting = true;
    this.#deps.onCommitStarted(this, this.#deps.clock.monotonicMs());
    const received = sink.finish();
    // In memory it is complete already: a promise more would be a turn more for each message.
    if (received instanceof Promise)
      received.then(
        (whole) => this.#accept(sink, { envelope, lacksIdentity, received: whole }),
        (error: unknown) => this.#failed(sink, error),
      );
    else this.#accept(sink, { envelope, lacksIdentity, received });
  }

  #accept(sink: ContentSink, message: WholeMessage): void {
    const { clock, faults, journal, log, mailboxIds } = this.#deps;
    const { sessionId, clientAddress } = this.#owner;
    const arrival = { receivedAt: clock.now(), sessionId, clientAddress, tls: this.#owner.tls() };
    const outcome = buildAcceptance({ ...message, mailboxIds: mailboxIds(), arrival });
    if (outcome.kind === 'mailbox-gone') {
      log.warn('smtp.mailbox-gone', { session: sessionId, mailbox: outcome.mailbox });
      queueMicrotask(() => this.#ended(sink, 'busy'));
      return;
    }
    faults.reach('inbound.received');
    const recipients = message.envelope.recipients.length;
    journal.accept(outcome.acceptance).then(
      (journalId) => this.#accepted(sink, journalId, recipients),
      (error: unknown) => this.#failed(sink, error),
    );
  }

  #accepted(sink: ContentSink, journalId: JournalId, recipients: number): void {
    const { faults, log, onAccepted, onCommitEnded } = this.#deps;
    const { sizeBytes } = sink;
    sink.release();
    this.#isCommitting = false;
    this.#releaseReservation();
    onAccepted();
    faults.reach('inbound.committed');
    this.#owner.onCommitted(journalId);
    faults.reach('inbound.answered');
    // Behind the answer, which should not wait for a line.
    log.info('smtp.accepted', {
      journal_id: journalId,
      session: this.#owner.sessionId,
      client: this.#owner.clientAddress,
      size_bytes: sizeBytes,
      recipients,
    });
    onCommitEnded(this);
  }

  #failed(sink: ContentSink, error: unknown): void {
    const hasNoRoom = error instanceof AimxError && error.code === 'journal.no-room';
    this.#ended(sink, hasNoRoom ? 'no-room' : 'broken');
    if (!hasNoRoom) this.#deps.onBroken(error);
  }

  #ended(sink: ContentSink, failure: CommitFailure): void {
    this.#dispose(sink);
    this.#isCommitting = false;
    this.#releaseReservation();
    this.#owner.onCommitFailed(failure);
    this.#deps.onCommitEnded(this);
  }

  #discardContent(): void {
    const sink = this.#sink;
    this.#sink = null;
    if (sink !== null) this.#dispose(sink);
  }

  /** Removes what a refused message left. A spool file that cannot be removed goes at the next start. */
  #dispose(sink: ContentSink): void {
    sink.discard().catch((error: unknown) =>
      this.#deps.log.warn('smtp.spool-not-removed', {
        session: this.#owner.sessionId,
        error: error instanceof Error ? error.message : String(error),
      }),
    );
  }

  #releaseReservation(): void {
    this.#reservation?.[Symbol.dispose]();
    this.#reservation = null;
  }
}
