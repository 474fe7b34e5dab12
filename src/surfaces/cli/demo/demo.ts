/**
 * `aimx demo`: the promise, shown in some seconds on loopback.
 *
 * A real daemon in a process of its own takes a real message over SMTP, and then the same message in
 * the ways in which senders come to repeat one. At the end there must be one file and one start of
 * the hook; the exit code says whether there were.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DaemonProcess, startDaemonProcess } from './daemon-process.ts';
import { type Mail, sendMail } from './sender.ts';

export interface DemoOptions {
  /** The entry file that runs now; the daemon and the trace run the same one. */
  readonly program: string;
  /** Leave the folder there at the end. */
  readonly keep: boolean;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What the demo found at the end. */
export interface DemoResult {
  readonly files: number;
  readonly starts: number;
}

const HOST = '127.0.0.1';
const MAILBOX = 'agent';
const CONNECTIONS_AT_ONCE = 10;
/** From the last `250` until everything has settled; it takes less than a second. */
const SETTLE_MS_MAX = 8_000;

const MAIL: Mail = {
  reversePath: 'ada@sender.example',
  forwardPath: 'agent@demo.example',
  content: [
    'From: Ada Lovelace <ada@sender.example>',
    'To: agent@demo.example',
    'Subject: Book the 9:40 to Turin',
    'Date: Tue, 24 Nov 2026 09:12:44 +0100',
    'Message-ID: <turin-1@sender.example>',
    '',
    'One seat, by the window, please.',
  ].join('\r\n'),
};

/** @returns what was found; the caller decides the exit code with {@link isOnce}. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const folder = await mkdtemp(join(tmpdir(), 'aimx-demo-'));
  try {
    return await new Demo(folder, options).run();
  } finally {
    if (options.keep) options.print(`\nKept: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

/** One file and one start: the promise held. */
export function isOnce({ files, starts }: DemoResult): boolean {
  return files === 1 && starts === 1;
}

class Demo {
  readonly #folder: string;
  readonly #options: DemoOptions;
  readonly #environment: Readonly<Record<string, string>>;
  #port = 0;

