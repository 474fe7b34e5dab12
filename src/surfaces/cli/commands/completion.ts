/** `aimx completion bash|zsh|fish`. */
import { AimxError } from '../../../system/errors.ts';
import { completionScript, isShell, SHELLS } from '../completion.ts';
import type { CommandBody } from '../invocation.ts';

export const run: CommandBody = async (invocation) => {
  const shell = invocation.args[0] ?? '';
  if (!isShell(shell))
    throw new AimxError('request.invalid', `There is no completion for ${JSON.stringify(shell)}`, {
      hint: `name one of ${SHELLS.join(', ')}`,
    });
  await invocation.terminal.out(completionScript(shell));
  return 0;
};
