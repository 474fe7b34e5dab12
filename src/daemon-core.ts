/**
 * The composition root of everything behind the sockets: journal, registry of mailboxes, reader,
 * pipeline, hooks. `ingest` needs no more where no daemon runs.
 */
import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import { availableParallelism, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from './config/config.ts';
import { diffConfig, reloadedConfig, restartKey } from './config/diff.ts';
import { type ConfigOverrides, withOverrides } from './config/overrides.ts';
import type { ConfigOutcome } from './config/parse.ts';
import { formatProblem } from './config/problem.ts';
import type { HookRunner } from './hooks/hooks.ts';
import { callerRun } from './hooks/inside-run.ts';
import { createHookRunner } from './hooks/runner.ts';
import type { RunnerWorld } from './hooks/runner-world.ts';
import { parseBind } from './inbound/bind.ts';
import type { Journal } from './journal/journal.ts';
import { openJournal } from './journal/open.ts';
import { openMailboxStore } from './mailbox/store.ts';
import { evaluateConfig } from './operations/config-file.ts';
import { openRaw } from './operations/journal-files.ts';
import type { OperationWorld } from './operations/operation.ts';
import { createSigningKeys, type FileSigningKeys } from './operations/signing-keys.ts';
import { createOutbound, type Outbound } from './outbound/outbound.ts';
import { createReporter } from './outbound/reports.ts';
import { createRouter } from './outbound/routing/router.ts';
import { createSmtpClient } from './outbound/smtp-client.ts';
import { createAuthenticator } from './pipeline/authentication-process.ts';
import type { Authenticator } from './pipeline/authenticator.ts';
import { createMailboxRegistry, type MailboxRegistry } from './pipeline/mailbox-registry.ts';
import { createPipeline, type Pipeline } from './pipeline/pipeline.ts';
import { createReaderPool } from './pipeline/reader-pool.ts';
import { createTakeOver } from './pipeline/take-over.ts';
import { startUpkeep } from './pipeline/upkeep.ts';
import { WaitSchedule } from './pipeline/waiting.ts';
import type { World } from './pipeline/world.ts';
import { type Accounts, systemAccounts } from './system/accounts.ts';
import { BrokenInvariant } from './system/assert.ts';
import { type Clock, systemClock } from './system/clock.ts';
import { createResolver } from './system/dns/resolver.ts';
import type { Dns } from './system/dns.ts';
import { AimxError, isErrno } from './system/errors.ts';
import { type Faults, noFaults } from './system/faults.ts';
import { linuxFiles } from './system/files-linux.ts';
import type { Log } from './system/log.ts';
import { systemOutgoingNetwork } from './system/outgoing-connection.ts';
import { systemProcessTable } from './system/process-table.ts';
import { type Processes, systemProcesses } from './system/processes.ts';
import { type Random, systemRandom } from './system/random.ts';

export interface CoreOptions {
  /** Absolute. */
  readonly configPath: string;
  /** Kept through every reload. */
  readonly overrides: ConfigOverrides;
  /** The folder is a restored one: what is not final is held (design §3.8). */
  readonly restored?: boolean;
  /** PATH and LANG of this process, for hooks that run as its own user. */
  readonly environment?: RunnerWorld['environment'];
  readonly log: Log;
}

/** Owners of mailboxes pass through it to their own folders; what is inside says who may read it (contract §3). */
const DATA_FOLDER_MODE = 0o755;

/** What a test's own root may replace. */
export interface CorePorts {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: Random;
  /** Null: a process of its own, which asks DNS. */
  readonly authenticator: Authenticator | null;
  readonly processes: Processes;
}

export const PRODUCTION_PORTS: CorePorts = {
  clock: systemClock,
  faults: noFaults,
  random: systemRandom,
  authenticator: null,
  processes: systemProcesses,
};

/** What goes on by itself; each `broken` rejects when the daemon must end. */
export interface Working {
  readonly pipeline: Pipeline;
  readonly outbound: Outbound;
}

export interface Core extends AsyncDisposable {
  readonly journal: Journal;
  readonly registry: MailboxRegistry;
  readonly ports: CorePorts;
  readonly config: () => Config;
  /** Reads the config again. A bad one is refused and logged, and the old one goes on. */
  readonly reload: () => Promise<void>;
  /** Starts what happens after the `250`. */
  readonly work: () => Promise<Working>;
  readonly operationWorld: () => OperationWorld;
  readonly signingKeys: FileSigningKeys;
}

/**
 * Reads the config, opens the journal and registers the mailboxes: what must be there before the
 * first `250`.
 *
 * @throws AimxError `config.missing`, `config.invalid`, and what opening the journal throws.
 */
export async function openCore(options: CoreOptions, ports: CorePorts): Promise<Core> {
  const accounts = systemAccounts(ports.clock);
  const config = await loadConfig(options, accounts);
  await makeDataFolder(config.dataDir);
  const stack = new AsyncDisposableStack();
  try {
    const journal = stack.use(
      await openJournal({
        ...ports,
        log: options.log,
        folder: join(config.dataDir, 'journal'),
        allowMemory: config.journal.allowMemory,
        restored: options.restored ?? false,
      }),
    );
    const registry = stack.use(
      createMailboxRegistry({
        ...ports,
        journal,
        accounts,
        log: options.log,
        selfUid: accounts.current().uid,
      }),
    );
    await registry.adopt(config);
    return new OpenedCore({ options, ports, accounts, stack, journal, registry, config });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Makes it, whatever the umask, and flushes every folder that has got an entry; one that is there stays as it is. */
async function makeDataFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: DATA_FOLDER_MODE });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await chmod(made, DATA_FOLDER_MODE);
    const parent = await open(dirname(made), 'r');
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
    if (made === first) return;
  }
}

