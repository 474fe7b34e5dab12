/**
 * An SMTP server on loopback that keeps what it is given and misbehaves where a test says so.
 *
 * Small and by itself: it shares no code with the client that it is the other side of.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SecureContext, TLSSocket } from 'node:tls';

export type Phase =
  | 'greet'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  /** The first octets of a message have come, and most likely not its final dot. */
  | 'content'
  | 'dot'
  | 'rset'
  | 'quit';

export interface PeerEvent {
  readonly phase: Phase;
  /** From 1. */
  readonly connection: number;
  readonly argument: string;
  /** The nth time that this phase is come to, over all connections, from 1. */
  readonly nth: number;
}

/** What it does instead of what a good server would. */
export type Answer =
  /** These lines, each with its code; whatever a client would not expect, too. */
  | string
  | { readonly reset: true }
  /** The message is kept, and the connection reset before the reply. */
  | { readonly keepThenReset: true }
  | { readonly silent: true }
  | { readonly reply: string; readonly thenClose: true }
  | { readonly reply: string; readonly delayMs: number }
  /** Nothing is read from then on. */
  | { readonly stopsReading: true }
  /** The reply octet by octet. */
  | { readonly drip: string; readonly everyMs: number };

export type Script = (event: PeerEvent) => Answer | undefined;

export interface PeerOptions {
  /** Any address of loopback: several servers can so share one port. @default '127.0.0.1' */
  readonly host?: string;
  /** @default chosen by the system */
  readonly port?: number;
  /** Asked at each phase; undefined: what a good server does. */
  readonly script?: Script;
  /** @default true */
  readonly pipelining?: boolean;
  /** Offers SMTPUTF8 and 8BITMIME. @default false */
  readonly smtputf8?: boolean;
  /** Offers SIZE. */
  readonly sizeMax?: number;
  /** Offers STARTTLS: with this certificate, with a handshake that is none, or with silence. */
  readonly startTls?: SecureContext | 'garbage' | 'hang';
  readonly auth?: {
    readonly user: string;
    readonly password: string;
    /** As EHLO names them. @default 'AUTH PLAIN LOGIN' */
    readonly offer?: string;
  };
}

/** Puts off the first try of each pair of reverse-path and recipient, as greylisting does. */
export function greylisting(): Script {
  const known = new Set<string>();
  let reversePath = '';
  return ({ phase, argument }) => {
    if (phase === 'mail') reversePath = argument;
    if (phase !== 'rcpt') return undefined;
    const pair = `${reversePath} ${argument}`;
    if (known.has(pair)) return undefined;
    known.add(pair);
    return '451 4.7.1 greylisted, come again';
  };
}

export interface KeptMessage {
  readonly from: string;
  readonly to: readonly string[];
  /** Dots undone, the final one not among them. */
  readonly content: string;
  readonly isSecure: boolean;
  readonly connection: number;
}

export interface SmtpPeer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly messages: readonly KeptMessage[];
  /** Lines outside content, over all connections; what is said in AUTH among them. */
  readonly commands: readonly string[];
  readonly connections: number;
  /** What was agreed in each handshake, such as `TLSv1.3`, in order. */
  readonly handshakes: readonly string[];
  /** Resolves when so many messages have been kept. @throws after `msMax`. */
  until(count: number, msMax?: number): Promise<void>;
}

const RIGHT = '235 2.7.0 ok';
const WRONG = '535 5.7.8 no';

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

class Conversation {
  readonly #peer: Peer;
  readonly #number: number;
  #socket: Socket;
  #buffer = '';
  #isData = false;
  #hasContent = false;
  /** Behind it nothing new has been looked for. */
  #searched = 0;
  #isSecure = false;
  #from: string | null = null;
  #to: string[] = [];
  #loginStep: 'none' | 'user' | 'password' | 'plain' = 'none';
  #loginUser = '';
  #queue: Promise<void> = Promise.resolve();

  constructor(peer: Peer, socket: Socket, number: number) {
    this.#peer = peer;
    this.#socket = socket;
    this.#number = number;
    this.#listen(socket);
    this.#queue = this.#answer('greet', '', '220 peer.example ESMTP');
  }

