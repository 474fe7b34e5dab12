/** `aimx serve`. */
import { jsonLog } from '../../../system/log.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { runUntilStopped } from '../signals.ts';

export const run: CommandBody = async (invocation) => {
  const { places, options, starters } = invocation;
  const bind = options['bind'] as readonly string[] | undefined;
  const tlsCert = textOption(invocation, 'tlsCert');
  const tlsKey = textOption(invocation, 'tlsKey');
  const daemon = await starters.startDaemon({
    configPath: places.configPath,
    overrides: {
      runtimeDir: places.runtimeDir,
      ...(places.dataDir === null ? {} : { dataDir: places.dataDir }),
      ...(bind === undefined ? {} : { bind }),
      ...(tlsCert === undefined ? {} : { tlsCert }),
      ...(tlsKey === undefined ? {} : { tlsKey }),
    },
    log: jsonLog('info'),
  });
  return await runUntilStopped(daemon);
};
