/**
 * The daemon's control socket: HTTP/1.1 with JSON on a Unix socket (contract §10).
 *
 * Anybody on the machine may connect (mode 0666); who calls is what the kernel says of the
 * connection (SO_PEERCRED), never what a request claims. A connection of which the kernel says
 * nothing is closed.
 */
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Caller, OperationWorld } from '../../operations/operation.ts';
import { AimxError, isErrno } from '../../system/errors.ts';
import type { Log } from '../../system/log.ts';
import { type PeerCredentials, peerCredentials, tryLockExclusive } from '../../system/native.ts';
import { type SocketAddress, socketAddress } from './address.ts';
import { createControlApp } from './control-app.ts';
import { CONNECTIONS_FOR_ROOT, CONTROL_LIMITS, type ControlLimits } from './limits.ts';

export interface ControlServerOptions {
  /** Absolute. Its folder is made, mode 0755, where it is absent. */
  readonly socketPath: string;
  /** The world as it is now; asked for at every request, so that a reload is seen. */
  readonly world: () => OperationWorld;
  readonly log: Log;
  readonly limits?: ControlLimits;
}

/** Disposing it refuses new requests, cuts those that wait, and removes the socket. */
export interface ControlServer extends AsyncDisposable {
  readonly socketPath: string;
}

/** The kernel's word on a fresh connection; Node keeps its descriptor on a handle without a public name. */
function peerOf(socket: Socket): PeerCredentials | null {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? peerCredentials(fd) : null;
}

/** Who is connected, and how often. */
class Connections {
  readonly #peers = new WeakMap<Duplex, PeerCredentials>();
  readonly #perUid = new Map<number, number>();
  #total = 0;
  readonly #limits: ControlLimits;
  readonly #log: Log;

  constructor(limits: ControlLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  admit(socket: Socket): void {
    const peer = peerOf(socket);
    if (peer === null) {
      this.#log.warn('control.refused', { reason: 'no peer credentials' });
      socket.destroy();
      return;
    }
    const count = (this.#perUid.get(peer.uid) ?? 0) + 1;
    if (peer.uid !== 0 && count > this.#limits.connectionsPerUid) {
      this.#log.warn('control.refused', { reason: 'too many connections', uid: peer.uid });
      refuse(socket, 429, 'request.conflict', 'You have too many connections open', 'close some of them');
      return;
    }
    if (peer.uid !== 0 && this.#total >= this.#limits.connectionsMax) {
      this.#log.warn('control.refused', { reason: 'too many connections in all', uid: peer.uid });
      refuse(socket, 429, 'request.conflict', 'Too many connections are open', 'try again later');
      return;
    }
    this.#total += 1;
    this.#perUid.set(peer.uid, count);
    this.#peers.set(socket, peer);
    socket.once('close', () => {
      this.#total -= 1;
      const left = (this.#perUid.get(peer.uid) ?? 1) - 1;
      if (left === 0) this.#perUid.delete(peer.uid);
      else this.#perUid.set(peer.uid, left);
    });
  }

  callerOf(incoming: { readonly socket: Duplex }): Caller | null {
    const peer = this.#peers.get(incoming.socket);
    return peer === undefined ? null : { kind: 'peer', ...peer };
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
};

/** Answers what never became a request, and closes. */
function refuse(socket: Duplex, status: number, code: string, message: string, hint: string): void {
  const body = `${JSON.stringify({ error: { code, message, hint } })}\n`;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy();
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    refuse(
      socket,
      408,
      'request.timeout',
      'The request did not come within its time limit',
      'send it at once',
    );
  else if (error.code === 'HPE_HEADER_OVERFLOW')
    refuse(socket, 431, 'request.too-large', 'The headers are too large', 'send fewer headers');
  else refuse(socket, 400, 'request.invalid', 'This is not HTTP/1.1', 'see GET /v1 for what is understood');
}

/** True where somebody listens on the socket. */
async function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => {
      if (isErrno(error, 'ENOENT', 'ECONNREFUSED')) resolve(false);
      // A full backlog is somebody's backlog.
      else if (isErrno(error, 'EAGAIN')) resolve(true);
      else reject(error);
    });
  });
}

function alreadyRunning(socketPath: string): AimxError {
  return new AimxError('daemon.running', `Another daemon already answers on ${socketPath}`, {
    hint: 'stop it first, or set AIMX_RUNTIME_DIR for a second one',
  });
}

/**
 * Makes sure that we alone may put a socket at `path`: by a lock that dies with the process, and by
 * asking whoever is there. What a dead daemon left is removed.
 *
 * @returns the lock's descriptor.
 */
async function takePlace(socketPath: string, address: SocketAddress): Promise<number> {
  const lock = openSync(
    `${socketPath}.lock`,
    constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    if (!tryLockExclusive(lock) || (await isAnswered(address.path))) throw alreadyRunning(socketPath);
    try {
      unlinkSync(socketPath);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    return lock;
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // `readableAll` and `writableAll` make it 0666 whatever the umask.
    server.listen({ path, readableAll: true, writableAll: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function createHttpServer(options: ControlServerOptions, limits: ControlLimits): Server {
  const connections = new Connections(limits, options.log);
  const app = createControlApp({
    world: options.world,
    callerOf: (incoming) => connections.callerOf(incoming as IncomingMessage),
    log: options.log,
    limits,
  });
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      requireHostHeader: false,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: 'aimx' }),
  );
  server.maxConnections = limits.connectionsMax + CONNECTIONS_FOR_ROOT;
  server.on('connection', (socket) => connections.admit(socket));
  server.on('clientError', answerClientError);
  return server;
}

/**
 * Opens the control socket. A live daemon is never displaced.
 *
 * @throws `daemon.running`; the system's error where the socket cannot be made.
 */
export async function createControlServer(options: ControlServerOptions): Promise<ControlServer> {
  mkdirSync(dirname(options.socketPath), { recursive: true, mode: 0o755 });
  const address = socketAddress(options.socketPath);
  const lock = await takePlace(options.socketPath, address).catch((error: unknown) => {
    address[Symbol.dispose]();
    throw error;
  });
  const server = createHttpServer(options, options.limits ?? CONTROL_LIMITS);
  const giveUp = (): void => {
    closeSync(lock);
    address[Symbol.dispose]();
  };
  try {
    await listen(server, address.path);
  } catch (error) {
    giveUp();
    throw error;
  }
  server.on('error', (error) => options.log.error('control.broken', { error: error.message }));
  return {
    socketPath: options.socketPath,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      giveUp();
    },
  };
}
