/**
 * Where config, data and socket lie (contract §1, §8).
 *
 *     config    AIMX_CONFIG_DIR, else ./.aimx where it is the caller's own, else /etc/aimx
 *     data      --data-dir, else AIMX_DATA_DIR, else the config's data_dir
 *     runtime   AIMX_RUNTIME_DIR, else ./.aimx/run where ./.aimx is used, else /run/aimx
 */
import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Places {
  readonly configDir: string;
  readonly configPath: string;
  /** Null: the config's. */
  readonly dataDir: string | null;
  readonly runtimeDir: string;
  readonly socketPath: string;
  /** `./.aimx/config.toml` is used, which the command says. */
  readonly isLocal: boolean;
  /** A `./.aimx/config.toml` that is there and not used, since others than the caller may change it. */
  readonly passedOver: string | null;
}

export interface PlacesInput {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly dataDirOption: string | undefined;
}

export const DEFAULT_CONFIG_DIR = '/etc/aimx';
export const DEFAULT_RUNTIME_DIR = '/run/aimx';
const LOCAL_DIR = '.aimx';
const GROUP_AND_OTHERS_WRITE = 0o022;

/**
 * `own` where the file is the caller's own, in a folder of the caller's own that nobody else may write
 * to. Root never uses another user's file: it would start that user's programs as root.
 */
function localFile(folder: string, uid: number): 'own' | 'foreign' | 'absent' {
  try {
    const dir = lstatSync(folder);
    const file = lstatSync(`${folder}/config.toml`);
    const ours = dir.uid === uid && file.uid === uid;
    const closed = ((dir.mode | file.mode) & GROUP_AND_OTHERS_WRITE) === 0;
    return ours && closed && dir.isDirectory() && file.isFile() ? 'own' : 'foreign';
  } catch {
    // Absent, or out of sight: then it is not used.
    return 'absent';
  }
}

/** Empty counts as unset, as it does for most programs. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

export function findPlaces({ environment, cwd, uid, dataDirOption }: PlacesInput): Places {
  const local = resolve(cwd, LOCAL_DIR);
  const named = given(environment['AIMX_CONFIG_DIR']);
  const found = named === undefined ? localFile(local, uid) : 'absent';
  const isLocal = found === 'own';
  const configDir = named === undefined ? (isLocal ? local : DEFAULT_CONFIG_DIR) : resolve(cwd, named);
  const dataDir = given(dataDirOption) ?? given(environment['AIMX_DATA_DIR']);
  const runtime = given(environment['AIMX_RUNTIME_DIR']);
  const runtimeDir =
    runtime === undefined ? (isLocal ? `${local}/run` : DEFAULT_RUNTIME_DIR) : resolve(cwd, runtime);
  return {
    configDir,
    configPath: `${configDir}/config.toml`,
    dataDir: dataDir === undefined ? null : resolve(cwd, dataDir),
    runtimeDir,
    socketPath: `${runtimeDir}/aimx.sock`,
    isLocal,
    passedOver: found === 'foreign' ? `${local}/config.toml` : null,
  };
}