  #listen(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#buffer += chunk.toString('latin1');
      this.#queue = this.#queue.then(() => this.#read());
    });
  }

  async #read(): Promise<void> {
    for (;;) {
      if (this.#isData && !this.#hasContent && this.#buffer !== '') {
        this.#hasContent = true;
        if (!(await this.#carriesOn())) return;
      }
      const end = this.#isData ? this.#endOfData() : this.#buffer.indexOf('\r\n');
      if (end < 0 || this.#socket.destroyed) return;
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + (this.#isData ? 5 : 2));
      if (this.#isData) await this.#message(line === '' ? '' : `${line}\r\n`);
      else await this.#command(line);
    }
  }

  #endOfData(): number {
    if (this.#buffer.startsWith('.\r\n')) {
      this.#buffer = `\r\n${this.#buffer}`;
      return 0;
    }
    const end = this.#buffer.indexOf('\r\n.\r\n', this.#searched);
    this.#searched = end < 0 ? Math.max(0, this.#buffer.length - 4) : 0;
    return end;
  }

  /** What the script says while content comes. */
  async #carriesOn(): Promise<boolean> {
    const scripted = this.#peer.ask({ phase: 'content', connection: this.#number, argument: '' });
    if (scripted !== undefined) await this.#carryOut(scripted);
    return !this.#socket.destroyed;
  }

  async #command(line: string): Promise<void> {
    this.#peer.commands.push(line);
    if (this.#loginStep !== 'none') {
      this.#login(line);
      return;
    }
    if (line.startsWith('\x16')) return; // A handshake that nobody answers.
    const [verb = ''] = line.toUpperCase().split(' ');
    const argument = line.slice(verb.length + 1);
    switch (verb) {
      case 'EHLO':
        return await this.#answer('ehlo', argument, this.#capabilities());
      case 'HELO':
        return await this.#answer('helo', argument, '250 peer.example');
      case 'STARTTLS':
        if (this.#peer.options.startTls === undefined) return this.#say('502 5.5.1 no');
        return await this.#answer('starttls', '', '220 2.0.0 go on', () => this.#startTls());
      case 'AUTH':
        return await this.#auth(argument);
      case 'MAIL':
        this.#to = [];
        return await this.#answer('mail', argument, '250 2.1.0 ok', () => {
          this.#from = /<(.*?)>/.exec(argument)?.[1] ?? '';
        });
      case 'RCPT':
        return await this.#answer('rcpt', argument, '250 2.1.5 ok', () => {
          this.#to.push(/<(.*?)>/.exec(argument)?.[1] ?? '');
        });
      case 'DATA':
        if (this.#from === null || this.#to.length === 0) return this.#say('503 5.5.1 no recipients');
        return await this.#answer('data', '', '354 go on', () => {
          this.#isData = true;
          this.#hasContent = false;
        });
      case 'RSET':
        return await this.#answer('rset', '', '250 2.0.0 ok', () => {
          this.#from = null;
          this.#to = [];
        });
      case 'QUIT':
        return await this.#answer('quit', '', { reply: '221 2.0.0 bye', thenClose: true });
      default:
        return this.#say('500 5.5.2 what?');
    }
  }

  async #message(content: string): Promise<void> {
    this.#isData = false;
    const message: KeptMessage = {
      from: this.#from ?? '',
      to: this.#to,
      content: content.replace(/^\./gm, ''),
      isSecure: this.#isSecure,
      connection: this.#number,
    };
    this.#from = null;
    this.#to = [];
    await this.#answer('dot', '', '250 2.0.0 kept', () => this.#peer.keep(message));
  }

  #capabilities(): string {
    const { pipelining = true, smtputf8, sizeMax, startTls, auth } = this.#peer.options;
    const lines = [
      'peer.example',
      ...(pipelining ? ['PIPELINING'] : []),
      ...(smtputf8 === true ? ['SMTPUTF8', '8BITMIME'] : []),
      ...(sizeMax === undefined ? [] : [`SIZE ${sizeMax}`]),
      ...(startTls === undefined || this.#isSecure ? [] : ['STARTTLS']),
      ...(auth === undefined ? [] : [auth.offer ?? 'AUTH PLAIN LOGIN']),
    ];
    return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
  }

  /** Called when it has said that it is ready. */
  #startTls(): void {
    const { startTls } = this.#peer.options;
    const plain = this.#socket;
    plain.removeAllListeners('data');
    if (startTls === undefined || startTls === 'hang') return;
    if (startTls === 'garbage') {
      plain.once('data', () => plain.end('this is no handshake\r\n'));
      return;
    }
    // What came with the command is no part of a handshake.
    this.#buffer = '';
    const secure = new TLSSocket(plain, { isServer: true, secureContext: startTls });
    secure.once('secure', () => this.#peer.handshakes.push(secure.getProtocol() ?? ''));
    this.#socket = secure;
    this.#isSecure = true;
    this.#listen(secure);
  }

  async #auth(argument: string): Promise<void> {
    const { auth } = this.#peer.options;
    const [mechanism, initial] = argument.split(' ');
    if (mechanism?.toUpperCase() === 'LOGIN') {
      return await this.#answer('auth', argument, '334 VXNlcm5hbWU6', () => {
        this.#loginStep = 'user';
      });
    }
    if (initial === undefined) {
      return await this.#answer('auth', argument, '334 ', () => {
        this.#loginStep = 'plain';
      });
    }
    const isRight = decoded(initial) === `\0${auth?.user}\0${auth?.password}`;
    await this.#answer('auth', argument, isRight ? RIGHT : WRONG);
  }

  #login(line: string): void {
    const text = decoded(line);
    if (this.#loginStep === 'user') {
      this.#loginUser = text;
      this.#loginStep = 'password';
      this.#say('334 UGFzc3dvcmQ6');
      return;
    }
    const { auth } = this.#peer.options;
    const isRight =
      this.#loginStep === 'plain'
        ? text === `\0${auth?.user}\0${auth?.password}`
        : this.#loginUser === auth?.user && text === auth?.password;
    this.#loginStep = 'none';
    this.#say(isRight ? RIGHT : WRONG);
  }

  /** What the script says; else the usual answer. What follows from it follows from a positive one alone. */
  async #answer(phase: Phase, argument: string, usual: Answer, accepted?: () => void): Promise<void> {
    const scripted = this.#peer.ask({ phase, connection: this.#number, argument });
    await this.#carryOut(scripted ?? usual, accepted);
  }

  async #carryOut(answer: Answer, accepted: () => void = () => undefined): Promise<void> {
    if (typeof answer !== 'string') return await this.#misbehave(answer, accepted);
    // Before the client can have read it.
    if (/^[23]/.test(answer) && !/^220/.test(answer)) accepted();
    this.#say(answer);
    if (/^220/.test(answer)) accepted();
  }

  async #misbehave(answer: Exclude<Answer, string>, accepted: () => void): Promise<void> {
    if ('silent' in answer) return;
    if ('stopsReading' in answer) {
      this.#socket.pause();
      return;
    }
    if ('reset' in answer || 'keepThenReset' in answer) {
      if ('keepThenReset' in answer) accepted();
      this.#socket.resetAndDestroy?.();
      this.#socket.destroy();
      return;
    }
    if ('drip' in answer) return await this.#drip(answer, accepted);
    if ('delayMs' in answer) await sleep(answer.delayMs);
    await this.#carryOut(answer.reply, accepted);
    if ('thenClose' in answer) this.#socket.end();
  }

  async #drip(
    { drip, everyMs }: Extract<Answer, { readonly drip: string }>,
    accepted: () => void,
  ): Promise<void> {
    if (/^[23]/.test(drip)) accepted();
    for (const octet of `${drip}\r\n`) {
      if (!this.#socket.writable) return;
      this.#socket.write(octet);
      await sleep(everyMs);
    }
  }

  #say(reply: string): void {
    if (this.#socket.writable) this.#socket.write(`${reply}\r\n`);
  }
}

