/** Sends one message at a time over a kept session, and knows when the `250` came. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { DOMAIN } from './ground.ts';

export class Client implements AsyncDisposable {
  readonly #socket: Socket;
  #text = '';
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => this.#wake());
    socket.on('error', () => this.#wake());
  }

  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const client = new Client(socket);
    await client.#reply('220');
    await client.#command('EHLO bench.test', '250');
    return client;
  }

  /**
   * @param content Header and body, with CRLF and without a final dot.
   * @returns When the `250` was read, in nanoseconds since the epoch.
   */
  async send(mailbox: string, content: string, reversePath = 'sender@example.test'): Promise<bigint> {
    await this.#command(`MAIL FROM:<${reversePath}>`, '250');
    await this.#command(`RCPT TO:<${mailbox}@${DOMAIN}>`, '250');
    await this.#command('DATA', '354');
    await this.#command(`${content.replace(/^\./gm, '..')}\r\n.`, '250');
    return epochNs();
  }

  async #command(line: string, code: string): Promise<void> {
    this.#socket.write(`${line}\r\n`, 'latin1');
    await this.#reply(code);
  }

  async #reply(code: string): Promise<void> {
    // The last line of a reply has a space behind its code (RFC 5321 §4.2).
    for (;;) {
      const last = /^(\d{3}) .*\r\n/m.exec(this.#text);
      if (last !== null) {
        this.#text = '';
        if (last[1] !== code) throw new Error(`Wanted ${code}, got ${last[0].trim()}`);
        return;
      }
      if (this.#socket.closed) throw new Error(`The session ended before ${code}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.closed) return;
    this.#socket.end('QUIT\r\n');
    const timer = setTimeout(() => this.#socket.destroy(), 2_000);
    await once(this.#socket, 'close');
    clearTimeout(timer);
  }
}

/** Nanoseconds since the epoch, to some 100 ns: comparable with what a hook reads from CLOCK_REALTIME. */
export function epochNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n;
}

/** A plain message that is like no other. */
export function plainMessage(serial: number): string {
  return [
    'From: <sender@example.test>',
    `To: <plain@${DOMAIN}>`,
    'Subject: bench',
    'Date: Tue, 24 Nov 2026 20:00:00 +0000',
    `Message-ID: <${serial}.${process.pid}.${process.hrtime.bigint()}@bench.test>`,
    '',
    ...Array.from(
      { length: 25 },
      () => 'a line of text as long as lines of text in mail usually are, as they say',
    ),
  ].join('\r\n');
}

/** A message that is small to send and long to read: parts in parts, and elements in elements. */
export function mimeBomb(): string {
  const DEPTH = 2_000;
  const ELEMENTS = 100_000;
  const nested = Array.from({ length: DEPTH }, (_, depth) =>
    [`--b${depth}`, `Content-Type: multipart/mixed; boundary=b${depth + 1}`, ''].join('\r\n'),
  );
  const html = Array.from({ length: ELEMENTS / 100 }, () => '<div>'.repeat(100));
  return [
    'From: <bomb@example.test>',
    'Subject: bomb',
    'MIME-Version: 1.0',
    'Content-Type: multipart/alternative; boundary=top',
    '',
    '--top',
    'Content-Type: text/html; charset=utf-8',
    '',
    ...html,
    '--top',
    'Content-Type: multipart/mixed; boundary=b0',
    '',
    ...nested,
    '--top--',
  ].join('\r\n');
}
