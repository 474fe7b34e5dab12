/**
 * TCP connections that others open to us, as a port: bytes in, text out, STARTTLS in between.
 *
 * A {@link Connection} calls back and never queues what it has read; who owns it pauses it. It knows
 * nothing of SMTP and has no time limits of its own: its owner keeps one clock for all of them.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { AimxError } from './errors.ts';

/** A certificate with its key, ready for handshakes (see `certificate.ts`). */
export type TlsContext = SecureContext;

/** What a connection tells its owner. `closed` comes once and last, after whatever else. */
export interface ConnectionEvents {
  /** One read. The bytes belong to the receiver. */
  bytes(bytes: Uint8Array): void;
  /** Everything written before has been taken by the kernel, after `write` had answered false. */
  drained(): void;
  /** The handshake has ended well; `tls` is what was agreed, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
  secured(tls: string): void;
  /** The client sends nothing more. It may still read what we write. */
  ended(): void;
  /** The connection is gone; `error` says why where it did not end in good order. */
  closed(error: Error | null): void;
}

export interface Connection {
  /** Without a zone; an IPv4 client of an IPv6 socket is shown as IPv4. */
  readonly remoteAddress: string;
  /** Begins to read. Called once. */
  start(events: ConnectionEvents): void;
  /** Sends ASCII text, in one write. False: wait for `drained` before sending much more. */
  write(text: string): boolean;
  /** Stops reading. One read that is under way may still come in. */
  pause(): void;
  resume(): void;
  /** Begins the server's side of a handshake, after what was written before. Ends in `secured` or `closed`. */
  startTls(context: TlsContext): void;
  /** Ends our side when everything is sent, under TLS with close_notify (RFC 8446 §6.1). */
  end(): void;
  /** Drops the connection with whatever has not been sent. */
  destroy(): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly onConnection: (connection: Connection) => void;
  /** A connection could not be accepted (no file handles left, most likely); listening goes on. */
  readonly onAcceptFailed: (error: Error) => void;
}

/** A listening socket. Disposing stops listening and leaves connections as they are. */
export interface Listening extends AsyncDisposable {
  readonly host: string;
  /** The real port, where 0 was asked for. */
  readonly port: number;
}

export interface Network {
  /** @throws AimxError `network.unavailable` where the address cannot be listened on. */
  listen(options: ListenOptions): Promise<Listening>;
}

/** Connections that the kernel keeps until they are accepted: Node's default, named since a flood meets it. */
const BACKLOG = 511;

export const systemNetwork: Network = { listen };

async function listen({ host, port, onConnection, onAcceptFailed }: ListenOptions): Promise<Listening> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const { remoteAddress } = socket;
    // The client was gone before it was accepted.
    if (remoteAddress === undefined) socket.destroy();
    else onConnection(new SocketConnection(socket, plainAddress(remoteAddress)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(unavailable(host, port, cause)));
    server.listen({ host, port, backlog: BACKLOG }, resolve);
  });
  server.removeAllListeners('error').on('error', onAcceptFailed);
  const bound = server.address();
  return {
    host,
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function unavailable(host: string, port: number, cause: NodeJS.ErrnoException): AimxError {
  const hint =
    cause.code === 'EACCES'
      ? 'Start as root or choose a port of 1024 or above'
      : cause.code === 'EADDRINUSE'
        ? 'Stop what listens there or choose another port'
        : 'Check [smtp] bind and --bind';
  return new AimxError(
    'network.unavailable',
    `Cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`,
    {
      hint,
      cause,
      detail: { host, port },
    },
  );
}

/** Stops listening. Resolves at once: `close` itself would wait for every connection to end. */
function close(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** Takes the IPv4 address out of an IPv4-mapped one (RFC 4291 §2.5.5.2) and drops a zone. */
function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  return bare.startsWith('::ffff:') && bare.includes('.') ? bare.slice('::ffff:'.length) : bare;
}

class SocketConnection implements Connection {
  readonly remoteAddress: string;
  #socket: Socket;
  #events: ConnectionEvents | null = null;
  #error: Error | null = null;
  #isClosed = false;

  constructor(socket: Socket, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    // A reset can come before anybody has called `start`.
    socket.on('error', this.#failed);
    socket.on('close', this.#closed);
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#isClosed) events.closed(this.#error);
    else this.#read(this.#socket);
  }

  write(text: string): boolean {
    return this.#socket.write(text, 'latin1');
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  startTls(context: TlsContext): void {
    const plain = this.#socket;
    plain.pause();
    plain.removeListener('data', this.#bytes);
    plain.removeListener('end', this.#ended);
    plain.removeListener('drain', this.#drained);
    plain.removeListener('close', this.#closed);
    const secure = new TLSSocket(plain, { isServer: true, secureContext: context });
    this.#socket = secure;
    secure.on('error', this.#failed);
    secure.on('close', this.#closed);
    this.#read(secure);
    secure.once('secure', () => {
      const cipher = secure.getCipher();
      this.#events?.secured(`${secure.getProtocol() ?? 'TLS'} ${cipher.standardName ?? cipher.name}`);
    });
    secure.once('_tlsError', (error: Error) => {
      this.#failed(error);
      secure.destroy();
    });
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(socket: Socket): void {
    socket.on('data', this.#bytes);
    socket.on('end', this.#ended);
    socket.on('drain', this.#drained);
  }

  // Fields and not methods, so that they can be taken off a socket again without a closure each.
  readonly #bytes = (bytes: Uint8Array): void => this.#events?.bytes(bytes);
  readonly #ended = (): void => this.#events?.ended();
  readonly #drained = (): void => this.#events?.drained();
  readonly #failed = (error: Error): void => {
    this.#error ??= error;
  };
  readonly #closed = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.closed(this.#error);
  };
}
