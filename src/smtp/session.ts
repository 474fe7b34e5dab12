/**
 * The receiving side of RFC 5321 as a state machine without I/O: `(state, event) → effects`.
 *
 * Bytes go in, replies and effects come out. It knows no socket, no file, no clock: the driver in
 * `inbound/` carries the effects out, in order, and tells the session what came of them. The `250`
 * of a message is made from the `committed` event and from nothing else, so "250 before disk" cannot
 * be written by mistake.
 *
 * The same bytes give the same replies however they are cut, and no reply comes before its command.
 */
import { assert, assertNever } from '../system/assert.ts';
import { COMMAND_OCTETS_MAX, type Command, parseCommand } from './command.ts';
import { CommandBudget } from './command-budget.ts';
import { type CommandLine, CommandLines } from './command-lines.ts';
import { ContentIntake, OVERRUN_FACTOR } from './content-intake.ts';
import { EffectList } from './effect-list.ts';
import { EVIDENCE_WITHIN_MS, EvidenceWatch } from './evidence-watch.ts';
import { greetClient } from './greeting.ts';
import { HeldBytes } from './held-bytes.ts';
import { LINE_FLAW_REPLIES, REPLIES } from './replies.ts';
import { type Reply, reply } from './reply.ts';
import type {
  CommitFailure,
  Session,
  SessionEffect,
  SessionEvent,
  SessionOptions,
  SessionPhase,
} from './session-events.ts';
import {
  type ChunkCommand,
  type Client,
  decideRecipient,
  type MailCommand,
  makeEnvelope,
  openTransaction,
  type RecipientCommand,
  refuseChunk,
  refuseData,
  refuseMail,
  type Transaction,
} from './transaction.ts';

/** Contract §7: after so many the client does not speak SMTP, or looks for what else we speak. */
export const UNKNOWN_COMMANDS_MAX = 10;

type State =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'command' }
  | { readonly kind: 'data'; readonly intake: ContentIntake }
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'commit'; readonly dotAtMs: number; readonly lacksIdentity: boolean }
  | { readonly kind: 'evidence'; readonly command: Command }
  | { readonly kind: 'handshake' }
  | { readonly kind: 'closed' };

/** One BDAT on its way in. */
interface Chunk {
  readonly sizeBytes: number;
  readonly isLast: boolean;
  /** Where its octets go; null where they are thrown away, and `refusal` says why. */
  readonly intake: ContentIntake | null;
  readonly refusal: Reply | null;
  remainingBytes: number;
}

/** What the driver may know of a state. Between two chunks the client takes a command's time. */
const PHASES: Readonly<Record<State['kind'], SessionPhase>> = {
  greeting: 'waiting',
  command: 'command',
  data: 'content',
  chunk: 'content',
  commit: 'waiting',
  evidence: 'waiting',
  handshake: 'waiting',
  closed: 'closed',
};

type CommittedEvent = Extract<SessionEvent, { readonly kind: 'committed' }>;

