/** What every command that runs a daemon, or its core, starts it with. */
import { dirname } from 'node:path';
import type { Log } from '../../system/log.ts';
import type { DaemonOptions, Invocation } from './invocation.ts';
import { DEFAULT_CONFIG_DIR, DEFAULT_RUNTIME_DIR } from './places.ts';

/**
 * @param at Where config and runtime folder lie, if not where other commands look for them.
 * @returns The places and the environment of the caller; overrides are kept through every reload.
 */
export function daemonOptions(
  invocation: Pick<Invocation, 'places' | 'environment'>,
  log: Log,
  at: { readonly configPath: string; readonly runtimeDir: string } = invocation.places,
): DaemonOptions {
  const { places, environment } = invocation;
  return {
    configPath: at.configPath,
    overrides: {
      runtimeDir: at.runtimeDir,
      ...(places.dataDir === null ? {} : { dataDir: places.dataDir }),
    },
    environment: {
      path: environment['PATH'] || null,
      lang: environment['LANG'] || null,
      places: placesOf(at),
    },
    log,
  };
}

/** A hook works in its owner's home, where nothing tells `aimx reply` of a daemon elsewhere. */
function placesOf(at: {
  readonly configPath: string;
  readonly runtimeDir: string;
}): Readonly<Record<string, string>> {
  const configDir = dirname(at.configPath);
  return configDir === DEFAULT_CONFIG_DIR && at.runtimeDir === DEFAULT_RUNTIME_DIR
    ? {}
    : { AIMX_CONFIG_DIR: configDir, AIMX_RUNTIME_DIR: at.runtimeDir };
}
