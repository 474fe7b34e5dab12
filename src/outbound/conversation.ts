/** The driver of the client's dialogues: carries their steps out on one connection, each within its time limit. */
import type { Answer, Dialogue, Limit, Step } from '../smtp/client/dialogue.ts';
import { ReplyReader, type SmtpReply } from '../smtp/client/reply.ts';
import { FINAL_DOT, Transparency } from '../smtp/client/transparency.ts';
import { assert, assertNever } from '../system/assert.ts';
import type { Clock } from '../system/clock.ts';
import type { OutgoingConnection } from '../system/outgoing-connection.ts';
import type { ClientTimeouts } from './client-timeouts.ts';

/** What is written at once: the time limit of a block is for so much, and its copy with doubled dots is small. */
const BLOCK_BYTES = 64 * 1024;

/** What `send-content` and `send-dot` need. */
export interface ToSend {
  readonly content: () => AsyncIterable<Uint8Array>;
  readonly beforeFinalDot: () => Promise<void>;
}

export class Conversation {
  readonly #connection: OutgoingConnection;
  readonly #clock: Clock;
  readonly #timeouts: ClientTimeouts;
  #reader = new ReplyReader();
  #replies: SmtpReply[] = [];
  #malformed: string | null = null;

  constructor(connection: OutgoingConnection, clock: Clock, timeouts: ClientTimeouts) {
    this.#connection = connection;
    this.#clock = clock;
    this.#timeouts = timeouts;
  }

  /** True while it could go on: the connection stands, and the server has said nothing that was not asked. */
  get isQuiet(): boolean {
    return this.#connection.isOpen && !this.#hasSpoken;
  }

  /** @param serverName Whom a certificate is to name. @throws what `toSend` throws; the connection is dropped then. */
  async run<Result>(
    dialogue: Dialogue<Result>,
    { serverName = '', toSend = null }: { readonly serverName?: string; readonly toSend?: ToSend | null },
  ): Promise<Result> {
    let turn = dialogue.next();
    while (turn.done !== true) turn = dialogue.next(await this.#carryOut(turn.value, { serverName, toSend }));
    return turn.value;
  }

  /** Ends it in good order, under TLS with close_notify. */
  end(): void {
    this.#connection.end();
  }

  /** Drops it; what waits is told `reason`. */
  drop(reason: string): void {
    this.#connection.destroy(new Error(reason));
  }

  async #carryOut(
    step: Step,
    { serverName, toSend }: { readonly serverName: string; readonly toSend: ToSend | null },
  ): Promise<Answer> {
    switch (step.kind) {
      case 'send':
        return (await this.#spoken()) ?? (await this.#write(step.text, this.#limitMs(step.limit)));
      case 'hear':
        return await this.#within(this.#limitMs(step.limit), this.#hear());
      case 'start-tls':
        return await this.#startTls(serverName);
      case 'send-content':
        assert(toSend !== null, 'A transaction has a message');
        return await this.#sendContent(toSend.content());
      case 'send-dot':
        assert(toSend !== null, 'A transaction has a message');
        return await this.#sendDot(toSend);
      default:
        return assertNever(step);
    }
  }

  async #sendContent(content: AsyncIterable<Uint8Array>): Promise<Answer> {
    const transparency = new Transparency();
    for await (const octets of content)
      for (let at = 0; at < octets.length; at += BLOCK_BYTES) {
        const sent = await this.#sendBlock(transparency.encode(octets.subarray(at, at + BLOCK_BYTES)));
        if (sent.kind !== 'done') return sent;
      }
    return await this.#sendBlock(transparency.end());
  }

  async #sendBlock(octets: Uint8Array | string): Promise<Answer> {
    const early = await this.#spoken();
    if (early !== null || octets.length === 0) return early ?? { kind: 'done' };
    const written = await this.#write(octets, this.#timeouts.blockMs);
    // A server that refuses and hangs up says why first.
    return written.kind === 'lost' ? ((await this.#spoken()) ?? written) : written;
  }

  async #sendDot({ beforeFinalDot }: ToSend): Promise<Answer> {
    await beforeFinalDot();
    const early = await this.#spoken();
    if (early !== null) return early;
    // From here on nobody knows, whatever writing it says: some of it may have left.
    await this.#write(FINAL_DOT, this.#timeouts.blockMs);
    return { kind: 'done' };
  }

  async #startTls(serverName: string): Promise<Answer> {
    // What was said in the clear behind the reply could be anybody's (CVE-2011-0411).
    if (this.#hasSpoken) return { kind: 'not-secured', reason: 'it spoke before the handshake' };
    const secured = this.#connection.startTls(serverName).then((tls): Answer => ({ kind: 'secured', tls }));
    const answer = await this.#within(this.#timeouts.handshakeMs, secured);
    if (answer.kind === 'lost') return { kind: 'not-secured', reason: answer.reason };
    this.#reader = new ReplyReader();
    return answer;
  }

  get #hasSpoken(): boolean {
    return (
      this.#replies.length > 0 ||
      this.#malformed !== null ||
      this.#reader.isWithinReply ||
      this.#connection.hasUnread
    );
  }

  /** What has come that nothing asked for, or that the connection is gone; null where all is quiet. Does not wait. */
  async #spoken(): Promise<Answer | null> {
    if (this.isQuiet) return null;
    while (this.#connection.hasUnread && this.#replies.length === 0 && this.#malformed === null)
      this.#take(await this.#connection.read());
    const reply = this.#replies.shift();
    if (reply !== undefined) return { kind: 'spoke', reply };
    const reason = this.#malformed ?? this.#connection.lostBecause ?? 'it spoke before it was asked';
    return { kind: 'lost', reason };
  }

  async #hear(): Promise<Answer> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return { kind: 'heard', reply };
      if (this.#malformed !== null) return { kind: 'lost', reason: this.#malformed };
      const octets = await this.#connection.read();
      if (octets === null) return { kind: 'lost', reason: 'it closed the connection' };
      this.#take(octets);
    }
  }

  #take(octets: Uint8Array | null): void {
    if (octets === null || this.#malformed !== null) return;
    for (const reading of this.#reader.take(octets))
      if (reading.kind === 'reply') this.#replies.push(reading.reply);
      else this.#malformed = reading.reason;
  }

  async #write(octets: Uint8Array | string, limitMs: number): Promise<Answer> {
    const written = this.#connection.write(octets).then((): Answer => ({ kind: 'done' }));
    return await this.#within(limitMs, written);
  }

  /** What comes too late, or rejects, is lost, and the connection with it. */
  async #within(limitMs: number, work: Promise<Answer>): Promise<Answer> {
    using _timer = this.#clock.after(limitMs, () => this.drop('no answer within the time limit'));
    try {
      return await work;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.drop(reason);
      return { kind: 'lost', reason };
    }
  }

  #limitMs(limit: Limit): number {
    switch (limit) {
      case 'greeting':
        return this.#timeouts.greetingMs;
      case 'command':
        return this.#timeouts.commandMs;
      case 'data':
        return this.#timeouts.dataMs;
      case 'final-dot':
        return this.#timeouts.finalDotMs;
      default:
        return assertNever(limit);
    }
  }
}
