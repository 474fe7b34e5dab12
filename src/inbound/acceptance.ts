/** Makes what the journal is asked to accept out of what the session and the content sink know. */
import type { Acceptance, AcceptedRecipient, Arrival, MailboxId } from '../journal/journal.ts';
import type { SessionEnvelope } from '../smtp/session-events.ts';
import type { ReceivedContent } from './content-sink.ts';

export interface AcceptanceParts {
  readonly envelope: SessionEnvelope;
  readonly received: ReceivedContent;
  readonly lacksIdentity: boolean;
  readonly mailboxIds: Readonly<Record<string, MailboxId>>;
  readonly arrival: Pick<Arrival, 'receivedAt' | 'sessionId' | 'clientAddress' | 'tls'>;
}

export type AcceptanceOutcome =
  | { readonly kind: 'acceptance'; readonly acceptance: Acceptance }
  /** A mailbox has gone since RCPT; the client comes again and is told then. */
  | { readonly kind: 'mailbox-gone'; readonly mailbox: string };

export function buildAcceptance({
  envelope,
  lacksIdentity,
  received,
  mailboxIds,
  arrival,
}: AcceptanceParts): AcceptanceOutcome {
  const recipients: AcceptedRecipient[] = [];
  for (const { forwardPath, route } of envelope.recipients) {
    const mailboxId = mailboxIds[route.mailbox];
    if (mailboxId === undefined) return { kind: 'mailbox-gone', mailbox: route.mailbox };
    recipients.push({ forwardPath, mailboxId, mailbox: route.mailbox, tag: route.tag });
  }
  return {
    kind: 'acceptance',
    acceptance: {
      envelope: {
        reversePath: envelope.reversePath,
        recipients,
        smtputf8: envelope.smtputf8,
        body: envelope.body,
      },
      arrival: {
        via: 'smtp',
        receivedAt: arrival.receivedAt,
        sessionId: arrival.sessionId,
        clientAddress: arrival.clientAddress,
        helo: envelope.helo,
        protocol: envelope.protocol,
        tls: arrival.tls,
      },
      content: received.content,
      exactFingerprint: received.exactFingerprint,
      lacksIdentity,
    },
  };
}
