/** A client that speaks SMTP byte by byte, so that tests say exactly what is on the wire, and when. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface WireClient extends Disposable {
  /** Writes bytes as they are and does not wait for an answer. */
  send(bytes: string | Uint8Array): void;
  /** The next whole reply, all its lines. Rejects when the connection ends first. */
  reply(): Promise<string>;
  /** Writes a line with CRLF and answers with its reply. */
  command(line: string): Promise<string>;
  /** Says EHLO and makes a transaction up to the `354`. */
  startData(options?: { readonly from?: string; readonly to?: string }): Promise<void>;
  /** Resolves with everything read and not taken when the server has ended. */
  closed(): Promise<string>;
  startTls(): Promise<void>;
  readonly socket: Socket;
  /** Stops sending and keeps reading. */
  endInput(): void;
}

const REPLY = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/;

export async function wireClient(port: number, host = '127.0.0.1'): Promise<WireClient> {
  let socket: Socket | TLSSocket = connect({ port, host, noDelay: true, allowHalfOpen: true });
  let unread = '';
  let isClosed = false;
  const wake: (() => void)[] = [];
  const changed = (): void => {
    for (const callback of wake.splice(0)) callback();
  };
  const listen = (): void => {
    socket.on('data', (bytes) => {
      unread += bytes.toString('latin1');
      changed();
    });
    socket.on('error', () => undefined);
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        isClosed = true;
        changed();
      });
  };
  listen();
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const client: WireClient = {
    get socket() {
      return socket;
    },
    send: (bytes) => void socket.write(bytes),
    async reply() {
      for (;;) {
        const whole = REPLY.exec(unread)?.[0];
        if (whole !== undefined) {
          unread = unread.slice(whole.length);
          return whole.replaceAll('\r\n', '\n').trimEnd();
        }
        if (isClosed) throw new Error(`closed while waiting for a reply; read: ${JSON.stringify(unread)}`);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    command(line) {
      client.send(`${line}\r\n`);
      return client.reply();
    },
    async startData({ from = 'sender@example.net', to = 'agent@example.com' } = {}) {
      await client.reply();
      await client.command('EHLO client.example.net');
      await client.command(`MAIL FROM:<${from}>`);
      await client.command(`RCPT TO:<${to}>`);
      const answer = await client.command('DATA');
      if (!answer.startsWith('354')) throw new Error(answer);
    },
    async closed() {
      while (!isClosed) await new Promise<void>((resolve) => wake.push(resolve));
      return unread;
    },
    async startTls() {
      const plain = socket;
      plain.removeAllListeners('data');
      plain.removeAllListeners('end');
      plain.removeAllListeners('close');
      const secure = connectTls({ socket: plain, rejectUnauthorized: false });
      socket = secure;
      await new Promise<void>((resolve, reject) => {
        secure.once('secureConnect', resolve);
        secure.once('error', reject);
        secure.once('close', () => reject(new Error('closed in the handshake')));
      });
      listen();
    },
    endInput: () => void socket.end(),
    [Symbol.dispose]: () => void socket.destroy(),
  };
  return client;
}
