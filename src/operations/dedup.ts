/** `dedup list|forget`: which copies were absorbed, and how to let one in again. */
import { formatInstant } from '../system/clock.ts';
import { callerName, mailboxScope, refuseUnknownMailbox, requireJournal, requireRows } from './access.ts';
import type { CallOperation } from './operation.ts';
import { type PageInput, pageLimit } from './page.ts';
import { type MessageReference, resolveDelivery } from './reference.ts';

export interface AbsorbedView {
  /** When the copy came. */
  readonly received_at: string;
  /** When it was known for a copy and absorbed. */
  readonly at: string;
  readonly mailbox: string;
  /** Id of the message that holds the copy. */
  readonly id: string;
  readonly by: string;
  /** Null for a copy by `aimx ingest`. */
  readonly client_address: string | null;
  readonly delivered_to: readonly string[];
}

export interface DedupListInput extends PageInput {
  readonly mailbox?: string | undefined;
}

export interface DedupListOutput {
  readonly absorbed: readonly AbsorbedView[];
  readonly next_cursor: string | null;
}

export const dedupList: CallOperation<DedupListInput, DedupListOutput> = {
  kind: 'call',
  summary: 'Lists the copies that were absorbed, newest first.',
  who: 'owner',
  errors: ['request.not-found', 'daemon.unreachable'],
  changes: false,
  async run(input, context) {
    const mailboxes = mailboxScope(context, input.mailbox);
    const page = await requireRows(context).query('absorbed', {
      ...(mailboxes === undefined ? {} : { mailboxes }),
      limit: pageLimit(input),
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    refuseUnknownMailbox(context, input.mailbox, page.rows);
    return {
      absorbed: page.rows.map((row) => ({
        received_at: formatInstant(row.receivedAt),
        at: formatInstant(row.at),
        mailbox: row.mailbox,
        id: row.id,
        by: row.by,
        client_address: row.clientAddress,
        delivered_to: row.deliveredTo,
      })),
      next_cursor: page.nextCursor,
    };
  },
};

export interface DedupForgetOutput {
  readonly mailbox: string;
  readonly id: string;
  /** Fingerprints that were forgotten. */
  readonly forgotten: number;
}

export const dedupForget: CallOperation<MessageReference, DedupForgetOutput> = {
  kind: 'call',
  summary: 'Forgets what a message looked like, so that the same bytes are delivered again.',
  who: 'owner',
  errors: ['request.not-found', 'request.ambiguous', 'daemon.unreachable'],
  changes: true,
  async run(input, context) {
    const journal = requireJournal(context);
    const { delivery } = await resolveDelivery(context, input);
    const { forgotten } = await journal.advance('forget-fingerprints', {
      deliveryId: delivery.deliveryId,
      by: callerName(context),
      at: context.clock.now(),
    });
    return { mailbox: delivery.mailbox, id: delivery.id ?? input.message, forgotten };
  },
};