class ReceivingSession implements Session {
  readonly #options: SessionOptions;
  readonly #lines = new CommandLines();
  readonly #held = new HeldBytes();
  readonly #effects = new EffectList();
  readonly #evidence = new EvidenceWatch();
  readonly #budget: CommandBudget;
  #state: State = { kind: 'greeting' };
  #client: Client | null = null;
  #transaction: Transaction | null = null;
  #isTls = false;
  #isStopping = false;
  #unknownCommands = 0;
  /** When what is looked at now was read. */
  #readAtMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#budget = new CommandBudget(options.maxRecipients);
  }

  get heldBytes(): number {
    return this.#held.sizeBytes;
  }

  get phase(): SessionPhase {
    return PHASES[this.#state.kind];
  }

  handle(event: SessionEvent): readonly SessionEffect[] {
    if (this.#state.kind === 'closed') return [];
    this.#take(event);
    this.#stopIfIdle();
    return this.#effects.take();
  }

  #take(event: SessionEvent) {
    switch (event.kind) {
      case 'connected':
        assert(this.#state.kind === 'greeting', 'A session is connected once');
        this.#state = { kind: 'command' };
        this.#effects.reply(reply(220, null, `${this.#options.hostname} ESMTP aimx`));
        return this.#proceed();
      case 'bytes':
        this.#evidence.received(event.bytes.length);
        this.#readAtMs = event.atMs;
        return this.#consume(event.bytes);
      case 'tls-established':
        assert(this.#state.kind === 'handshake', 'TLS is established after start-tls');
        this.#isTls = true;
        this.#client = null;
        this.#state = { kind: 'command' };
        return this.#proceed();
      case 'committed':
        return this.#takeCommitted(event);
      case 'commit-failed':
        return this.#takeCommitFailed(event.failure);
      case 'evidence-recorded': {
        assert(this.#state.kind === 'evidence', 'Evidence is recorded after it was given');
        const { command } = this.#state;
        this.#state = { kind: 'command' };
        if (!this.#isStopping) this.#carryOut(command);
        return this.#proceed();
      }
      case 'timed-out':
        this.#effects.log('smtp.timed-out', { what: event.what });
        return this.#refuseAndClose(REPLIES.timedOut);
      case 'shutdown':
        this.#isStopping = true;
        return;
      default:
        return assertNever(event);
    }
  }

  // -- What comes in ------------------------------------------------------------------------

  #consume(bytes: Uint8Array) {
    let at = 0;
    while (at < bytes.length) {
      const state = this.#state;
      switch (state.kind) {
        case 'command':
          at = this.#takeLine(bytes, at);
          break;
        case 'data':
          at = this.#takeData(state.intake, bytes, at);
          break;
        case 'chunk':
          at = this.#takeChunk(state.chunk, bytes, at);
          break;
        case 'greeting':
        case 'commit':
        case 'evidence':
          return this.#held.add(bytes.subarray(at), this.#readAtMs);
        case 'handshake':
          // Whoever put these bytes before the handshake may not be who holds the other end (CVE-2011-0411).
          this.#effects.withdraw('start-tls');
          this.#effects.log('smtp.bytes-before-handshake', { octets: bytes.length - at });
          return this.#close();
        case 'closed':
          return;
        default:
          assertNever(state);
      }
    }
  }

  /** The wait is over: goes on with what was kept meanwhile. */
  #proceed() {
    this.#stopIfIdle();
    const held = this.#held.take();
    if (held.isIncomplete) return this.#refuseAndClose(REPLIES.pipelinedTooMuch);
    if (held.bytes.length === 0) return;
    this.#readAtMs = held.atMs;
    this.#consume(held.bytes);
  }

  #takeLine(bytes: Uint8Array, from: number): number {
    const { line, end } = this.#lines.take(bytes, from);
    if (line !== null) {
      const seen = this.#evidence.takeSeen();
      this.#evidence.done(line.octets);
      this.#judgeLine(line, seen);
    }
    return end;
  }

  #takeData(intake: ContentIntake, bytes: Uint8Array, from: number): number {
    const piece = intake.framing.take(bytes, from);
    this.#evidence.done(piece.end - from);
    intake.keep(piece.content);
    if (intake.isOverrun) this.#refuseAndClose(REPLIES.tooLarge);
    else if (piece.isEnd) this.#endMessage(intake);
    return piece.end;
  }

  #takeChunk(chunk: Chunk, bytes: Uint8Array, from: number): number {
    const end = Math.min(bytes.length, from + chunk.remainingBytes);
    chunk.remainingBytes -= end - from;
    this.#evidence.done(end - from);
    chunk.intake?.keep(bytes.subarray(from, end));
    if (chunk.remainingBytes === 0) this.#endChunk(chunk);
    return end;
  }

  // -- Command lines ------------------------------------------------------------------------

  /** `seen` is the message whose `250` the line shows to have been seen, if it is a command. */
  #judgeLine(line: CommandLine, seen: string | null) {
    const parsed = parseCommand(line.text);
    if (parsed.kind === 'http') return this.#refuseAndClose(REPLIES.notHttp);
    if (!this.#budget.spend(parsed.kind === 'command' ? parsed.command : null)) {
      return this.#refuseAndClose(REPLIES.tooManyCommands);
    }
    if (line.flaw !== null) return this.#refuseLine(LINE_FLAW_REPLIES[line.flaw], line);
    if (parsed.kind === 'unknown') return this.#refuseLine(REPLIES.unknownCommand, line);
    if (parsed.kind === 'refused') {
      if (parsed.verb === 'BDAT') return this.#refuseAndClose(parsed.reply);
      return this.#effects.refuse(parsed.reply);
    }
    const { command } = parsed;
    if (line.octets > COMMAND_OCTETS_MAX && command.verb !== 'MAIL') {
      return this.#refuseLine(REPLIES.lineTooLong, line);
    }
    // A client that sends RSET may do so because it has given up on the reply.
    if (seen === null || command.verb === 'RSET') return this.#carryOut(command);
    this.#state = { kind: 'evidence', command };
    this.#effects.add({ kind: 'evidence', messageRef: seen });
  }

  /** Refuses what is no command. Behind a BDAT that was not understood stand octets that are no commands. */
  #refuseLine(reply: Reply, line: CommandLine) {
    if (/^BDAT/i.test(line.text)) return this.#refuseAndClose(reply);
    this.#effects.refuse(reply);
    // Lines that are no commands may be the rest of a message that ended before its sender meant it to.
    this.#evidence.end();
    this.#unknownCommands += 1;
    if (this.#unknownCommands >= UNKNOWN_COMMANDS_MAX) this.#refuseAndClose(REPLIES.tooManyErrors);
  }

  #carryOut(command: Command) {
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        this.#reset();
        this.#client = { name: command.clientName, verb: command.verb };
        return this.#effects.reply(greetClient(command.verb, this.#options, this.#isTls));
      case 'MAIL':
        return this.#mail(command);
      case 'RCPT':
        return this.#recipient(command);
      case 'DATA':
        return this.#data();
      case 'BDAT':
        return this.#chunk(command);
      case 'RSET':
        this.#evidence.end();
        this.#reset();
        return this.#effects.reply(REPLIES.ok);
      case 'NOOP':
        return this.#effects.reply(REPLIES.ok);
      case 'QUIT':
        this.#effects.reply(reply(221, '2.0.0', `${this.#options.hostname} closing`));
        return this.#close();
      case 'VRFY':
        return this.#effects.reply(REPLIES.cannotVerify);
      case 'EXPN':
        return this.#effects.refuse(REPLIES.notImplemented);
      case 'HELP':
        return this.#effects.reply(REPLIES.help);
      case 'STARTTLS':
        return this.#startTls();
      default:
        assertNever(command);
    }
  }

  #mail(command: MailCommand) {
    const refusal = refuseMail(command, {
      client: this.#client,
      transaction: this.#transaction,
      options: this.#options,
    });
    if (refusal !== null) return this.#effects.refuse(refusal);
    this.#transaction = openTransaction(command);
    this.#effects.reply(REPLIES.senderOk);
  }

  #recipient(command: RecipientCommand) {
    const answer = decideRecipient(command, this.#transaction, this.#options);
    if (this.#transaction !== null) this.#transaction.hadRecipient = true;
    if (answer.kind === 'refused') return this.#effects.refuse(answer.reply);
    this.#transaction?.recipients.push(answer.recipient);
    this.#effects.reply(REPLIES.recipientOk);
  }

  #data() {
    const transaction = this.#transaction;
    const refusal = refuseData(transaction);
    if (refusal !== null || transaction === null) return this.#effects.refuse(refusal ?? REPLIES.mailFirst);
    this.#state = { kind: 'data', intake: this.#beginContent(transaction) };
    this.#effects.reply(REPLIES.startContent);
  }

  #chunk({ sizeBytes, isLast }: ChunkCommand) {
    const transaction = this.#transaction;
    // Not even a chunk that will be thrown away is read past what a message may be.
    if (sizeBytes > this.#options.maxMessageBytes * OVERRUN_FACTOR) {
      return this.#refuseAndClose(REPLIES.tooLarge);
    }
    const refusal = refuseChunk(transaction);
    let intake: ContentIntake | null = null;
    if (refusal === null && transaction !== null) {
      intake = transaction.intake ?? this.#beginContent(transaction);
      if (intake.wouldOverrun(sizeBytes)) return this.#refuseAndClose(REPLIES.tooLarge);
    }
    const chunk: Chunk = { sizeBytes, isLast, intake, refusal, remainingBytes: sizeBytes };
    this.#state = { kind: 'chunk', chunk };
    if (sizeBytes === 0) this.#endChunk(chunk);
  }

  #startTls() {
    if (this.#isTls) return this.#effects.refuse(REPLIES.tlsAlready);
    if (!this.#options.tlsAvailable) return this.#effects.refuse(REPLIES.tlsUnavailable);
    this.#reset();
    this.#state = { kind: 'handshake' };
    this.#effects.reply(REPLIES.startTls);
    this.#effects.add({ kind: 'start-tls' });
  }

  // -- Content ------------------------------------------------------------------------------

  #beginContent(transaction: Transaction): ContentIntake {
    const intake = new ContentIntake({ maxBytes: this.#options.maxMessageBytes, effects: this.#effects });
    transaction.intake = intake;
    intake.begin(transaction.parameters.declaredSizeBytes);
    return intake;
  }

  /** A chunk is answered when all of it is there (RFC 3030 §2). */
  #endChunk({ sizeBytes, isLast, intake, refusal }: Chunk) {
    this.#state = { kind: 'command' };
    if (intake !== null && isLast) return this.#endMessage(intake);
    const why = refusal ?? intake?.refusal ?? null;
    if (why === null) return this.#effects.reply(reply(250, '2.0.0', `${sizeBytes} octets received`));
    if (this.#transaction !== null && intake !== null) this.#transaction.hasFailed = true;
    if (this.#transaction?.hasFailed && isLast) this.#transaction = null;
    this.#effects.refuse(why);
    this.#stopIfIdle();
  }

  #endMessage(intake: ContentIntake) {
    const { refusal, lacksIdentity } = intake;
    if (refusal !== null) {
      this.#reset();
      this.#state = { kind: 'command' };
      this.#effects.refuse(refusal);
      return this.#stopIfIdle();
    }
    assert(this.#transaction !== null && this.#client !== null, 'A message has a transaction');
    const envelope = makeEnvelope(this.#transaction, { client: this.#client, isTls: this.#isTls });
    this.#transaction = null;
    this.#state = { kind: 'commit', dotAtMs: this.#readAtMs, lacksIdentity };
    this.#effects.add({ kind: 'commit', envelope, lacksIdentity });
  }

  #takeCommitted(event: CommittedEvent) {
    assert(this.#state.kind === 'commit', 'A message is committed after its commit was asked for');
    const { dotAtMs, lacksIdentity } = this.#state;
    this.#budget.renew();
    if (lacksIdentity && event.atMs - dotAtMs <= EVIDENCE_WITHIN_MS) this.#evidence.begin(event.messageRef);
    else this.#evidence.end();
    this.#state = { kind: 'command' };
    this.#effects.reply(queuedReply(event));
    this.#proceed();
  }

  #takeCommitFailed(failure: CommitFailure) {
    assert(this.#state.kind === 'commit', 'A commit fails after it was asked for');
    this.#budget.renew();
    this.#state = { kind: 'command' };
    if (failure === 'broken') return this.#refuseAndClose(REPLIES.broken);
    this.#effects.refuse(failure === 'no-room' ? REPLIES.noRoom : REPLIES.busy);
    this.#proceed();
  }

  // -- What goes out ------------------------------------------------------------------------

  #refuseAndClose(reply: Reply) {
    if (this.#state.kind === 'closed') return;
    this.#effects.refuse(reply);
    this.#close();
  }

  #close() {
    this.#reset();
    this.#state = { kind: 'closed' };
    this.#held.take();
    this.#effects.add({ kind: 'close' });
  }

  /** Ends the transaction, and forgets a message that was coming in. */
  #reset() {
    this.#transaction?.intake?.discard();
    this.#transaction = null;
  }

  /** Ends the session for a shutdown, unless a message is coming in or is being made durable. */
  #stopIfIdle() {
    if (!this.#isStopping) return;
    if (this.#state.kind === 'handshake') return this.#close();
    const isIdle = this.#state.kind === 'command' || this.#state.kind === 'greeting';
    const isMidMessage = this.#transaction?.intake?.isDiscarded === false;
    if (isIdle && !isMidMessage) this.#refuseAndClose(REPLIES.shuttingDown);
  }
}

/** The only place where a message's `250` is made: it takes the proof that the message is durable. */
function queuedReply({ messageRef }: CommittedEvent): Reply {
  return reply(250, '2.0.0', `Ok: queued as ${messageRef}`);
}

/** Makes a session that waits for `connected`. */
export function createSession(options: SessionOptions): Session {
  return new ReceivingSession(options);
}
