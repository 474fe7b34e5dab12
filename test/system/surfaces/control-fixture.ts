/**
 * A real journal behind a real control socket, with the pipeline's and the hooks' transitions made by
 * the test: what surfaces show is then known to the row.
 */

import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UNAUTHENTICATED } from '../../../src/authentication/verdict.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { planHooks } from '../../../src/hooks/gate.ts';
import { INLINE_BYTES_MAX } from '../../../src/journal/acceptance.ts';
import type { Journal, JournalId, MailboxId, RunRow } from '../../../src/journal/journal.ts';
import { readRaw } from '../../../src/journal/log/raw-stream.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { renderMessage } from '../../../src/message/render.ts';
import { summarizeMessage } from '../../../src/message/summary.ts';
import type { OperationWorld } from '../../../src/operations/operation.ts';
import { createSigningKeys } from '../../../src/operations/signing-keys.ts';
import { type ControlServer, createControlServer } from '../../../src/surfaces/socket/control-server.ts';
import type { ControlLimits } from '../../../src/surfaces/socket/limits.ts';
import { systemAccounts } from '../../../src/system/accounts.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { linuxFiles } from '../../../src/system/files-linux.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';

/** The account that owns the mailbox `support`; `sam` belongs to root. */
export const OWNER = { name: 'nobody', uid: 65534, gid: 65534 } as const;

/** Another account, which owns nothing. */
export const STRANGER = { name: 'daemon', uid: 1, gid: 1 } as const;

export const CONFIG = `domain = "agent.example"

[mailboxes.support]
address = "support@agent.example"
owner = "nobody"
[[mailboxes.support.hooks]]
name = "answer"
event = "on_receive"
cmd = ["/bin/true"]
fire_on_untrusted = true
[[mailboxes.support.hooks]]
name = "book"
event = "on_receive"
cmd = ["/bin/true"]

[mailboxes.sam]
address = "sam@agent.example"
owner = "root"
`;

export const MESSAGE: string = [
  'From: Ada <ada@example.com>',
  'To: support@agent.example',
  'Subject: Book the 9:40',
  'Date: Tue, 24 Nov 2026 09:12:44 +0100',
  'Message-ID: <turin-1@example.com>',
  '',
  'One seat, please.',
  '',
].join('\r\n');

export interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly socketPath: string;
  readonly configDir: string;
  readonly config: Config;
  readonly journal: Journal;
  readonly world: OperationWorld;
  readonly ids: Readonly<Record<string, MailboxId>>;
  accept(message: string, mailbox: string): Promise<JournalId>;
  /** Takes a message as far as the pipeline does; makes its file. @returns its id, or null where it was absorbed. */
  deliver(message: string, mailbox: string): Promise<string | null>;
  /** Runs every due run to its end. */
  finishRuns(state: 'succeeded' | 'failed' | 'interrupted'): Promise<readonly RunRow[]>;
  /** What the runner was asked to cancel. */
  readonly cancelled: string[];
}

function configOf(text: string): Config {
  const outcome = parseConfig(text, { path: 'config.toml', currentUser: 'root', isRoot: true, cores: 2 });
  if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

async function acceptMessage(
  journal: Journal,
  ids: Fixture['ids'],
  message: string,
  mailbox: string,
): Promise<JournalId> {
  const bytes = new TextEncoder().encode(message);
  const mailboxId = ids[mailbox];
  if (mailboxId === undefined || bytes.length > INLINE_BYTES_MAX) throw new Error('a mistake in the test');
  return journal.accept({
    envelope: {
      reversePath: 'ada@example.com',
      recipients: [{ forwardPath: `${mailbox}@agent.example`, mailboxId, mailbox, tag: null }],
      smtputf8: false,
      body: '8BITMIME',
    },
    arrival: {
      via: 'smtp',
      receivedAt: systemClock.now(),
      sessionId: 'test',
      clientAddress: '192.0.2.7',
      helo: 'mail.example.com',
      protocol: 'ESMTPS',
      tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
    },
    content: { kind: 'inline', chunks: [bytes], sizeBytes: bytes.length },
    exactFingerprint: createHash('sha256').update(bytes).digest('hex'),
    lacksIdentity: false,
  });
}

/** Resolves with the message once its rows are there to be leased. */
async function lease(
  journal: Journal,
  journalId: JournalId,
): Promise<Awaited<ReturnType<Journal['claimMessages']>>['messages'][number]> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const watch = journal.onChange('messages', () => {
        watch[Symbol.dispose]();
        resolve();
      });
    });
    const { messages } = await journal.claimMessages(16, systemClock.now());
    const found = messages.find((message) => message.journalId === journalId);
    for (const message of messages) if (message !== found) journal.releaseMessage(message.journalId);
    if (found !== undefined) return found;
    await changed;
  }
}

function writeMail(fixture: Pick<Fixture, 'dataDir'>, mailbox: string, id: string, raw: string): void {
  const folder = join(fixture.dataDir, 'inbox', mailbox);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { document } = renderMessage(new TextEncoder().encode(raw), {
    mailbox,
    deliveredTo: [`${mailbox}@agent.example`],
    tag: null,
    receivedAt: systemClock.now(),
    receivedFromIp: '192.0.2.7',
    envelopeFrom: 'ada@example.com',
  });
  const path = join(folder, `${id}.md`);
  writeFileSync(path, document, { mode: 0o600 });
  if (mailbox === 'support') for (const each of [folder, path]) chownSync(each, OWNER.uid, OWNER.gid);
}

