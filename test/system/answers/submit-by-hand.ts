/** A message of ours as a sender leaves it in the journal, before anybody has tried to deliver it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type Journal, type MailboxId, type OutgoingRow, toQueueId } from '../../../src/journal/journal.ts';
import { type EpochMs, epochMs } from '../../../src/system/clock.ts';

const DAY_MS = 24 * 60 * 60_000;

export interface HandSubmission {
  readonly mailbox: string;
  readonly mailboxId: MailboxId;
  /** 16 hex digits. */
  readonly queueId: string;
  readonly subject: string;
  readonly to: readonly string[];
  readonly at: EpochMs;
  /** With CRLF. @default one line */
  readonly body?: string;
  /** Which recipients have their mailbox here. @default none */
  readonly isLocal?: (address: string) => boolean;
}

/** Its Message-ID is `<queue id>@example.com`. */
export async function submitByHand(journal: Journal, submission: HandSubmission): Promise<OutgoingRow> {
  const { mailbox, mailboxId, queueId, subject, to, at, isLocal } = submission;
  const { body = 'Shall we?\r\n' } = submission;
  const messageId = `${queueId}@example.com`;
  const text = [
    `From: ${mailbox}@example.com`,
    `To: ${to.join(', ')}`,
    `Subject: ${subject}`,
    'Date: Tue, 24 Nov 2026 20:00:00 +0000',
    `Message-ID: <${messageId}>`,
    '',
    body,
  ].join('\r\n');
  const bytes = Buffer.from(text);
  const fingerprint = createHash('sha256').update(bytes).digest('hex');
  const journalId = await journal.accept({
    envelope: { reversePath: '', recipients: [], smtputf8: false, body: '7BIT' },
    arrival: {
      via: 'submission',
      receivedAt: at,
      sessionId: queueId,
      clientAddress: null,
      helo: null,
      protocol: 'local',
      tls: null,
    },
    content: { kind: 'inline', chunks: [bytes], sizeBytes: bytes.length },
    exactFingerprint: fingerprint,
    lacksIdentity: false,
  });
  const outcome = await journal.advance('submit', {
    submission: {
      journalId,
      queueId: toQueueId(queueId),
      mailboxId,
      mailbox,
      messageId,
      inReplyTo: null,
      references: [],
      contentFingerprint: fingerprint,
      from: `${mailbox}@example.com`,
      subject,
      reversePath: `${mailbox}+b-${queueId}@example.com`,
      smtputf8: false,
      format: 'text',
      baseId: `2026-11-24-200000-${subject.toLowerCase()}`,
      recipients: to.map((address) => ({
        address,
        field: 'to',
        domain: address.slice(address.indexOf('@') + 1),
        isLocal: isLocal?.(address) ?? false,
      })),
      by: 'root',
    },
    key: null,
    limits: {
      sendsPerHour: null,
      newRecipientsPerDay: null,
      runSendsPerHour: null,
      perCorrespondentPerHour: null,
      perThreadPerDay: null,
    },
    runId: null,
    held: null,
    expiresAt: epochMs(at + 5 * DAY_MS),
    at,
  });
  assert.equal(outcome.kind, 'submitted');
  return outcome.outgoing;
}
