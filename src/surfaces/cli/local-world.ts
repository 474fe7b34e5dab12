/** The world of a command that does its work in its own process, with its caller's own rights. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { ConfigOutcome } from '../../config/parse.ts';
import { evaluateConfig } from '../../operations/config-file.ts';
import type { OperationContext, OperationWorld } from '../../operations/operation.ts';
import { createSigningKeys } from '../../operations/signing-keys.ts';
import { systemAccounts } from '../../system/accounts.ts';
import { systemClock } from '../../system/clock.ts';
import { AimxError, isErrno } from '../../system/errors.ts';
import { linuxFiles } from '../../system/files-linux.ts';
import { systemRandom } from '../../system/random.ts';
import type { Invocation } from './invocation.ts';

/** Where a mailbox's owner who may not read the config finds the files (contract §1). */
const DEFAULT_DATA_DIR = '/var/lib/aimx';

type ConfigReading = Pick<OperationWorld, 'config' | 'configProblem' | 'readConfigFile'>;

function readOwned(path: string): { readonly text: string; readonly ownerUid: number } {
  const fd = openSync(path, 'r');
  try {
    return { text: readFileSync(fd, 'utf8'), ownerUid: fstatSync(fd).uid };
  } finally {
    closeSync(fd);
  }
}

/**
 * Evaluates the file as the daemon does that it is for. Which mailbox may belong to whom depends on who
 * runs that daemon: the caller, or root, where the file is root's and the caller reads it as an owner.
 */
async function evaluateAsDaemon(path: string, invocation: Invocation): Promise<ConfigOutcome> {
  const { text, ownerUid } = readOwned(path);
  const source = { path, text, cores: availableParallelism(), accounts: systemAccounts(systemClock) };
  const outcome = await evaluateConfig(source);
  if (outcome.kind === 'valid' || ownerUid !== 0 || invocation.uid === 0) return outcome;
  return evaluateConfig({ ...source, daemonUser: { name: 'root', uid: 0 } });
}

function configReader(invocation: Invocation): OperationWorld['readConfigFile'] {
  const path = invocation.places.configPath;
  return async () => {
    try {
      return { path, outcome: await evaluateAsDaemon(path, invocation) };
    } catch (error) {
      if (isErrno(error, 'EACCES', 'EPERM'))
        throw new AimxError('daemon.unreachable', `No daemon answers, and you may not read ${path}`, {
          hint: 'start the daemon with aimx serve, or run the command with sudo',
          cause: error,
        });
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
      throw new AimxError('config.missing', `There is no ${path}`, {
        hint: 'try aimx dev in an empty folder, or set AIMX_CONFIG_DIR to where config.toml lies',
        cause: error,
      });
    }
  };
}

async function readConfig(invocation: Invocation): Promise<ConfigReading> {
  const readConfigFile = configReader(invocation);
  try {
    const { path, outcome } = await readConfigFile();
    if (outcome.kind === 'valid') return { config: outcome.config, configProblem: null, readConfigFile };
    const configProblem = new AimxError('config.invalid', `${path} cannot be used as it is`, {
      hint: 'aimx config check says what is wrong with it',
    });
    return { config: null, configProblem, readConfigFile };
  } catch (error) {
    if (!(error instanceof AimxError)) throw error;
    return { config: null, configProblem: error, readConfigFile };
  }
}

/** @throws what is wrong with the config where it alone could say where the data lie. */
function dataDirOf(invocation: Invocation, reading: ConfigReading): string {
  const named = invocation.places.dataDir ?? reading.config?.dataDir;
  if (named !== undefined) return named;
  // A config that is there and wrong may name another folder: guessing would show the wrong mail.
  if (reading.configProblem?.code === 'config.invalid') throw reading.configProblem;
  return DEFAULT_DATA_DIR;
}

/**
 * An empty list must not be the answer to a place that is not there. A daemon that has a config and has
 * never been started has no data yet: that is an empty list.
 */
function refuseNowhere(invocation: Invocation, reading: ConfigReading, dataDir: string): void {
  if (existsSync(dataDir)) return;
  if (invocation.places.dataDir !== null)
    throw new AimxError('request.not-found', `There is no folder ${dataDir} that you may look into`, {
      hint: 'give the data folder of a daemon with --data-dir or AIMX_DATA_DIR',
    });
  if (reading.configProblem !== null) throw reading.configProblem;
}

/**
 * @param options.withRows Also opens the journal for reading, where the caller may.
 * @param options.withData False for what is about the config alone; the data folder is then not looked for.
 * @returns The context, and what must be disposed of when the work is done.
 */
export async function openLocalContext(
  invocation: Invocation,
  options: { readonly withRows: boolean; readonly withData?: boolean },
): Promise<{ readonly context: OperationContext } & AsyncDisposable> {
  const reading = await readConfig(invocation);
  const dataDir = options.withData === false ? DEFAULT_DATA_DIR : dataDirOf(invocation, reading);
  if (!options.withRows && options.withData !== false) refuseNowhere(invocation, reading, dataDir);
  const journalFiles = options.withRows ? await import('../../operations/journal-files.ts') : null;
  const rows = (await journalFiles?.openRows(dataDir)) ?? null;
  const { configDir } = invocation.places;
  const context: OperationContext = {
    ...reading,
    dataDir,
    configDir,
    rows,
    journal: null,
    runner: null,
    callerRun: async () => ({ kind: 'outside' }),
    mailboxIds: null,
    files: linuxFiles,
    signingKeys: createSigningKeys({ files: linuxFiles, configDir, config: () => reading.config }),
    clock: systemClock,
    random: systemRandom,
    processUid: invocation.uid,
    accounts: systemAccounts(systemClock),
    openRaw: journalFiles?.openRaw ?? noRaw,
    caller: { kind: 'local', uid: invocation.uid },
    owned: 'all',
    signal: new AbortController().signal,
  };
  return { context, [Symbol.asyncDispose]: async () => rows?.[Symbol.asyncDispose]() };
}

function noRaw(): never {
  throw new AimxError('daemon.unreachable', 'The journal cannot be read here');
}