async function deliverMessage(fixture: Fixture, raw: string, mailbox: string): Promise<string | null> {
  const { journal, config } = fixture;
  const journalId = await acceptMessage(journal, fixture.ids, raw, mailbox);
  const message = await lease(journal, journalId);
  const at = systemClock.now();
  await journal.advance('authenticated', {
    journalId,
    verdict: UNAUTHENTICATED,
    recheckAt: null,
    reassessed: [],
    at,
  });
  const summary = summarizeMessage(new TextEncoder().encode(raw));
  const trust = { trusted: 'none', reason: null } as const;
  const hooks = config.mailboxes.find(({ name }) => name === mailbox)?.hooks ?? [];
  const { decisions } = await journal.advance('identify', {
    journalId,
    identity: {
      contentFingerprint: summary.contentFingerprint,
      messageId: summary.messageId,
      legacyFingerprint: summary.legacyFingerprint,
      inReplyTo: null,
      references: [],
      subject: summary.header.subject,
      from: summary.header.from,
      automatic: null,
    },
    targets: message.deliveries.map(({ deliveryId }) => ({
      deliveryId,
      mode: 'content',
      rank: 'none',
      trusted: 'none',
      trustReason: null,
      baseId: '2026-11-24-200000-book-the-9-40',
      hooks: planHooks(hooks, 'on_receive', trust),
    })),
    windowMs: config.dedup.windowMs,
    at,
  });
  const [decision] = decisions;
  journal.releaseMessage(journalId);
  if (decision?.kind !== 'deliver') return null;
  const { deliveryId, id } = decision.delivery;
  await journal.advance('staged', { deliveryId, at });
  writeMail(fixture, mailbox, id ?? '', raw);
  await journal.advance('delivered', { deliveryId, at: systemClock.now() });
  return id;
}

async function finishDue(
  journal: Journal,
  state: 'succeeded' | 'failed' | 'interrupted',
): Promise<readonly RunRow[]> {
  const at = systemClock.now();
  const { runs } = await journal.advance('claim-runs', {
    limit: 10,
    limits: { perMailbox: {}, perMailboxDefault: 4, perHook: {} },
    at,
  });
  for (const { runId, attempt } of runs) {
    await journal.advance('run-started', { runId, attempt, startedAt: at, pid: 4711, at });
    await journal.advance('run-ended', {
      runId,
      attempt,
      state,
      exitCode: state === 'succeeded' ? 0 : state === 'failed' ? 3 : null,
      signal: null,
      reason: state === 'interrupted' ? 'status-lost: the machine went down' : null,
      at: systemClock.now(),
    });
  }
  return runs;
}

/** @param limits Shorter times for tests of slow clients. */
export async function startFixture(limits?: ControlLimits): Promise<Fixture> {
  const root = mkdtempSync(join(tmpdir(), 'aimx-surfaces-'));
  const [dataDir, runtimeDir, configDir] = ['data', 'run', 'config'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [root, dataDir, runtimeDir, configDir])
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  mkdirSync(join(dataDir, 'inbox'), { mode: 0o755 });
  // mkdtemp makes it 0700; other users must reach the socket.
  chmodSync(root, 0o755);
  writeFileSync(join(configDir, 'config.toml'), CONFIG, { mode: 0o640 });
  const config: Config = { ...configOf(CONFIG), dataDir };
  const journal = await openJournal({
    folder: join(dataDir, 'journal'),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
  });
  const { ids } = await journal.advance('register-mailboxes', {
    mailboxes: [
      { name: 'support', ownerUid: OWNER.uid },
      { name: 'sam', ownerUid: 0 },
    ],
    at: systemClock.now(),
  });
  // No mailbox of an earlier version has to be read in first.
  for (const mailboxId of Object.values(ids))
    await journal.advance('legacy-scanned', { mailboxId, entries: [], done: true, at: systemClock.now() });
  const cancelled: string[] = [];
  const world: OperationWorld = {
    config,
    configProblem: null,
    readConfigFile: async () => ({ path: 'config.toml', outcome: { kind: 'valid', config, warnings: [] } }),
    dataDir,
    configDir,
    rows: journal,
    journal,
    callerRun: async () => ({ kind: 'outside' }),
    runner: {
      wake: () => undefined,
      cancel: async (runId) => cancelled.push(runId) > 0,
      output: async (_runId, attempt) =>
        attempt === 1
          ? {
              kind: 'kept',
              stdout: new TextEncoder().encode('hello\x1b[31m\n'),
              stderr: new Uint8Array(),
            }
          : { kind: attempt === 2 ? 'unfinished' : 'none' },
    },
    mailboxIds: ids,
    files: linuxFiles,
    signingKeys: createSigningKeys({ files: linuxFiles, configDir, config: () => config }),
    clock: systemClock,
    random: systemRandom,
    processUid: 0,
    accounts: systemAccounts(systemClock),
    openRaw: readRaw,
  };
  const socketPath = join(runtimeDir, 'aimx.sock');
  const server: ControlServer = await createControlServer({
    socketPath,
    world: () => world,
    log: silentLog,
    ...(limits === undefined ? {} : { limits }),
  });
  const fixture: Fixture = {
    root,
    dataDir,
    runtimeDir,
    socketPath,
    configDir,
    config,
    journal,
    world,
    ids,
    cancelled,
    accept: (message, mailbox) => acceptMessage(journal, ids, message, mailbox),
    deliver: (message, mailbox) => deliverMessage(fixture, message, mailbox),
    finishRuns: (state) => finishDue(journal, state),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return fixture;
}