  constructor(folder: string, options: DemoOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#environment = {
      AIMX_CONFIG_DIR: join(folder, 'config'),
      AIMX_RUNTIME_DIR: join(folder, 'run'),
      AIMX_NONINTERACTIVE: '1',
    };
  }

  async run(): Promise<DemoResult> {
    const { print } = this.#options;
    this.#port = await freePort();
    await this.#writeConfig();
    print(`A mail exchange on ${HOST}:${this.#port}, everything it keeps in ${this.#folder}\n`);
    let daemon = await this.#startDaemon();
    try {
      this.#say(1, 'a message comes in over SMTP', await this.#send('quit'));
      this.#say(2, 'the sender never saw the 250: again, in a new session', await this.#send('quit'));
      await this.#send('cut-after-dot');
      this.#say(3, 'again, cut after the final dot', '(no reply was read)');
      const replies = await Promise.all(
        Array.from({ length: CONNECTIONS_AT_ONCE }, () => this.#send('quit')),
      );
      this.#say(4, `again, on ${CONNECTIONS_AT_ONCE} connections at once`, `${replies.length} × 250`);
      await daemon.killNow();
      daemon = await this.#startDaemon();
      this.#say(5, 'kill -9, a new start, and again', await this.#send('quit'));
      const id = await this.#settled();
      return await this.#show(id);
    } finally {
      await daemon[Symbol.asyncDispose]();
    }
  }

  #say(step: number, what: string, answer: string | null): void {
    this.#options.print(`  ${step}  ${what.padEnd(56)}${answer ?? ''}`);
  }

  #send(ending: 'quit' | 'cut-after-dot'): Promise<string | null> {
    this.#options.signal.throwIfAborted();
    return sendMail({ host: HOST, port: this.#port }, MAIL, ending);
  }

  async #writeConfig(): Promise<void> {
    const config = [
      'domain = "demo.example"',
      `data_dir = ${JSON.stringify(join(this.#folder, 'data'))}`,
      '',
      // Nothing leaves the machine.
      '[dns]',
      'servers = []',
      '',
      '[journal]',
      'allow_memory = true',
      '',
      `[mailboxes.${MAILBOX}]`,
      `address = "${MAIL.forwardPath}"`,
      `owner = ${JSON.stringify(userInfo().username)}`,
      '',
      `[[mailboxes.${MAILBOX}.hooks]]`,
      'name = "book"',
      'event = "on_receive"',
      'fire_on_untrusted = true',
      `cmd = ["/bin/sh", "-c", 'echo "$AIMX_RUN_ID $AIMX_SUBJECT" >> "$STARTS"']`,
      `env = { STARTS = ${JSON.stringify(this.#starts)} }`,
      '',
    ].join('\n');
    await mkdir(join(this.#folder, 'config'), { mode: 0o700 });
    await writeFile(join(this.#folder, 'config', 'config.toml'), config, { mode: 0o640 });
  }

  get #starts(): string {
    return join(this.#folder, 'starts');
  }

  get #inbox(): string {
    return join(this.#folder, 'data', 'inbox', MAILBOX);
  }

  #startDaemon(): Promise<DaemonProcess> {
    return startDaemonProcess({
      program: this.#options.program,
      bind: `${HOST}:${this.#port}`,
      environment: this.#environment,
      logPath: join(this.#folder, 'daemon.log'),
      isListening: () => isListening(this.#port),
    });
  }

  /** Waits until no delivery and no run has anything left to do. @returns the message's id. */
  async #settled(): Promise<string> {
    const deadline = performance.now() + SETTLE_MS_MAX;
    for (;;) {
      this.#options.signal.throwIfAborted();
      const [files, { runs }, { mailbox }] = await Promise.all([
        this.#files(),
        this.#ask<{ runs: readonly { state: string; ended_at: string | null }[] }>('runs', 'list'),
        this.#ask<{ mailbox: { pending: number } }>('mailboxes', 'show', MAILBOX),
      ]);
      const open = runs.filter(({ ended_at }) => ended_at === null).length;
      const [id] = files;
      if (id !== undefined && runs.length > 0 && open === 0 && mailbox.pending === 0) return id;
      if (performance.now() > deadline)
        throw new Error(`Not settled after ${SETTLE_MS_MAX / 1000} s: see ${this.#folder} with --keep`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #files(): Promise<readonly string[]> {
    const names = await readdir(this.#inbox).catch(() => []);
    return names.map((name) => name.replace(/\.md$/, ''));
  }

  async #show(id: string): Promise<DemoResult> {
    const { print } = this.#options;
    const files = await this.#files();
    const starts = (await readFile(this.#starts, 'utf8').catch(() => '')).split('\n').length - 1;
    print(`\nFiles in the mailbox: ${files.length}\nStarts of the hook:   ${starts}\n`);
    print(indent(await readFile(join(this.#inbox, `${id}.md`), 'utf8')));
    print(`Why, says aimx trace ${id}:\n`);
    print(indent(await this.#aimx('trace', `${MAILBOX}/${id}`)));
    return { files: files.length, starts };
  }

  async #ask<Answer>(...args: readonly string[]): Promise<Answer> {
    return JSON.parse(await this.#aimx(...args, '--json')) as Answer;
  }

  async #aimx(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...process.execArgv, this.#options.program, ...args],
      { env: { ...process.env, ...this.#environment } },
    );
    return stdout;
  }
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n')
    .concat('\n');
}

/** A port that was free a moment ago: the daemon takes the same one again after it was killed. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port was given');
  return address.port;
}

/** True where something accepts connections on the port and greets. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port });
    socket.once('data', () => {
      socket.end('QUIT\r\n');
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(1_000, () => {
      socket.destroy();
      resolve(false);
    });
  });
}
