/** What the file of a sent message says of what became of it (contract §5). Pure. */
import type { DeliveryStatus, OutgoingRecipient, OutgoingRow, RecipientState } from '../journal/journal.ts';
import type { SentFields } from '../message/document/document.ts';
import { shownValue } from '../message/enclosures/shown-value.ts';
import { formatInstant } from '../system/clock.ts';

/** A server's reply, in one line of the file; the trace has the whole. */
const REPLY_CHARACTERS_MAX = 500;
/** Recipients whose reasons the details name; the table has all. */
const DETAILS_MAX = 5;

const STATUS: Readonly<Record<RecipientState, DeliveryStatus>> = {
  queued: 'pending',
  transmitting: 'pending',
  deferred: 'deferred',
  delivered: 'delivered',
  failed: 'failed',
  cancelled: 'failed',
};

export function sentFieldsOf(outgoing: OutgoingRow): SentFields {
  const { recipients, status, endedAt, format } = outgoing;
  return {
    outbound_format: format,
    delivery_status: status,
    bcc: recipients.flatMap(({ field, address }) => (field === 'bcc' ? [address] : [])).join(', '),
    delivered_at: status === 'delivered' && endedAt !== null ? formatInstant(endedAt) : null,
    delivery_details: detailsOf(outgoing),
    recipients: recipients.map((recipient) => ({
      address: recipient.address,
      status: STATUS[recipient.state],
      reply: shownValue(recipient.reply ?? '', REPLY_CHARACTERS_MAX),
      next_attempt: nextAttemptOf(recipient, outgoing),
      answer: recipient.answer,
    })),
  };
}

/** What is held is not tried, whatever its time was. */
function nextAttemptOf({ nextAt }: OutgoingRecipient, { held }: OutgoingRow): string | null {
  return nextAt === null || held !== null ? null : formatInstant(nextAt);
}

/** Why it is where it is, in words; `""` where there is nothing to add to the status. */
function detailsOf({ held, recipients, status }: OutgoingRow): string {
  if (held !== null) return `held: ${shownValue(held, REPLY_CHARACTERS_MAX)}`;
  if (status === 'delivered') return recipients.at(-1)?.reply ?? '';
  const open = recipients.filter(({ state, reply }) => state !== 'delivered' && reply !== null);
  const said = open
    .slice(0, DETAILS_MAX)
    .map(({ address, reply }) => `${address}: ${shownValue(reply ?? '')}`);
  const more = open.length - said.length;
  return [...said, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
