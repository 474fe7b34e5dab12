/**
 * The queue's worker in this process, on a real journal, with a real resolver, real connections, and
 * clocks that a test can put forward.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import {
  type Journal,
  type MailboxId,
  type OutgoingRow,
  type QueueId,
  toQueueId,
} from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { openRaw } from '../../../src/operations/journal-files.ts';
import { CLIENT_TIMEOUTS } from '../../../src/outbound/client-timeouts.ts';
import { createOutbound, type Outbound } from '../../../src/outbound/outbound.ts';
import { createRouter } from '../../../src/outbound/routing/router.ts';
import { createSmtpClient } from '../../../src/outbound/smtp-client.ts';
import type { World } from '../../../src/outbound/world.ts';
import { type Clock, epochMs, systemClock } from '../../../src/system/clock.ts';
import { createResolver, type Resolver } from '../../../src/system/dns/resolver.ts';
import type { SimulatedZone } from '../../../src/system/dns.sim.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { type LogFields, silentLog } from '../../../src/system/log.ts';
import { systemOutgoingNetwork } from '../../../src/system/outgoing-connection.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { submitByHand } from '../answers/submit-by-hand.ts';
import { type DnsServer, startDnsServer } from '../dns/dns-server.ts';

export interface SceneOptions {
  readonly records?: SimulatedZone;
  /** Of `[outbound]`, without `allow_private`, which is true here unless a test says otherwise. */
  readonly outbound: string;
  readonly allowPrivate?: boolean;
  /** TOML of the mailboxes; `agent` where absent. */
  readonly mailboxes?: string;
  /** How long a server may be silent. @default 2000 */
  readonly silenceMs?: number;
}

const AGENT = ['[mailboxes.agent]', 'address = "agent@example.com"', 'owner = "sam"'].join('\n');
/** How long a test waits for rows to be as it wants them. */
const WAIT_MS_MAX = 20_000;

export interface Logged {
  readonly event: string;
  readonly fields: LogFields;
}

export class QueueScene implements AsyncDisposable {
  readonly journal: Journal;
  readonly dns: DnsServer;
  readonly events: Logged[] = [];
  readonly folder: string;
  #outbound: Outbound | null = null;
  #config: Config;
  readonly #ids: Readonly<Record<string, MailboxId>>;
  readonly #options: SceneOptions;
  readonly #resolver: Resolver;
  readonly #clock: Clock;
  readonly #ahead: { ms: number };
  #sent = 0;
  #noted: () => void = () => undefined;

