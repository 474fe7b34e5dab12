/** What every command that runs a daemon, or its core, starts it with. */
import type { Log } from '../../system/log.ts';
import type { DaemonOptions, Invocation } from './invocation.ts';

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
    environment: { path: environment['PATH'] || null, lang: environment['LANG'] || null },
    log,
  };
}
