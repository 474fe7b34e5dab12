/** `aimx read`. */
import type { ReadInput } from '../../../operations/read.ts';
import { type CommandBody, type Invocation, textOption } from '../invocation.ts';
import { performOnFiles, performOnRows } from '../perform.ts';
import { safeText } from '../safe-text.ts';
import { print } from '../show.ts';

/** Files are named by ids; which id a Message-ID stands for, the journal knows. */
async function byId(invocation: Invocation, input: ReadInput): Promise<ReadInput> {
  if (!input.message.includes('@')) return input;
  const { mailbox, id } = await performOnRows(
    invocation,
    'trace',
    { message: input.message, mailbox: input.mailbox },
    async () => (await import('../../../operations/trace.ts')).trace,
  );
  return id === null ? input : { ...input, message: `${mailbox}/${id}` };
}

export const run: CommandBody = async (invocation) => {
  const input: ReadInput = {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    folder: textOption(invocation, 'folder') as ReadInput['folder'],
  };
  const message = await performOnFiles(
    invocation,
    await byId(invocation, input),
    async () => (await import('../../../operations/read.ts')).read,
  );
  await print(invocation, message, ({ content }) => safeText(content));
  return 0;
};
