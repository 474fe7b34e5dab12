/** `aimx dkim-keygen`. */
import type { DkimActivateOutput } from '../../../operations/dkim-activate.ts';
import type { DkimKeygenOutput, DkimKeyView } from '../../../operations/dkim-keygen.ts';
import { AimxError } from '../../../system/errors.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { openLocalContext } from '../local-world.ts';
import { performOnConfig } from '../perform.ts';
import { print } from '../show.ts';

/** What may not be given with `--activate`: it takes keys as they were prepared. */
const NOT_WITH_ACTIVATE = { rotate: '--rotate', selector: '--selector', rsaOnly: '--rsa-only' } as const;

function fileLines(key: DkimKeyView): readonly string[] {
  return [`Private key  ${key.private_key}`, `Public key   ${key.public_key}`];
}

/** @param again How the command is to be given for the second step. */
function formatKeys(output: DkimKeygenOutput, again: string): string {
  const keys = output.ed25519 === null ? [output] : [output, output.ed25519];
  const lines = [
    ...keys.flatMap(fileLines),
    '',
    keys.length === 1 ? 'Publish this TXT record:' : 'Publish these TXT records:',
    ...keys.map(({ zone_line }) => zone_line),
    '',
  ];
  if (!output.signs)
    lines.push('The present keys sign until you let these, once DNS shows them:', `  ${again}`, '');
  return lines.join('\n');
}

function formatActivated(output: DkimActivateOutput): string {
  const until = output.keep_old_records_until.slice(0, 10);
  const lines = [`Signs for ${output.domain} with ${output.selectors.join(' and ')} from now on`];
  if (output.old_records.length > 0)
    lines.push(
      `Keep the old records until ${until}: what is in the queue was signed with their keys`,
      ...output.old_records.map((name) => `  ${name}`),
    );
  return `${lines.join('\n')}\n`;
}

async function activate(invocation: Invocation): Promise<void> {
  for (const [name, flag] of Object.entries(NOT_WITH_ACTIVATE))
    if (invocation.options[name] !== undefined)
      throw new AimxError('request.invalid', `Cannot use --activate together with ${flag}`, {
        hint: 'prepare the keys first, with aimx dkim-keygen --rotate',
      });
  const [{ dkimActivate }, { createResolver }, { systemClock }, { systemRandom }] = await Promise.all([
    import('../../../operations/dkim-activate.ts'),
    import('../../../system/dns/resolver.ts'),
    import('../../../system/clock.ts'),
    import('../../../system/random.ts'),
  ]);
  await using local = await openLocalContext(invocation, { withRows: false, withData: false });
  const { context } = local;
  // A config that asks nobody (`servers = []`) is about the daemon: whoever calls this wants to know.
  const { servers, timeoutMs } = context.config?.dns ?? { servers: null, timeoutMs: QUESTION_MS_MAX };
  await using dns = createResolver({
    servers: servers ?? [],
    timeoutMs,
    clock: systemClock,
    random: systemRandom,
  });
  const input = { domain: textOption(invocation, 'domain'), force: flagOption(invocation, 'force') };
  await print(invocation, await dkimActivate(input, context, dns), formatActivated);
}

/** `[dns] timeout` where no config says otherwise. */
const QUESTION_MS_MAX = 5_000;

export const run: CommandBody = async (invocation) => {
  if (flagOption(invocation, 'activate')) {
    await activate(invocation);
    return 0;
  }
  const domain = textOption(invocation, 'domain');
  const output = await performOnConfig(
    invocation,
    {
      selector: textOption(invocation, 'selector'),
      domain,
      force: flagOption(invocation, 'force') || undefined,
      rsaOnly: flagOption(invocation, 'rsaOnly') || undefined,
      rotate: flagOption(invocation, 'rotate') || undefined,
    },
    async () => (await import('../../../operations/dkim-keygen.ts')).dkimKeygen,
  );
  const again = `aimx dkim-keygen --activate${domain === undefined ? '' : ` --domain ${domain}`}`;
  await print(invocation, output, (keys) => formatKeys(keys, again));
  return 0;
};