class OpenedCore implements Core {
  readonly journal: Journal;
  readonly registry: MailboxRegistry;
  readonly ports: CorePorts;
  readonly signingKeys: FileSigningKeys;
  readonly #options: CoreOptions;
  readonly #accounts: Accounts;
  readonly #stack: AsyncDisposableStack;
  #config: Config;
  #runner: HookRunner | null = null;

  constructor(parts: {
    readonly options: CoreOptions;
    readonly ports: CorePorts;
    readonly accounts: Accounts;
    readonly stack: AsyncDisposableStack;
    readonly journal: Journal;
    readonly registry: MailboxRegistry;
    readonly config: Config;
  }) {
    this.journal = parts.journal;
    this.registry = parts.registry;
    this.ports = parts.ports;
    this.#options = parts.options;
    this.#accounts = parts.accounts;
    this.#stack = parts.stack;
    this.#config = parts.config;
    this.signingKeys = createSigningKeys({
      files: linuxFiles,
      configDir: dirname(parts.options.configPath),
      config: this.config,
    });
  }

  readonly config = (): Config => this.#config;

  readonly reload = async (): Promise<void> => {
    const { log } = this.#options;
    try {
      const read = await loadConfig(this.#options, this.#accounts);
      for (const change of diffConfig(this.#config, read))
        if (change.needsRestart) log.warn('config.needs-restart', { key: restartKey(change) });
      const next = reloadedConfig(this.#config, read);
      await this.registry.adopt(next);
      this.#config = next;
      log.info('config.reloaded', { mailboxes: next.mailboxes.length });
      this.#runner?.wake();
    } catch (error) {
      if (error instanceof BrokenInvariant) throw error;
      const hint = error instanceof AimxError ? error.hint : undefined;
      log.error('config.refused', { reason: error instanceof Error ? error.message : String(error), hint });
    }
  };

  readonly work = async (): Promise<Working> => {
    const { journal, registry, config } = this;
    const { log, environment } = this.#options;
    const stack = this.#stack;
    const shared = { ...this.ports, journal, config, log };
    this.#runner = stack.use(
      await createHookRunner({
        ...shared,
        mailboxIds: () => registry.ids,
        processTable: systemProcessTable,
        files: linuxFiles,
        accounts: this.#accounts,
        environment: environment ?? { path: null, lang: null },
      }),
    );
    const reader = stack.use(createReaderPool(shared));
    const authenticator = this.ports.authenticator ?? stack.use(createAuthenticator(shared));
    const staging = stack.use(await linuxFiles.openRoot(journal.folders.staging));
    const stdin = stack.use(await linuxFiles.openRoot(journal.folders.stdin));
    const { uid, gid } = this.#accounts.current();
    const mailboxes = stack.use(
      await openMailboxStore({
        ...shared,
        files: linuxFiles,
        dataDir: this.#config.dataDir,
        staging,
        self: { uid, gid },
      }),
    );
    const world: World = {
      ...shared,
      reader,
      authenticator,
      mailboxes,
      staging,
      stdin,
      directory: registry,
      waits: new WaitSchedule(),
    };
    const pipeline = stack.use(createPipeline(world));
    const outbound = stack.use(this.#outbound(stack));
    const takeOver = stack.use(createTakeOver(world));
    registry.onAdopted(() => takeOver.wake());
    stack.use(startUpkeep(shared));
    return { pipeline, outbound };
  };

  /** The queue's worker, and who tells senders what it gave up. */
  #outbound(stack: AsyncDisposableStack): Outbound {
    const { journal, config, registry } = this;
    const { log } = this.#options;
    const shared = { ...this.ports, journal, config, log, openRaw, mailboxIds: () => registry.ids };
    const { servers, timeoutMs } = this.#config.dns;
    const dns =
      servers?.length === 0
        ? NO_DNS
        : stack.use(createResolver({ ...this.ports, log, servers: servers ?? [], timeoutMs }));
    stack.use(createReporter(shared));
    return createOutbound({
      ...shared,
      client: createSmtpClient({ network: systemOutgoingNetwork, clock: this.ports.clock }),
      router: createRouter({
        dns,
        config,
        random: this.ports.random,
        ownEndpoints: () => listenedOn(config()),
      }),
      readPassword: async (path) => (await readFile(path, 'utf8')).trimEnd(),
    });
  }

  readonly operationWorld = (): OperationWorld => ({
    config: this.#config,
    configProblem: null,
    readConfigFile: async () => ({
      path: this.#options.configPath,
      outcome: await readConfig(this.#options.configPath, this.#accounts),
    }),
    dataDir: this.#config.dataDir,
    configDir: dirname(this.#options.configPath),
    rows: this.journal,
    journal: this.journal,
    runner: this.#runner,
    callerRun: (pid) => callerRun(systemProcessTable, pid, this.#accounts.current().uid),
    mailboxIds: this.registry.ids,
    files: linuxFiles,
    signingKeys: this.signingKeys,
    clock: this.ports.clock,
    random: this.ports.random,
    processUid: this.#accounts.current().uid,
    accounts: this.#accounts,
    openRaw,
  });

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Where `[dns] servers = []` asks nobody: whether a domain exists is not known, so nothing is given up for it. */
const NO_DNS: Dns = {
  resolve: async () => ({ kind: 'failed', cause: 'silence', detail: '[dns] servers is empty' }),
};

/** Every address and port that reaches this daemon; a wildcard stands for all addresses of the machine. */
function listenedOn({ smtp }: Config): readonly { readonly address: string; readonly port: number }[] {
  const machine = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return smtp.bind
    .map(parseBind)
    .flatMap(({ host, port }) =>
      host === '0.0.0.0' || host === '::'
        ? machine.map(({ address }) => ({ address, port }))
        : [{ address: host, port }],
    );
}

async function readConfig(path: string, accounts: Accounts): Promise<ConfigOutcome> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new AimxError('config.missing', `There is no ${path}`, {
      hint: 'Try `aimx dev` in an empty folder, or set AIMX_CONFIG_DIR to where config.toml lies',
      cause: error,
    });
  }
  return await evaluateConfig({ path, text, cores: availableParallelism(), accounts });
}

/** @throws AimxError `config.invalid` with every problem, one a line; warnings go to the log. */
async function loadConfig({ configPath, overrides, log }: CoreOptions, accounts: Accounts): Promise<Config> {
  const outcome = await readConfig(configPath, accounts);
  for (const warning of outcome.warnings) log.warn('config.warning', { problem: formatProblem(warning) });
  if (outcome.kind === 'valid') return withOverrides(outcome.config, overrides);
  throw new AimxError('config.invalid', outcome.problems.map(formatProblem).join('\n'), {
    hint: 'Mend the file; `aimx config check` shows the same list',
  });
}
