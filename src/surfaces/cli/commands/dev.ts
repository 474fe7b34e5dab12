/** `aimx dev`: a server for trying things, in the folder that it is started in. */
import { systemAccounts } from '../../../system/accounts.ts';
import { systemClock } from '../../../system/clock.ts';
import { daemonOptions } from '../daemon-options.ts';
import { loopbackBind, prepareDevConfig } from '../dev-config-file.ts';
import { createDevLog } from '../dev-log.ts';
import { type CommandBody, type Invocation, textOption } from '../invocation.ts';
import { runUntilStopped } from '../signals.ts';
import { positiveNumber } from './page-options.ts';

const PORT_MAX = 65_535;

function greeting(
  invocation: Invocation,
  about: { address: string; recipient: string; inbox: string; home: string },
): string {
  const { terminal } = invocation;
  const host = about.address.replace(/^0\.0\.0\.0|^\[::\]/, '127.0.0.1');
  const mail = 'From: me@example.com\\nTo: agent\\nSubject: Hello\\n\\nHow are you?\\n';
  return [
    `${terminal.style('bold', `aimx listens on ${about.address}`)} for ${about.recipient}`,
    `Files    ${about.inbox}`,
    `Hooks    start in ${about.home}`,
    'Try      in another terminal:',
    '',
    `  printf '${mail}' | curl smtp://${host} --mail-from me@example.com --mail-rcpt ${about.recipient} -T - --crlf`,
    '',
    `Then     aimx list, aimx trace <message>, aimx runs list. Ctrl-C stops.`,
    '',
    '',
  ].join('\n');
}

export const run: CommandBody = async (invocation) => {
  const { terminal, places, starters, cwd } = invocation;
  const account = systemAccounts(systemClock).current();
  const portText = textOption(invocation, 'port');
  const port = portText === undefined ? null : positiveNumber('--port', portText, PORT_MAX);
  const prepared = await prepareDevConfig({
    places,
    cwd,
    uid: invocation.uid,
    owner: account.name,
    hook: textOption(invocation, 'hook') ?? null,
    port,
  });
  if (prepared.outcome !== 'kept') terminal.err(`aimx: ${prepared.outcome} ${prepared.configPath}\n`);
  const { log, hasRunning } = createDevLog(terminal, systemClock);
  const options = daemonOptions(invocation, log, prepared);
  const daemon = await starters.startDaemon({
    ...options,
    overrides: { ...options.overrides, ...(port === null ? {} : { bind: [loopbackBind(port)] }) },
  });
  await terminal.out(
    greeting(invocation, {
      address: daemon.addresses[0] ?? 'nowhere',
      recipient: prepared.recipient,
      home: account.home,
      inbox: `${places.dataDir ?? prepared.dataDir}/inbox/${prepared.mailbox}`,
    }),
  );
  return await runUntilStopped(daemon, () =>
    terminal.err(hasRunning() ? 'Stopping; hooks that run live on.\n' : 'Stopping.\n'),
  );
};
