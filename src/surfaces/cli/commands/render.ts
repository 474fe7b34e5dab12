/** `aimx render`. */
import { render } from '../../../operations/render.ts';
import { systemClock } from '../../../system/clock.ts';
import { AimxError } from '../../../system/errors.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { noteTyping, print } from '../show.ts';

export const run: CommandBody = async (invocation) => {
  noteTyping(invocation);
  const chunks: Uint8Array[] = [];
  for await (const chunk of invocation.stdin) chunks.push(chunk as Uint8Array);
  const raw = Buffer.concat(chunks);
  if (raw.length === 0)
    throw new AimxError('request.invalid', 'The message is empty', {
      hint: 'give a message on stdin: aimx render < message.eml',
    });
  const rendered = render(raw, { mailbox: textOption(invocation, 'mailbox') }, systemClock);
  await print(invocation, rendered, ({ document }) => safeText(document));
  return 0;
};
