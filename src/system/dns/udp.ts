/** One question over UDP (RFC 1035 §4.2.1), from a socket and a port of its own. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { formatServerAddress, type ServerAddress } from './server-address.ts';

/**
 * Datagrams that are no answer to the question. More come only where somebody guesses ids, and TCP is asked
 * before the guess is right (RFC 5452 §9.3).
 */
const STRANGE_DATAGRAMS_MAX = 32;

export type UdpOutcome =
  | { readonly kind: 'received'; readonly bytes: Uint8Array }
  /** Somebody sends forged answers. */
  | { readonly kind: 'flooded' }
  /** The server's machine, or the way to it, says no. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'aborted' };

/**
 * Sends `question` and waits for a datagram that `isAnswer` takes; others are passed over.
 *
 * The socket is connected, so that the kernel drops what does not come from the server's address and port and
 * tells us of ICMP errors. Each question has a socket and with it a port that the kernel has chosen at random,
 * which together with the id is what a forger has to guess (RFC 5452 §9.2).
 */
export function askOverUdp(
  server: ServerAddress,
  question: Uint8Array,
  { isAnswer, signal }: { readonly isAnswer: (bytes: Uint8Array) => boolean; readonly signal: AbortSignal },
): Promise<UdpOutcome> {
  if (signal.aborted) return Promise.resolve({ kind: 'aborted' });
  const socket = createSocket(isIPv6(server.host.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    let strangers = 0;
    let isEnded = false;
    const end = (outcome: UdpOutcome): void => {
      if (isEnded) return;
      isEnded = true;
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(outcome);
    };
    const abort = (): void => end({ kind: 'aborted' });
    const failed = (error: Error | null): void => {
      if (error === null) return;
      end({ kind: 'unreachable', detail: `${formatServerAddress(server)}: ${error.message}` });
    };
    signal.addEventListener('abort', abort, { once: true });
    // Not removed at the end: an ICMP error may come in while the socket closes.
    socket.on('error', failed);
    socket.on('message', (bytes) => {
      if (isAnswer(bytes)) return end({ kind: 'received', bytes });
      strangers += 1;
      if (strangers >= STRANGE_DATAGRAMS_MAX) end({ kind: 'flooded' });
    });
    // Node gives an error of the look-up or of the connection to this callback, though its types have none.
    socket.connect(server.port, server.host, (error?: Error) => {
      if (error !== undefined) failed(error);
      else if (!isEnded) socket.send(question, failed);
    });
  });
}
