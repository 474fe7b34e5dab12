/** `aimx read`. */
import type { ReadInput } from '../../../operations/read.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { performOnFiles } from '../perform.ts';
import { safeText } from '../safe-text.ts';
import { print } from '../show.ts';

export const run: CommandBody = async (invocation) => {
  const input: ReadInput = {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    folder: textOption(invocation, 'folder') as ReadInput['folder'],
  };
  const message = await performOnFiles(
    invocation,
    input,
    async () => (await import('../../../operations/read.ts')).read,
  );
  await print(invocation, message, ({ content }) => safeText(content));
  return 0;
};
