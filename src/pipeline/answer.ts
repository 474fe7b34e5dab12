/**
 * What a message that came in may be an answer to: the report that it brings and what it names of ours.
 *
 * Pure. Whether something of ours matches is the journal's to say; what nobody has sent matches nothing.
 * Anybody can write any of it, so an answer is shown beside what we know and changes none of it.
 */
import { queueIdOfPath, queueIdOfTag } from '../address/return-path.ts';
import type { DeliveryRow, MessageRow, ReceivedAnswer } from '../journal/journal.ts';
import { shownValue } from '../message/enclosures/shown-value.ts';
import { tellingStatus } from '../message/report/describe.ts';
import type { DeliveryReport, MessageReport, ReportedRecipient } from '../message/report/report.ts';
import { statusMeaning } from '../message/report/status-meaning.ts';
import { assertNever } from '../system/assert.ts';
import type { ReadOutcome } from './reader.ts';

/** It stands in one line of the sent file; the whole is in the message that came. */
const TEXT_CHARACTERS_MAX = 200;
/** The parent is the last reference; one that is further up than this is answered by somebody else. */
const MESSAGE_IDS_MAX = 20;
/** A message goes to at most so many recipients that a sender can look at one by one. */
const RECIPIENTS_MAX = 100;
const QUEUE_ID = /^[0-9a-f]{16}$/i;

export interface AnswerSource {
  readonly delivery: Pick<DeliveryRow, 'deliveryId' | 'mailboxId' | 'folder' | 'deliveredTo' | 'tag'>;
  readonly message: {
    readonly envelope: Pick<MessageRow['envelope'], 'reversePath'>;
    readonly arrival: Pick<MessageRow['arrival'], 'via'>;
  };
  readonly read: Pick<ReadOutcome, 'header' | 'report'>;
}

type AnsweredRecipient = ReceivedAnswer['recipients'][number];

/**
 * What to ask the journal about; null for a message that names nothing that we could have sent, for a
 * copy of our own, and for a report that we wrote ourselves.
 */
export function answerOf({ delivery, message, read }: AnswerSource): ReceivedAnswer | null {
  const { header, report } = read;
  const isUnaddressed = message.envelope.reversePath === '';
  // Our own report says what the row has said already.
  if (delivery.folder !== 'inbox' || (message.arrival.via === 'outbox' && isUnaddressed)) return null;
  const queueIds = queueIdsOf(delivery, report);
  const messageIds = messageIdsOf(header, report);
  if (queueIds.length === 0 && messageIds.length === 0) return null;
  const { deliveryId, mailboxId } = delivery;
  const common = { deliveryId, mailboxId, queueIds, messageIds, from: header.from };
  if (report !== null) return { ...common, kind: report.kind, recipients: reported(report) };
  // Persons answer to From; what comes to a return path without a known form is a program's.
  if (isUnaddressed || messageIds.length === 0) {
    const recipients = isUnaddressed ? [unnamed(header.subject)] : [];
    return { ...common, kind: 'auto-reply', recipients };
  }
  return { ...common, kind: 'reply', recipients: [] };
}

/** Queue ids as our return paths carry them, then as a report repeats them (ENVID, RFC 3461 §4.4). */
function queueIdsOf(
  { tag, deliveredTo }: AnswerSource['delivery'],
  report: MessageReport | null,
): readonly string[] {
  const found = [
    queueIdOfTag(tag ?? ''),
    ...deliveredTo.map(queueIdOfPath),
    QUEUE_ID.exec(report?.originalEnvelopeId ?? '')?.[0] ?? null,
  ];
  return [...new Set(found.filter((id) => id !== null).map((id) => id.toLowerCase()))];
}

/** The message that a report names, then the parent, then its ancestors, the nearest first. */
function messageIdsOf(
  { inReplyTo, references }: ReadOutcome['header'],
  report: MessageReport | null,
): readonly string[] {
  const ancestors = references.slice(-MESSAGE_IDS_MAX).reverse();
  const found = [report?.originalMessageId ?? '', inReplyTo, ...ancestors];
  return [...new Set(found.filter((id) => id !== ''))].slice(0, MESSAGE_IDS_MAX);
}

function reported(report: MessageReport): readonly AnsweredRecipient[] {
  switch (report.kind) {
    case 'delivery-report':
      return reportedRecipients(report);
    case 'complaint': {
      const text = shownValue(report.feedbackType, TEXT_CHARACTERS_MAX);
      const addresses = report.recipients.length === 0 ? [''] : report.recipients;
      return addresses.slice(0, RECIPIENTS_MAX).map((address) => ({ address, action: null, text }));
    }
    case 'disposition':
      return [
        {
          address: report.recipient,
          action: null,
          text: shownValue([report.disposition, ...report.modifiers].join(', '), TEXT_CHARACTERS_MAX),
        },
      ];
    case 'auto-reply':
      return [];
    default:
      return assertNever(report);
  }
}

/** A report may name the address that we wrote to as the original one (RFC 3464 §2.3.1). */
function reportedRecipients({ recipients }: DeliveryReport): readonly AnsweredRecipient[] {
  return recipients.slice(0, RECIPIENTS_MAX).flatMap((recipient) => {
    const said = { action: recipient.action, text: saidOf(recipient) };
    const { address, originalAddress } = recipient;
    return [
      ...(originalAddress === null ? [] : [{ ...said, address: originalAddress }]),
      { ...said, address },
    ];
  });
}

/** `5.1.1 User unknown`: the status, and the other side's words or ours for it. */
function saidOf(recipient: ReportedRecipient): string {
  const status = tellingStatus(recipient);
  const said = (recipient.diagnostic ?? '').replace(/^\d{3}[ -]?/, '');
  const words = said === '' && status !== null ? (statusMeaning(status) ?? '') : said;
  const text = status === null || words.startsWith(status) ? words : `${status} ${words}`;
  return shownValue(text, TEXT_CHARACTERS_MAX);
}

function unnamed(subject: string): AnsweredRecipient {
  return { address: '', action: null, text: shownValue(subject, TEXT_CHARACTERS_MAX) };
}
