/** One question over TCP (RFC 1035 §4.2.2, RFC 7766): each message has its length in two octets before it. */
import { connect } from 'node:net';
import { formatServerAddress, type ServerAddress } from './server-address.ts';

const LENGTH_OCTETS = 2;

export type TcpOutcome =
  | { readonly kind: 'received'; readonly bytes: Uint8Array }
  | { readonly kind: 'closed'; readonly detail: string }
  | { readonly kind: 'aborted' };

/** The first message of a connection as soon as it is whole. Keeps 64 KiB and one read at most. */
class FrameReader {
  readonly #chunks: Uint8Array[] = [];
  #octets = 0;
  /** Where the message ends, once its length has come in. */
  #end: number | null = null;

  /** @returns The message, or null while it is not whole. */
  take(chunk: Uint8Array): Uint8Array | null {
    this.#chunks.push(chunk);
    this.#octets += chunk.length;
    if (this.#end === null && this.#octets >= LENGTH_OCTETS) {
      this.#end = LENGTH_OCTETS + Buffer.concat(this.#chunks).readUInt16BE(0);
    }
    if (this.#end === null || this.#octets < this.#end) return null;
    return Buffer.concat(this.#chunks).subarray(LENGTH_OCTETS, this.#end);
  }
}

/** Sends `question` on a connection of its own and reads the first message that comes back. */
export function askOverTcp(
  server: ServerAddress,
  question: Uint8Array,
  { signal }: { readonly signal: AbortSignal },
): Promise<TcpOutcome> {
  if (signal.aborted) return Promise.resolve({ kind: 'aborted' });
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  return new Promise((resolve) => {
    const reader = new FrameReader();
    const end = (outcome: TcpOutcome): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(outcome);
    };
    const abort = (): void => end({ kind: 'aborted' });
    const closed = (detail: string): void =>
      end({ kind: 'closed', detail: `${formatServerAddress(server)} over TCP: ${detail}` });
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', (error) => closed(error.message));
    socket.on('end', () => closed('closed before it answered'));
    socket.on('close', () => closed('closed before it answered'));
    socket.on('data', (chunk) => {
      const bytes = reader.take(chunk);
      if (bytes !== null) end({ kind: 'received', bytes });
    });
    // In one write, so that servers that want length and message in one segment have them (RFC 7766 §8).
    const length = Buffer.alloc(LENGTH_OCTETS);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
  });
}
