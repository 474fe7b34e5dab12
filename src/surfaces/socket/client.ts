/** The other end of the control socket. */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { AimxError, ERROR_CODES, type ErrorCode, isErrno } from '../../system/errors.ts';
import { socketAddress } from './address.ts';

/** A call that reads or changes rows is answered in milliseconds; this is for a machine in distress. */
const ANSWER_TIMEOUT_MS = 30_000;

/** An answer that is not streamed is a page of rows or a hook's output of twice 64 KiB. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

export interface DaemonClient {
  /** Resolves where a daemon answers. @throws `daemon.unreachable`. */
  ping(): Promise<void>;
  /** @throws the operation's error, `daemon.unreachable`, `daemon.unreadable`, `request.timeout`. */
  call(operation: string, input: unknown): Promise<unknown>;
  /** Streams bytes to an operation; waits for its answer however long that takes. */
  upload(
    operation: string,
    query: Readonly<Record<string, string>>,
    content: AsyncIterable<Uint8Array>,
  ): Promise<unknown>;
  /** Resolves with the stream once the operation has said that there is one. */
  download(operation: string, input: unknown): Promise<AsyncIterable<Uint8Array>>;
}

function unreachable(socketPath: string, cause: Error): AimxError {
  const forbidden = isErrno(cause, 'EACCES', 'EPERM');
  return new AimxError(
    'daemon.unreachable',
    forbidden ? `You may not connect to ${socketPath}` : `No daemon answers on ${socketPath}`,
    {
      hint: forbidden
        ? 'look at the modes of its folder'
        : 'start it with aimx serve, or set AIMX_RUNTIME_DIR to where it runs',
      cause,
    },
  );
}

function unreadable(why: string, cause?: unknown): AimxError {
  return new AimxError('daemon.unreadable', `The daemon's answer cannot be read: ${why}`, {
    hint: 'check that aimx and its daemon have the same version: aimx --version',
    cause,
  });
}

async function readAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length;
      if (sizeBytes > ANSWER_BYTES_MAX) throw unreadable('it is too large');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AimxError ? error : unreadable('it was cut short', error);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw unreadable('it is not JSON', error);
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

function errorFrom(answer: unknown): AimxError {
  const error = (answer as { error?: Record<string, unknown> } | null)?.error;
  if (error === undefined || !isErrorCode(error['code']) || typeof error['message'] !== 'string')
    return unreadable('it is an error of an unknown form');
  return new AimxError(error['code'], error['message'], {
    ...(typeof error['hint'] === 'string' ? { hint: error['hint'] } : {}),
    ...(typeof error['detail'] === 'object' && error['detail'] !== null
      ? { detail: error['detail'] as Record<string, unknown> }
      : {}),
  });
}

/** Writes the content until there is an answer: nobody reads the rest then. */
async function sendContent(content: AsyncIterable<Uint8Array>, outgoing: ClientRequest): Promise<void> {
  let isRead = true;
  let wake = (): void => undefined;
  outgoing.on('drain', () => wake());
  for (const event of ['response', 'error', 'close'] as const)
    outgoing.once(event, () => {
      isRead = false;
      wake();
    });
  for await (const chunk of content) {
    if (!isRead) return;
    const drained = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (!outgoing.write(chunk)) await drained;
  }
  outgoing.end();
}

/** Sends one request; resolves with the answer's head. */
function send(
  socketPath: string,
  options: RequestOptions & { readonly timeoutMs: number | null },
  body: string | AsyncIterable<Uint8Array>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let address: ReturnType<typeof socketAddress>;
    try {
      address = socketAddress(socketPath);
    } catch (error) {
      return reject(unreachable(socketPath, error as Error));
    }
    const outgoing = request({ ...options, socketPath: address.path, agent: false }, (response) => {
      if (options.timeoutMs !== null) outgoing.setTimeout(0);
      resolve(response);
    });
    outgoing.once('close', () => address[Symbol.dispose]());
    outgoing.once('error', (error) =>
      reject(
        error instanceof AimxError
          ? error
          : isErrno(error, 'ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTDIR', 'ECONNRESET')
            ? unreachable(socketPath, error)
            : unreadable(error.message, error),
      ),
    );
    if (options.timeoutMs !== null)
      outgoing.setTimeout(options.timeoutMs, () =>
        outgoing.destroy(
          new AimxError('request.timeout', 'The daemon did not answer in time', { hint: 'look at its log' }),
        ),
      );
    if (typeof body === 'string') outgoing.end(body);
    else sendContent(body, outgoing).catch((error: Error) => outgoing.destroy(error));
  });
}

async function answered(response: IncomingMessage): Promise<unknown> {
  const answer = await readAnswer(response);
  if (response.statusCode !== 200) throw errorFrom(answer);
  return answer;
}

/** @param socketPath Absolute path of the daemon's `aimx.sock`. Nothing is opened before the first call. */
export function createDaemonClient(socketPath: string): DaemonClient {
  const post = (operation: string, body: string): Promise<IncomingMessage> =>
    send(
      socketPath,
      {
        method: 'POST',
        path: `/v1/${operation}`,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        timeoutMs: ANSWER_TIMEOUT_MS,
      },
      body,
    );
  return {
    async ping() {
      const response = await send(
        socketPath,
        { method: 'GET', path: '/health', timeoutMs: ANSWER_TIMEOUT_MS },
        '',
      );
      await answered(response);
    },
    async call(operation, input) {
      return answered(await post(operation, JSON.stringify(input)));
    },
    async upload(operation, query, content) {
      const response = await send(
        socketPath,
        {
          method: 'POST',
          path: `/v1/${operation}?${new URLSearchParams(query)}`,
          headers: { 'content-type': 'message/rfc822' },
          timeoutMs: null,
        },
        content,
      );
      return answered(response);
    },
    async download(operation, input) {
      const response = await post(operation, JSON.stringify(input));
      if (response.statusCode !== 200) return answered(response) as Promise<never>;
      return response as AsyncIterable<Uint8Array>;
    },
  };
}
