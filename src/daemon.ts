/**
 * The composition root of the daemon: the core, and the sockets on it.
 *
 * Ports are passed in, so that a test's own root can replace one; nothing here reads an environment
 * variable or a command line.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CorePorts, openCore, PRODUCTION_PORTS } from './daemon-core.ts';
import { formatBind } from './inbound/bind.ts';
import { createInbound } from './inbound/inbound.ts';
import { logKeyStanding } from './operations/signing-keys.ts';
import type { DaemonCore, DaemonOptions, RunningDaemon } from './surfaces/cli/invocation.ts';
import { createControlServer } from './surfaces/socket/control-server.ts';
import { systemCertificates } from './system/certificate.ts';
import type { Log } from './system/log.ts';
import { systemNetwork } from './system/network.ts';

/** A message that is coming in when the daemon stops may end within this (reliability F12: 10 s in all). */
const STOP_SESSIONS_MS_MAX = 7_000;

/** Starts the core alone: for `ingest` where no daemon runs. @throws as {@link startDaemon}. */
export async function startCore(
  options: DaemonOptions,
  ports: CorePorts = PRODUCTION_PORTS,
): Promise<DaemonCore> {
  const core = await openCore(options, ports);
  await core.work();
  return { world: core.operationWorld(), stop: async () => core[Symbol.asyncDispose]() };
}

/**
 * Starts the daemon. It listens as soon as the journal is open; the rest follows while mail comes in.
 *
 * @throws AimxError `config.missing`, `config.invalid`, and whatever opening the journal, binding or
 *   starting the helper throws.
 */
export async function startDaemon(
  options: DaemonOptions,
  ports: CorePorts = PRODUCTION_PORTS,
): Promise<RunningDaemon> {
  const { log } = options;
  const core = await openCore(options, ports);
  const sockets = new AsyncDisposableStack();
  const stop = async (): Promise<void> => {
    await sockets.disposeAsync();
    await core[Symbol.asyncDispose]();
  };
  try {
    const inbound = sockets.use(
      createInbound({
        journal: core.journal,
        ...core.ports,
        log,
        config: core.config,
        network: systemNetwork,
        certificates: systemCertificates,
        mailboxIds: () => core.registry.ids,
      }),
    );
    const bound = await inbound.listen(core.config().smtp.bind);
    const addresses = bound.map(formatBind);
    log.info('daemon.listening', { addresses });
    const { pipeline, outbound } = await core.work();
    await logKeyStanding(core.signingKeys, log);
    const { runtimeDir } = options.overrides;
    sockets.use(
      await createControlServer({
        socketPath: join(runtimeDir, 'aimx.sock'),
        world: core.operationWorld,
        log,
      }),
    );
    await writePidFile(join(runtimeDir, 'aimx.pid'), sockets);
    return supervise({
      addresses,
      log,
      broken: [core.journal.broken, pipeline.broken, outbound.broken, inbound.failed],
      stop: async () => {
        await inbound.stop({ deadlineMs: STOP_SESSIONS_MS_MAX });
        await stop();
      },
      reload: async () => {
        await core.reload();
        await inbound.reloadTls().catch((error: unknown) => {
          log.error('tls.refused', { error: String(error) });
        });
      },
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writePidFile(path: string, stack: AsyncDisposableStack): Promise<void> {
  await writeFile(path, `${process.pid}\n`, { mode: 0o644 });
  stack.defer(() => rm(path, { force: true }));
}

/** Joins what ends the daemon: being told to, or a part that has become unusable. */
function supervise(options: {
  readonly addresses: readonly string[];
  readonly log: Log;
  /** Each rejects when the daemon must end; what is on the disk then is all that is known. */
  readonly broken: readonly Promise<never>[];
  readonly stop: () => Promise<void>;
  readonly reload: () => Promise<void>;
}): RunningDaemon {
  const { addresses, log, broken } = options;
  const ended = Promise.withResolvers<number>();
  let stopping: Promise<void> | undefined;
  const stop = (exitCode: number): Promise<void> => {
    stopping ??= options.stop().then(
      () => {
        log.info('daemon.stopped', { exit_code: exitCode });
        ended.resolve(exitCode);
      },
      (error: unknown) => {
        log.error('daemon.stop-failed', { error: String(error) });
        ended.resolve(1);
      },
    );
    return stopping;
  };
  Promise.race(broken).catch((error: unknown) => {
    log.error('daemon.broken', { error: String(error) });
    void stop(1);
  });
  return { addresses, stopped: ended.promise, stop: () => stop(0), reload: options.reload };
}
