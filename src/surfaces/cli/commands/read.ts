/** `aimx read`. */
import type { ReadInput, ReadOutput } from '../../../operations/read.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
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

/** For a message of which nothing is new; the whole stands below. */
const ALL_QUOTED = '[All of this message is quoted.]\n\n';

function newPart({ body, quoted }: ReadOutput): string {
  return safeText(`${quoted === 'all' ? ALL_QUOTED : ''}${body.trimEnd()}\n`);
}

export const run: CommandBody = async (invocation) => {
  const input: ReadInput = {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
    folder: textOption(invocation, 'folder') as ReadInput['folder'],
    ...(flagOption(invocation, 'new') ? { new: true } : {}),
  };
  const message = await performOnFiles(
    invocation,
    await byId(invocation, input),
    async () => (await import('../../../operations/read.ts')).read,
  );
  if (input.new === true) {
    const { mailbox, folder, id, path, body, quoted } = message;
    await print(invocation, { mailbox, folder, id, path, body, quoted }, () => newPart(message));
    return 0;
  }
  const { quoted: _, ...whole } = message;
  await print(invocation, whole, ({ content }) => safeText(content));
  return 0;
};
