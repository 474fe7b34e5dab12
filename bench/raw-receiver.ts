/**
 * The ceiling: a receiver that does nothing but keep what it was sent.
 *
 *     node bench/raw-receiver.ts <port> <log file>
 *
 * One append-only log, one flush in flight, and everybody who waits goes into the next: group commit
 * without SMTP's rules, rows, hashing or a pipeline. Started as a process of its own.
 */
import { fdatasync, ftruncateSync, openSync, writev } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/** The log starts over past this, so that a long run does not fill the disk. */
const LOG_BYTES_MAX = 1024 ** 3;

/** Buffers of one writev call; IOV_MAX is 1024 on Linux. */
const BUFFERS_MAX = 1000;

const RECORD_HEAD_BYTES = 16;
const END_OF_DATA = Buffer.from('\r\n.\r\n');
const LINE_FEED = 10;

interface Waiting {
  readonly socket: Socket;
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
}

class GroupCommitLog {
  readonly #descriptor: number;
  #position = 0;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  append(message: Waiting): void {
    this.#waiting.push(message);
    this.#commit();
  }

  #commit(): void {
    if (this.#busy || this.#waiting.length === 0) return;
    this.#busy = true;
    const batch = this.#waiting;
    this.#waiting = [];
    if (this.#position > LOG_BYTES_MAX) {
      ftruncateSync(this.#descriptor, 0);
      this.#position = 0;
    }
    const buffers = batch.flatMap(({ chunks, sizeBytes }) => [recordHead(sizeBytes), ...chunks]);
    this.#write(buffers, 0, () => {
      for (const { socket } of batch) socket.write('250 2.0.0 Ok\r\n');
      this.#busy = false;
      this.#commit();
    });
  }

  #write(buffers: readonly Buffer[], from: number, written: () => void): void {
    const next = (error: Error | null): void => {
      if (error !== null) throw error;
      if (from + BUFFERS_MAX < buffers.length) this.#write(buffers, from + BUFFERS_MAX, written);
      else fdatasync(this.#descriptor, (failure) => (failure === null ? written() : fail(failure)));
    };
    const part = buffers.slice(from, from + BUFFERS_MAX);
    const at = this.#position;
    this.#position += part.reduce((sum, { length }) => sum + length, 0);
    writev(this.#descriptor, part, at, next);
  }
}

function fail(error: Error): never {
  throw error;
}

function recordHead(sizeBytes: number): Buffer {
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  head.writeUInt32LE(sizeBytes, 0);
  return head;
}

/** Reads one session: commands by line, and content up to CRLF.CRLF, however it is cut into chunks. */
class RawSession {
  readonly #socket: Socket;
  readonly #log: GroupCommitLog;
  #inData = false;
  #line: Buffer | null = null;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #tail: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, log: GroupCommitLog) {
    this.#socket = socket;
    this.#log = log;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => this.#take(bytes));
    socket.write('220 raw ESMTP\r\n');
  }

  #take(bytes: Buffer): void {
    let rest: Buffer | null = bytes;
    while (rest !== null && rest.length > 0) rest = this.#inData ? this.#content(rest) : this.#command(rest);
  }

  #command(given: Buffer): Buffer | null {
    const bytes = this.#line === null ? given : Buffer.concat([this.#line, given]);
    this.#line = null;
    const end = bytes.indexOf(LINE_FEED);
    if (end < 0) {
      this.#line = bytes;
      return null;
    }
    this.#answer(bytes.toString('latin1', 0, 4).toUpperCase());
    return bytes.subarray(end + 1);
  }

  #answer(verb: string): void {
    const socket = this.#socket;
    if (verb === 'EHLO') socket.write('250-raw\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n');
    else if (verb === 'QUIT') socket.end('221 bye\r\n');
    else if (verb === 'DATA') {
      this.#inData = true;
      this.#chunks = [];
      this.#sizeBytes = 0;
      this.#tail = Buffer.from('\r\n');
      socket.write('354 go\r\n');
    } else socket.write('250 2.1.0 Ok\r\n');
  }

  #content(bytes: Buffer): Buffer | null {
    const end = this.#endOfData(bytes);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    this.#chunks.push(part);
    this.#sizeBytes += part.length;
    if (end < 0) {
      this.#tail = Buffer.concat([this.#tail, bytes.subarray(-4)]).subarray(-4);
      return null;
    }
    this.#inData = false;
    this.#log.append({ socket: this.#socket, chunks: this.#chunks, sizeBytes: this.#sizeBytes });
    return bytes.subarray(end);
  }

  /** Where content ends in `bytes`, also where its end began in the chunk before; -1 where it does not. */
  #endOfData(bytes: Buffer): number {
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, END_OF_DATA.length)]).indexOf(END_OF_DATA);
    if (seam >= 0) return seam + END_OF_DATA.length - this.#tail.length;
    const within = bytes.indexOf(END_OF_DATA);
    return within < 0 ? -1 : within + END_OF_DATA.length;
  }
}

const [port, path] = process.argv.slice(2);
if (port === undefined || path === undefined) throw new Error('usage: raw-receiver.ts <port> <log file>');
const log = new GroupCommitLog(path);
createServer({ noDelay: true }, (socket) => {
  new RawSession(socket, log);
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 511 });
