/** `aimx serve`. */
import { existsSync } from 'node:fs';
import { hostAndPort } from '../../../config/rules.ts';
import { AimxError } from '../../../system/errors.ts';
import { jsonLog, type Log } from '../../../system/log.ts';
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

/** Mail comes in without the key; what goes out could not be signed (contract §1). */
function warnWithoutDkimKey(configDir: string, log: Log): void {
  const path = `${configDir}/dkim/private.key`;
  if (!existsSync(path)) log.warn('dkim.no-key', { missing: path, hint: 'make one with aimx dkim-keygen' });
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
  warnWithoutDkimKey(invocation.places.configDir, log);
  return await runUntilStopped(daemon);
};
