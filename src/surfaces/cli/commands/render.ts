/** `aimx render`. */
import { render } from '../../../operations/render.ts';
import { systemClock } from '../../../system/clock.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { print } from '../show.ts';

export const run: CommandBody = async (invocation) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of invocation.stdin) chunks.push(chunk as Uint8Array);
  const rendered = render(Buffer.concat(chunks), { mailbox: textOption(invocation, 'mailbox') }, systemClock);
  await print(invocation, rendered, ({ document }) => safeText(document));
  return 0;
};
