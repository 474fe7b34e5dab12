/** `raw`: the message as it came, with our trace fields before it. */
import type { DownloadOperation } from './operation.ts';
import { type MessageReference, resolveDelivery } from './reference.ts';
import { formatTraceFields } from './trace-fields.ts';

export const raw: DownloadOperation<MessageReference> = {
  kind: 'download',
  contentType: 'message/rfc822',
  summary:
    'Prints a message as it was sent; before one that came in, Return-Path, Received and Authentication-Results.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable', 'journal.damaged'],
  changes: false,
  async run(input, context) {
    const { delivery, message } = await resolveDelivery(context, input);
    const content = context.openRaw(message.raw)[Symbol.asyncIterator]();
    // The first chunk is read before anything is answered, so that an error is still an error.
    const first = await content.next();
    // What was sent came from nowhere: it is shown as it leaves.
    const fields =
      delivery.folder === 'sent'
        ? ''
        : formatTraceFields(message, delivery, context.config?.hostname ?? 'localhost');
    return (async function* () {
      yield new TextEncoder().encode(fields);
      for (let next = first; next.done !== true; next = await content.next()) yield next.value;
    })();
  },
};
