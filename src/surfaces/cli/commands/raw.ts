/** `aimx raw`. */
import { type CommandBody, textOption } from '../invocation.ts';
import { downloadOnRows } from '../perform.ts';
import { safeText } from '../safe-text.ts';

export const run: CommandBody = async (invocation) => {
  const { terminal } = invocation;
  const input = { message: invocation.args[0] ?? '', mailbox: textOption(invocation, 'mailbox') };
  await downloadOnRows(
    invocation,
    'raw',
    input,
    async () => (await import('../../../operations/raw.ts')).raw,
    async (bytes) => {
      const decoder = new TextDecoder('utf-8');
      for await (const chunk of bytes)
        await terminal.out(
          terminal.isInteractive ? safeText(decoder.decode(chunk, { stream: true })) : chunk,
        );
    },
  );
  return 0;
};
