/** The `config.toml` of `aimx dev`: written on the first start, and again while nobody has edited it. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { devConfig } from '../../config/dev-config.ts';
import { parseConfig } from '../../config/parse.ts';
import { AimxError, isErrno } from '../../system/errors.ts';
import type { Places } from './places.ts';

export interface PreparedDev {
  readonly configPath: string;
  readonly runtimeDir: string;
  readonly dataDir: string;
  readonly mailbox: string;
  readonly recipient: string;
  readonly outcome: 'wrote' | 'changed the hook in' | 'kept';
}

interface DevRequest {
  readonly places: Places;
  readonly cwd: string;
  readonly uid: number;
  /** Name of the user who starts it. */
  readonly owner: string;
  /** A shell command; null leaves what is there. */
  readonly hook: string | null;
  /** On 127.0.0.1; null for a free one, where the file is not written yet. */
  readonly port: number | null;
}

/** The first port that is tried; the next free one after it is taken. */
const PORT_FIRST = 2525;
const PORTS_TRIED = 50;

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

export function loopbackBind(port: number): string {
  return `127.0.0.1:${port}`;
}

async function freeBind(): Promise<string> {
  for (let port = PORT_FIRST; port < PORT_FIRST + PORTS_TRIED; port += 1)
    if (await isFree(port)) return loopbackBind(port);
  throw new AimxError('network.unavailable', `No port from ${PORT_FIRST} on is free on 127.0.0.1`, {
    hint: 'stop a server that you do not need',
  });
}

/** Appears whole or not at all; readable by its owner alone. */
function writeConfig(path: string, text: string): void {
  const temp = `${path}.new`;
  rmSync(temp, { force: true });
  const fd = openSync(temp, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temp, path);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function parse(path: string, text: string, request: DevRequest): Config {
  const outcome = parseConfig(text, {
    path,
    currentUser: request.owner,
    isRoot: request.uid === 0,
    cores: availableParallelism(),
  });
  if (outcome.kind === 'valid') return outcome.config;
  throw new AimxError('config.invalid', `${path} cannot be used as it is`, {
    hint: 'aimx config check says what is wrong with it',
  });
}

function hookOf(config: Config): string | null {
  return config.mailboxes[0]?.hooks[0]?.cmd[2] ?? null;
}

/** The text with another hook; null where somebody has edited the file, which is then theirs. */
function withHook(
  config: Config,
  text: string,
  request: DevRequest & { readonly hook: string },
): string | null {
  const same = { dataDir: config.dataDir, owner: request.owner, bind: config.smtp.bind[0] ?? '' };
  const isOurs = devConfig({ ...same, hook: hookOf(config) }) === text;
  return isOurs ? devConfig({ ...same, hook: request.hook }) : null;
}

/** A folder of another user would have their programs started as us. */
function refuseForeign(folder: string, uid: number): void {
  if (statSync(folder).uid === uid) return;
  throw new AimxError('request.forbidden', `${folder} belongs to another user`, {
    hint: 'start aimx dev in a folder of your own',
  });
}

/** @throws `config.invalid`, `request.conflict` where `--hook` would overwrite an edited file, `request.forbidden`. */
export async function prepareDevConfig(request: DevRequest): Promise<PreparedDev> {
  const { places, cwd, uid, hook } = request;
  const isNamed = places.configDir !== resolve(cwd, '.aimx') && places.configDir !== '/etc/aimx';
  const folder = isNamed ? places.configDir : resolve(cwd, '.aimx');
  const configPath = `${folder}/config.toml`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseForeign(folder, uid);
  const found = readText(configPath);
  let text = found;
  let outcome: PreparedDev['outcome'] = 'kept';
  if (text === null) {
    const bind = request.port === null ? await freeBind() : loopbackBind(request.port);
    text = devConfig({ dataDir: `${folder}/data`, owner: request.owner, bind, hook });
    outcome = 'wrote';
  } else if (hook !== null && hookOf(parse(configPath, text, request)) !== hook) {
    text = withHook(parse(configPath, text, request), text, { ...request, hook });
    if (text === null)
      throw new AimxError('request.conflict', `${configPath} has been edited, so --hook does not change it`, {
        hint: 'change the hook in the file, or start in another folder',
      });
    outcome = 'changed the hook in';
  }
  if (text !== found) writeConfig(configPath, text);
  const config = parse(configPath, text, request);
  const mailbox = config.mailboxes[0];
  return {
    configPath,
    runtimeDir: places.runtimeDir === '/run/aimx' ? `${folder}/run` : places.runtimeDir,
    dataDir: config.dataDir,
    mailbox: mailbox?.name ?? '',
    recipient: mailbox?.address ?? `postmaster@${config.domain}`,
    outcome,
  };
}
