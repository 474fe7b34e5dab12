/** A driver without sockets or journal: carries a session's effects out in memory, for tests. */
import { formatReply } from './reply.ts';
import { createRouter } from './routing.ts';
import { createSession } from './session.ts';
import type {
  Session,
  SessionEffect,
  SessionEnvelope,
  SessionEvent,
  SessionOptions,
} from './session-events.ts';

export const SIMULATED_OPTIONS: SessionOptions = {
  hostname: 'mx.example.com',
  maxMessageBytes: 1000,
  maxRecipients: 3,
  tlsAvailable: true,
  route: createRouter({
    domain: 'example.com',
    domains: ['example.org'],
    mailboxes: [{ name: 'agent', address: 'agent@example.com', aliases: [] }],
    smtp: { postmaster: null },
  }),
  hasRoom: () => true,
};

export interface StoredMessage {
  readonly envelope: SessionEnvelope;
  readonly lacksIdentity: boolean;
  /** Octets as latin-1 text. */
  readonly content: string;
}

/** Events that answer what the session waits for. */
const ANSWERS: ReadonlySet<SessionEvent['kind']> = new Set([
  'committed',
  'commit-failed',
  'evidence-recorded',
]);

/** Octets as latin-1 text, so that a test can write any octet. */
export function octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

export class SimulatedDriver {
  readonly session: Session;
  /** Everything that happened, in order: reply lines, and the names of other effects. */
  readonly transcript: string[] = [];
  readonly stored: StoredMessage[] = [];
  readonly evidence: string[] = [];
  nowMs = 0;
  #content: Buffer[] | null = null;
  #waitsFor: 'commit' | 'evidence' | null = null;
  readonly #answersAtOnce: boolean;

  /** With `answersAtOnce` commits and evidence succeed as soon as they are asked for. */
  constructor(options: Partial<SessionOptions> & { readonly answersAtOnce?: boolean } = {}) {
    const { answersAtOnce = true, ...session } = options;
    this.#answersAtOnce = answersAtOnce;
    this.session = createSession({ ...SIMULATED_OPTIONS, ...session });
    this.handle({ kind: 'connected' });
    this.transcript.length = 0;
  }

  get waitsFor(): 'commit' | 'evidence' | null {
    return this.#waitsFor;
  }

  /** Sends octets as one read; answers the reply lines that came. */
  send(text: string): string[] {
    return this.handle({ kind: 'bytes', bytes: octets(text), atMs: this.nowMs });
  }

  /** Answers what is waited for with success. */
  answer(): string[] {
    if (this.#waitsFor === 'commit') {
      return this.handle({ kind: 'committed', messageRef: `m${this.stored.length}`, atMs: this.nowMs });
    }
    return this.handle({ kind: 'evidence-recorded' });
  }

  /** Hands an event in and carries out what comes of it. */
  handle(event: SessionEvent): string[] {
    if (ANSWERS.has(event.kind)) this.#waitsFor = null;
    const from = this.transcript.length;
    for (const effect of this.session.handle(event)) this.#carryOut(effect);
    while (this.#answersAtOnce && this.#waitsFor !== null) this.answer();
    return this.transcript.slice(from).filter((line) => /^\d/.test(line) || line === 'close');
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'reply':
        this.transcript.push(...formatReply(effect.reply).trimEnd().split('\r\n'));
        return;
      case 'begin-content':
        if (this.#content !== null) throw new Error('content begins twice');
        this.#content = [];
        break;
      case 'content':
        if (this.#content === null) throw new Error('content without its beginning');
        this.#content.push(Buffer.from(effect.bytes));
        return;
      case 'discard-content':
        if (this.#content === null) throw new Error('nothing to discard');
        this.#content = null;
        break;
      case 'commit': {
        if (this.#content === null) throw new Error('nothing to commit');
        const content = Buffer.concat(this.#content).toString('latin1');
        this.stored.push({ envelope: effect.envelope, lacksIdentity: effect.lacksIdentity, content });
        this.#content = null;
        this.#waitsFor = 'commit';
        break;
      }
      case 'evidence':
        this.evidence.push(effect.messageRef);
        this.#waitsFor = 'evidence';
        break;
      case 'log':
        return;
      case 'start-tls':
        break;
      case 'close':
        this.#waitsFor = null;
        break;
    }
    this.transcript.push(effect.kind);
  }
}
