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
  /** False once the other side has ended it, or it is lost. */
  readonly isOpen: boolean;
  /** Why it is not open any more; null while it is. */
  readonly lostBecause: string | null;
  /**
   * The client's side of a handshake; any certificate is taken, and its standing told (RFC 7435).
   *
   * @param serverName Whom the certificate is to name. Rejects where the handshake fails.
   */
  startTls(serverName: string): Promise<AgreedTls>;
  /** Ends it when everything is sent, under TLS with close_notify (RFC 8446 §6.1). */
  end(): void;
  /** Drops it. What waits rejects with `reason`. */
  destroy(reason: Error): void;
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
      const connection = new SocketConnection(socket);
      const abort = (): void => connection.destroy(asError(signal.reason));
      signal.addEventListener('abort', abort, { once: true });
      socket.setTimeout(timeoutMs, () =>
        connection.destroy(new Error('no connection within the time limit')),
      );
      socket.once('connect', () => {
        socket.setTimeout(0);
        resolve({ kind: 'connected', connection });
      });
      connection.onClosed = () => {
        signal.removeEventListener('abort', abort);
        // Where it is connected, that has been told, and this changes nothing.
        resolve({ kind: 'failed', reason: connection.lostBecause ?? 'connection closed' });
      };
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
  /** Called once, when the socket is gone. */
  onClosed: () => void = () => undefined;
  #socket: Socket;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #hasEnded = false;
  #error: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  get hasUnread(): boolean {
    return this.#unreadBytes > 0;
  }

  get isOpen(): boolean {
    return this.lostBecause === null;
  }

  get lostBecause(): string | null {
    return this.#error?.message ?? (this.#hasEnded ? 'it closed the connection' : null);
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
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async write(octets: Uint8Array | string): Promise<void> {
    if (this.#error !== null) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(octets, (error) => {
        if (error == null) resolve();
        else reject(this.#error ?? new Error(wordsOf(error)));
      });
    });
  }

  async startTls(serverName: string): Promise<AgreedTls> {
    const plain = this.#socket;
    plain.pause();
    plain.removeListener('data', this.#received).removeListener('end', this.#ended);
    plain.removeListener('close', this.#closed);
    const secure = connectTls({
      socket: plain,
      // Any is taken, and what is wrong with it told: see `agreed`.
      rejectUnauthorized: false,
      // An address is no name for SNI (RFC 6066 §3), but a certificate may be for one.
      ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
      // Older ones must not be spoken any more (RFC 8996), also where nothing was to be verified.
      minVersion: 'TLSv1.2',
    });
    this.#socket = secure;
    const failure = Promise.withResolvers<never>();
    const fail = (): void =>
      failure.reject(this.#error ?? new Error('the connection ended in the handshake'));
    const secured = new Promise<void>((resolve) => secure.once('secureConnect', resolve));
    this.#listen(secure);
    secure.once('close', fail).once('end', fail);
    try {
      await Promise.race([secured, failure.promise]);
    } finally {
      secure.removeListener('close', fail).removeListener('end', fail);
    }
    return agreed(secure);
  }

  end(): void {
    this.#socket.destroySoon();
  }

  destroy(reason: Error): void {
    this.#error ??= reason;
    this.#socket.destroy();
    this.#wake();
  }

  #listen(socket: Socket): void {
    socket.on('data', this.#received);
    socket.on('end', this.#ended);
    socket.on('error', this.#failed);
    socket.on('close', this.#closed);
  }

  // Fields and not methods, so that they can be taken off a socket again.
  readonly #received = (octets: Uint8Array): void => {
    this.#unread.push(octets);
    this.#unreadBytes += octets.length;
    if (this.#unreadBytes >= UNREAD_BYTES_MAX) this.#socket.pause();
    this.#wake();
  };
  readonly #ended = (): void => {
    this.#hasEnded = true;
    this.#wake();
  };
  readonly #failed = (error: NodeJS.ErrnoException): void => {
    this.#error ??= new Error(wordsOf(error));
    this.#wake();
  };
  readonly #closed = (): void => {
    this.#ended();
    this.onClosed();
  };
}

/** Codes of OpenSSL and Node. */
const PROBLEMS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'signed by an unknown authority, or its chain is incomplete',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'issued for another name',
};

function agreed(secure: TLSSocket): AgreedTls {
  const cipher = secure.getCipher();
  // Typed as an error, it is the code of one.
  const code = String(secure.authorizationError);
  return {
    protocol: secure.getProtocol() ?? 'TLS',
    cipher: cipher.standardName ?? cipher.name,
    problem: secure.authorized ? null : (PROBLEMS[code] ?? code),
  };
}