  private constructor(parts: {
    readonly journal: Journal;
    readonly dns: DnsServer;
    readonly folder: string;
    readonly options: SceneOptions;
    readonly clock: Clock;
    readonly ahead: { ms: number };
    readonly ids: Readonly<Record<string, MailboxId>>;
  }) {
    this.journal = parts.journal;
    this.dns = parts.dns;
    this.folder = parts.folder;
    this.#options = parts.options;
    this.#clock = parts.clock;
    this.#ahead = parts.ahead;
    this.#ids = parts.ids;
    this.#config = parse(parts.options);
    this.#resolver = createResolver({
      servers: [parts.dns.address],
      timeoutMs: 500,
      clock: parts.clock,
      random: systemRandom,
    });
  }

  /** Makes all of it but the worker, which {@link start} starts. */
  static async open(options: SceneOptions): Promise<QueueScene> {
    const folder = mkdtempSync(join(tmpdir(), 'aimx-queue-'));
    const dns = await startDnsServer({ records: options.records ?? {} });
    const ahead = { ms: 0 };
    const clock: Clock = {
      ...systemClock,
      now: () => epochMs(systemClock.now() + ahead.ms),
      monotonicMs: () => systemClock.monotonicMs() + ahead.ms,
    };
    const journal = await openJournal({
      folder: join(folder, 'journal'),
      clock,
      random: systemRandom,
      log: silentLog,
      faults: noFaults,
      allowMemory: true,
    });
    const { ids } = await journal.advance('register-mailboxes', {
      mailboxes: parse(options).mailboxes.map(({ name }) => ({ name, ownerUid: 1000 })),
      at: clock.now(),
    });
    for (const mailboxId of Object.values(ids))
      await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at: clock.now() });
    return new QueueScene({ journal, dns, folder, options, clock, ahead, ids });
  }

  /** @param more Ports that a test replaces. */
  start(more: Partial<World> = {}): Outbound {
    const { silenceMs = 2_000 } = this.#options;
    const note =
      (): ((event: string, fields?: LogFields) => void) =>
      (event, fields = {}) => {
        this.events.push({ event, fields });
        this.#noted();
      };
    const limits = {
      connectMs: silenceMs,
      greetingMs: silenceMs,
      commandMs: silenceMs,
      finalDotMs: silenceMs,
      handshakeMs: silenceMs,
    };
    this.#outbound = createOutbound({
      journal: this.journal,
      config: () => this.#config,
      client: createSmtpClient({
        network: systemOutgoingNetwork,
        clock: systemClock,
        timeouts: { ...CLIENT_TIMEOUTS, ...limits },
      }),
      router: createRouter({
        dns: this.#resolver,
        config: () => this.#config,
        random: systemRandom,
        ownEndpoints: () => [],
      }),
      openRaw,
      readPassword: async (path) => readFileSync(path, 'utf8').trimEnd(),
      mailboxIds: () => this.#ids,
      clock: this.#clock,
      random: systemRandom,
      log: { debug: note(), info: note(), warn: note(), error: note() },
      faults: noFaults,
      ...more,
    });
    // A test that waits for rows would not see it otherwise.
    this.#outbound.broken.catch((error: unknown) =>
      this.events.push({ event: 'test.broken', fields: { error: String(error) } }),
    );
    return this.#outbound;
  }

  /** As a reload does. */
  configure(change: Partial<SceneOptions>): void {
    this.#config = parse({ ...this.#options, ...change });
  }

  async submit(to: readonly string[], more: { body?: string; mailbox?: string } = {}): Promise<QueueId> {
    this.#sent += 1;
    const { mailbox = 'agent' } = more;
    const mailboxId = this.#ids[mailbox];
    assert.ok(mailboxId !== undefined);
    const row = await submitByHand(this.journal, {
      mailbox,
      mailboxId,
      queueId: this.#sent.toString(16).padStart(16, '0'),
      subject: `Lunch ${this.#sent}`,
      to,
      at: this.#clock.now(),
      isLocal: (address) => address.endsWith('@example.com'),
      ...more,
    });
    return row.queueId;
  }

  async row(queueId: QueueId | string): Promise<OutgoingRow> {
    const row = await this.journal.query('outgoing', { queueId: toQueueId(queueId) });
    assert.ok(row !== null);
    return row;
  }

  /** Waits until a message is as it is wanted. */
  async until(queueId: QueueId, isSo: (row: OutgoingRow) => boolean): Promise<OutgoingRow> {
    return await this.settled(async () => {
      const row = await this.row(queueId);
      return isSo(row) ? row : null;
    });
  }

  /** Waits for an answer that is not null; asks whenever a row of outgoing mail has changed, or something was logged. */
  async settled<Answer>(ask: () => Promise<Answer | null>): Promise<Answer> {
    const deadline = AbortSignal.timeout(WAIT_MS_MAX);
    for (;;) {
      const changed = Promise.withResolvers<void>();
      using _subscription = this.journal.onChange('outgoing', () => changed.resolve());
      this.#noted = () => changed.resolve();
      deadline.addEventListener('abort', () => changed.resolve(), { once: true });
      const answer = await ask();
      if (answer !== null) return answer;
      if (deadline.aborted)
        assert.fail(`rows did not come to be so:\n${JSON.stringify(this.events, null, 1)}`);
      await changed.promise;
    }
  }

  /** As `aimx queue retry --all` does. */
  async retry(): Promise<void> {
    await this.journal.advance('decide-outgoing', {
      filter: {},
      decision: 'retry',
      reason: 'operator: mended',
      by: 'root',
      at: this.#clock.now(),
    });
  }

  /** Puts the clocks forward, and has the worker look. */
  later(ms: number): void {
    this.#ahead.ms += ms;
    this.#outbound?.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#outbound?.[Symbol.asyncDispose]();
    await this.#resolver[Symbol.asyncDispose]();
    await this.dns[Symbol.asyncDispose]();
    await this.journal[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function parse({ outbound, allowPrivate = true, mailboxes = AGENT }: SceneOptions): Config {
  const text = [
    'domain = "example.com"',
    'hostname = "us.example.com"',
    '[outbound]',
    `allow_private = ${allowPrivate}`,
    outbound,
    mailboxes,
  ].join('\n');
  const outcome = parseConfig(text, { path: 'c.toml', currentUser: 'sam', isRoot: false, cores: 2 });
  assert.equal(outcome.kind, 'valid', JSON.stringify(outcome));
  return outcome.kind === 'valid' ? outcome.config : assert.fail();
}
