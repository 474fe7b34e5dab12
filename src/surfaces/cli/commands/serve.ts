/** `aimx serve`. */
import { hostAndPort } from '../../../config/rules.ts';
import { AimxError } from '../../../system/errors.ts';
import { jsonLog } from '../../../system/log.ts';
import { daemonOptions } from '../daemon-options.ts';
import { type CommandBody, flagOption, textOption } from '../invocation.ts';
import { runUntilStopped } from '../signals.ts';

/** @throws `request.invalid`. */
function checkBind(bind: readonly string[]): readonly string[] {
  const wrong = bind.find((text) => hostAndPort.parse(text) === null);
  if (wrong === undefined) return bind;
  throw new AimxError('request.invalid', `Cannot listen on ${JSON.stringify(wrong)}`, {
    hint: `give ${hostAndPort.allowed}`,
  });
}

export const run: CommandBody = async (invocation) => {
  const bind = invocation.options['bind'] as readonly string[] | undefined;
  const tlsCert = textOption(invocation, 'tlsCert');
  const tlsKey = textOption(invocation, 'tlsKey');
  const log = jsonLog('info');
  const options = daemonOptions(invocation, log);
  const daemon = await invocation.starters.startDaemon({
    ...options,
    restored: flagOption(invocation, 'restored'),
    overrides: {
      ...options.overrides,
      ...(bind === undefined ? {} : { bind: checkBind(bind) }),
      ...(tlsCert === undefined ? {} : { tlsCert }),
      ...(tlsKey === undefined ? {} : { tlsKey }),
    },
  });
  return await runUntilStopped(daemon);
};
