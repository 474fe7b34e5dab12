/** `aimx dkim-keygen`. */
import type { DkimKeygenOutput } from '../../../operations/dkim-keygen.ts';
import { type CommandBody, flagOption, textOption } from '../invocation.ts';
import { performOnConfig } from '../perform.ts';
import { print } from '../show.ts';

function formatKey(key: DkimKeygenOutput): string {
  return [
    `Private key  ${key.private_key}`,
    `Public key   ${key.public_key}`,
    '',
    'Publish this TXT record:',
    key.zone_line,
    '',
  ].join('\n');
}

export const run: CommandBody = async (invocation) => {
  const key = await performOnConfig(
    invocation,
    {
      selector: textOption(invocation, 'selector'),
      force: flagOption(invocation, 'force') || undefined,
    },
    async () => (await import('../../../operations/dkim-keygen.ts')).dkimKeygen,
  );
  await print(invocation, key, formatKey);
  return 0;
};