class Peer {
  readonly options: PeerOptions;
  readonly messages: KeptMessage[] = [];
  readonly commands: string[] = [];
  readonly handshakes: string[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  readonly #counts = new Map<Phase, number>();
  #kept: () => void = () => undefined;

  constructor(options: PeerOptions) {
    this.options = options;
  }

  take(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    new Conversation(this, socket, this.connections);
  }

  ask(event: Omit<PeerEvent, 'nth'>): Answer | undefined {
    const nth = (this.#counts.get(event.phase) ?? 0) + 1;
    this.#counts.set(event.phase, nth);
    return this.options.script?.({ ...event, nth });
  }

  keep(message: KeptMessage): void {
    this.messages.push(message);
    this.#kept();
  }

  async until(count: number, msMax: number): Promise<void> {
    const deadline = performance.now() + msMax;
    while (this.messages.length < count) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0)
        throw new Error(`${this.messages.length} of ${count} messages came within ${msMax} ms`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#kept = resolve;
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
  }
}

/** Listens until it is disposed, which drops every connection. */
export async function startSmtpPeer(options: PeerOptions = {}): Promise<SmtpPeer> {
  const peer = new Peer(options);
  const { host = '127.0.0.1', port = 0 } = options;
  const server = createServer({ noDelay: true }, (socket) => peer.take(socket));
  server.listen(port, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    messages: peer.messages,
    commands: peer.commands,
    handshakes: peer.handshakes,
    get connections() {
      return peer.connections;
    },
    until: (count, msMax = 15_000) => peer.until(count, msMax),
    async [Symbol.asyncDispose]() {
      for (const socket of peer.sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
