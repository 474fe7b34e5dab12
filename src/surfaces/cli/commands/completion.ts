/** `aimx completion bash|zsh|fish`. */
import { AimxError } from '../../../system/errors.ts';
import type { CommandTable } from '../command-spec.ts';
import { completionScript, isShell, SHELLS } from '../completion.ts';
import type { CommandBody } from '../invocation.ts';

/** @param table Passed in, because the table itself loads this file. */
export const completionOf =
  (table: CommandTable): CommandBody =>
  async (invocation) => {
    const shell = invocation.args[0] ?? '';
    if (!isShell(shell))
      throw new AimxError('request.invalid', `There is no completion for ${JSON.stringify(shell)}`, {
        hint: `name one of ${SHELLS.join(', ')}`,
      });
    await invocation.terminal.out(completionScript(shell, table));
    return 0;
  };
