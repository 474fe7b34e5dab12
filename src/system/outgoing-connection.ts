/**
 * TCP connections that we open, as a port: octets in and out, TLS in between. It knows nothing of SMTP
 * and has no time limits but that of connecting: who uses it ends it by its signal.
 */
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** What a handshake has agreed on. */
export interface AgreedTls {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** Null where the certificate verifies for the name; else why not. */
  readonly problem: string | null;
}

export interface OutgoingConnection {
  /** The next octets; null when the other side sends nothing more. Rejects when the connection is lost. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the kernel has taken them. Rejects when the connection is lost. */
  write(octets: Uint8Array | string): Promise<void>;
  /** True where octets have come that nobody has read. */
  readonly hasUnread: boolean;
  /**
   * The client's side of a handshake; any certificate is taken, and its standing told (RFC 7435).
   *
   * @param serverName Whom the certificate is to name. Rejects where the handshake fails.
   */
  startTls(serverName: string): Promise<AgreedTls>;
  /** Drops it. What waits rejects. */
  destroy(reason?: Error): void;
}

export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly connection: OutgoingConnection }
  | { readonly kind: 'failed'; readonly reason: string };

export interface OutgoingNetwork {
  /** @param options.signal Ends the attempt, and the connection at any later time. Never rejects. */
  connect(options: {
    readonly address: string;
    readonly port: number;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): Promise<ConnectOutcome>;
}

/** Octets that are kept unread before the other side is told to wait. */
const UNREAD_BYTES_MAX = 256 * 1024;

export const systemOutgoingNetwork: OutgoingNetwork = {
  connect({ address, port, timeoutMs, signal }) {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve({ kind: 'failed', reason: 'given up' });
        return;
      }
      const socket = connectSocket({ host: address, port, noDelay: true });
      const fail = (reason: string): void => {
        socket.destroy();
        resolve({ kind: 'failed', reason });
      };
      const abort = (): void => {
        socket.destroy(asError(signal.reason));
      };
      signal.addEventListener('abort', abort, { once: true });
      socket.once('close', () => signal.removeEventListener('abort', abort));
      socket.setTimeout(timeoutMs, () => fail('no connection within the time limit'));
      socket.once('error', (error: NodeJS.ErrnoException) => fail(wordsOf(error)));
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.removeAllListeners('error').removeAllListeners('timeout');
        resolve({ kind: 'connected', connection: new SocketConnection(socket) });
      });
    });
  },
};

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  EADDRNOTAVAIL: 'no address of this machine reaches it',
};

function wordsOf(error: NodeJS.ErrnoException): string {
  return WORDS[error.code ?? ''] ?? error.message;
}

class SocketConnection implements OutgoingConnection {
  #socket: Socket;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  get hasUnread(): boolean {
    return this.#unreadBytes > 0;
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const next = this.#unread.shift();
      if (next !== undefined) {
        this.#unreadBytes -= next.length;
        if (this.#unreadBytes < UNREAD_BYTES_MAX) this.#socket.resume();
        return next;
      }
      if (this.#error !== null) throw this.#error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async write(octets: Uint8Array | string): Promise<void> {
    if (this.#error !== null) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(octets, (error) => (error == null ? resolve() : reject(new Error(wordsOf(error)))));
    });
  }

  async startTls(serverName: string): Promise<AgreedTls> {
    const plain = this.#socket;
    plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close');
    plain.removeAllListeners('error').on('error', () => undefined);
    const secure = connectTls({
      socket: plain,
      rejectUnauthorized: false,
      // An address is no name for SNI (RFC 6066 §3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    });
    this.#socket = secure;
    await new Promise<void>((resolve, reject) => {
      const fail = (error?: Error | null): void =>
        reject(new Error(error == null ? 'the connection ended in the handshake' : error.message));
      secure.once('secureConnect', resolve);
      secure.once('error', fail);
      secure.once('close', () => fail(null));
    });
    secure.removeAllListeners('error').removeAllListeners('close');
    this.#listen(secure);
    return agreed(secure);
  }

  destroy(reason?: Error): void {
    this.#error ??= reason ?? new Error('the connection was given up');
    this.#socket.destroy();
    this.#wake();
  }

  #listen(socket: Socket): void {
    socket.on('data', (octets: Uint8Array) => {
      this.#unread.push(octets);
      this.#unreadBytes += octets.length;
      if (this.#unreadBytes >= UNREAD_BYTES_MAX) socket.pause();
      this.#wake();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error ??= new Error(wordsOf(error));
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }
}

function agreed(secure: TLSSocket): AgreedTls {
  const cipher = secure.getCipher();
  const { authorizationError } = secure;
  const problem = secure.authorized ? null : String(authorizationError?.message ?? authorizationError);
  return {
    protocol: secure.getProtocol() ?? 'TLS',
    cipher: cipher.standardName ?? cipher.name,
    problem: problem === null ? null : problem.slice(0, 200),
  };
}
