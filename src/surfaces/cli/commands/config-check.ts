/** `aimx config check`. */
import type { ConfigCheckOutput } from '../../../operations/config-check.ts';
import type { CommandBody } from '../invocation.ts';
import { performOnConfig } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { print } from '../show.ts';

function formatCheck({ path, valid, problems }: ConfigCheckOutput): string {
  const lines = problems.map(({ text }) => `${safeLine(text)}\n`).join('');
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const verdict = valid
    ? `${path} can be used`
    : `${path} cannot be used: ${errors} ${errors === 1 ? 'error' : 'errors'}`;
  return `${lines}${safeLine(verdict)}\n`;
}

export const run: CommandBody = async (invocation) => {
  const checked = await performOnConfig(
    invocation,
    {},
    async () => (await import('../../../operations/config-check.ts')).configCheck,
  );
  await print(invocation, checked, formatCheck);
  return checked.valid ? 0 : 1;
};
