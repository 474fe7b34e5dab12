/**
 * An SMTP server on loopback that keeps what it is given and misbehaves where a test says so.
 *
 * Small and by itself: it shares no code with the client that it is the other side of.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

export type Phase = 'greet' | 'ehlo' | 'helo' | 'mail' | 'rcpt' | 'data' | 'dot';

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
  /** These lines, each with its code. */
  | string
  | { readonly reset: true }
  /** The message is kept, and the connection reset before the reply. */
  | { readonly keepThenReset: true }
  | { readonly silent: true }
  | { readonly reply: string; readonly thenClose: true }
  | { readonly reply: string; readonly delayMs: number };

export interface PeerOptions {
  readonly host?: string;
  readonly port?: number;
  readonly script?: (event: PeerEvent) => Answer | undefined;
  readonly pipelining?: boolean;
  readonly smtputf8?: boolean;
  readonly sizeMax?: number;
  readonly startTls?: SecureContext | 'garbage';
  readonly auth?: { readonly user: string; readonly password: string };
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
  readonly commands: readonly string[];
  readonly connections: number;
  /** Resolves when so many messages have been kept. @throws after `msMax`. */
  until(count: number, msMax?: number): Promise<void>;
}

class Conversation {
  readonly #peer: Peer;
  readonly #number: number;
  #socket: Socket;
  #buffer = '';
  #isData = false;
  #isSecure = false;
  #from: string | null = null;
  #to: string[] = [];
  #loginStep: 'none' | 'user' | 'password' = 'none';
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
    return this.#buffer.indexOf('\r\n.\r\n');
  }

  async #command(line: string): Promise<void> {
    this.#peer.commands.push(line);
    if (this.#loginStep !== 'none') {
      this.#login(line);
      return;
    }
    const [verb = ''] = line.toUpperCase().split(' ');
    const argument = line.slice(verb.length + 1);
    switch (verb) {
      case 'EHLO':
        return await this.#answer('ehlo', argument, this.#capabilities());
      case 'HELO':
        return await this.#answer('helo', argument, '250 peer.example');
      case 'STARTTLS':
        return this.#startTls();
      case 'AUTH':
        return this.#auth(argument);
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
        });
      case 'RSET':
        this.#from = null;
        this.#to = [];
        return this.#say('250 2.0.0 ok');
      case 'QUIT':
        this.#say('221 2.0.0 bye');
        this.#socket.end();
        return;
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
      ...(auth === undefined ? [] : ['AUTH PLAIN LOGIN']),
    ];
    return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
  }

  #startTls(): void {
    const { startTls } = this.#peer.options;
    if (startTls === undefined) {
      this.#say('502 5.5.1 no');
      return;
    }
    this.#say('220 2.0.0 go on');
    if (startTls === 'garbage') {
      this.#socket.removeAllListeners('data');
      this.#socket.once('data', () => this.#socket.end('this is no handshake\r\n'));
      return;
    }
    this.#socket.removeAllListeners('data');
    const secure = new TLSSocket(this.#socket, { isServer: true, secureContext: startTls });
    this.#socket = secure;
    this.#isSecure = true;
    this.#listen(secure);
  }

  #auth(argument: string): void {
    const { auth } = this.#peer.options;
    const [mechanism, initial = ''] = argument.split(' ');
    if (mechanism?.toUpperCase() === 'LOGIN') {
      this.#loginStep = 'user';
      this.#say('334 VXNlcm5hbWU6');
      return;
    }
    const given = Buffer.from(initial, 'base64').toString();
    this.#say(given === `\0${auth?.user}\0${auth?.password}` ? '235 2.7.0 ok' : '535 5.7.8 no');
  }

  #login(line: string): void {
    const text = Buffer.from(line, 'base64').toString();
    if (this.#loginStep === 'user') {
      this.#loginUser = text;
      this.#loginStep = 'password';
      this.#say('334 UGFzc3dvcmQ6');
      return;
    }
    this.#loginStep = 'none';
    const { auth } = this.#peer.options;
    this.#say(this.#loginUser === auth?.user && text === auth?.password ? '235 2.7.0 ok' : '535 5.7.8 no');
  }

  /** What the script says; else the usual reply, and what follows from it. */
  async #answer(phase: Phase, argument: string, usual: string, accepted?: () => void): Promise<void> {
    const scripted = this.#peer.ask({ phase, connection: this.#number, argument });
    if (scripted === undefined) {
      accepted?.();
      return this.#say(usual);
    }
    if (typeof scripted === 'string') {
      if (/^[23]/.test(scripted)) accepted?.();
      return this.#say(scripted);
    }
    if ('silent' in scripted) return;
    if ('reset' in scripted || 'keepThenReset' in scripted) {
      if ('keepThenReset' in scripted) accepted?.();
      this.#socket.resetAndDestroy?.();
      this.#socket.destroy();
      return;
    }
    if ('delayMs' in scripted) await new Promise((resolve) => setTimeout(resolve, scripted.delayMs));
    if (/^[23]/.test(scripted.reply)) accepted?.();
    this.#say(scripted.reply);
    if ('thenClose' in scripted) this.#socket.end();
  }

  #say(reply: string): void {
    if (this.#socket.writable) this.#socket.write(`${reply}\r\n`);
  }
}

class Peer {
  readonly options: PeerOptions;
  readonly messages: KeptMessage[] = [];
  readonly commands: string[] = [];
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

export async function startSmtpPeer(options: PeerOptions = {}): Promise<SmtpPeer> {
  const peer = new Peer(options);
  const { host = '127.0.0.1', port = 0 } = options;
  const server = createServer((socket) => peer.take(socket));
  server.listen(port, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    messages: peer.messages,
    commands: peer.commands,
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
