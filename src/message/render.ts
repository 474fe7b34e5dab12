/**
 * A message and what is known of its arrival as the document that a mailbox holds.
 *
 * Pure, so that `aimx render` shows exactly what the pipeline writes.
 */
import { type EpochMs, formatInstant } from '../system/clock.ts';
import {
  type AttachmentEntry,
  type Frontmatter,
  formatDocument,
  type SentFields,
} from './document/document.ts';
import { baseId } from './document/slug.ts';
import { threadIdOf } from './document/thread-id.ts';
import type { MessageHeader } from './message.ts';
import { readMessage } from './read-message.ts';
import { summarizeMessage } from './summary.ts';

/** What the frontmatter takes from the message itself. */
export interface RenderedParts {
  readonly header: MessageHeader;
  readonly warnings: readonly string[];
}

/** What the frontmatter says of a message's arrival and place. */
export interface DeliveryFacts {
  readonly id: string;
  readonly threadId: string;
  readonly mailbox: string;
  /** Forward-paths as given. */
  readonly deliveredTo: readonly string[];
  readonly tag: string | null;
  readonly receivedAt: EpochMs;
  /** Null by CLI. */
  readonly receivedFromIp: string | null;
  /** `""` is the null reverse-path. */
  readonly envelopeFrom: string;
  readonly sizeBytes: number;
  readonly verdict: {
    readonly dkim: string;
    readonly spf: string;
    readonly dmarc: string;
    readonly authDomain: string | null;
  };
  readonly trusted: string;
  readonly trustReason: string | null;
  /** Content fingerprint, hex. */
  readonly fingerprint: string;
  /** What the owner has set; of a new message: unread, no labels. */
  readonly flags: {
    readonly read: boolean;
    readonly read_at: string | null;
    readonly labels: readonly string[];
  };
  /** What has become of a message of ours; absent or null for one that came in. */
  readonly sent?: SentFields | null;
}

const NO_SUBJECT = '(no subject)';

/** The frontmatter of a delivered or sent message (contract §5). */
export function composeFrontmatter(
  parts: RenderedParts,
  facts: DeliveryFacts,
  attachments: readonly AttachmentEntry[],
): Frontmatter {
  const { header } = parts;
  const receivedAt = formatInstant(facts.receivedAt);
  return {
    id: facts.id,
    message_id: header.messageId,
    thread_id: facts.threadId,
    from: header.from,
    to: header.to,
    cc: header.cc,
    reply_to: header.replyTo,
    delivered_to: facts.deliveredTo.join(', '),
    subject: header.subject === '' ? NO_SUBJECT : header.subject,
    date: header.date ?? receivedAt,
    received_at: receivedAt,
    received_from_ip: facts.receivedFromIp,
    size_bytes: facts.sizeBytes,
    in_reply_to: header.inReplyTo,
    references: header.references.join(' '),
    list_id: header.listId,
    auto_submitted: header.autoSubmitted,
    dkim: facts.verdict.dkim,
    spf: facts.verdict.spf,
    dmarc: facts.verdict.dmarc,
    trusted: facts.trusted,
    mailbox: facts.mailbox,
    ...facts.flags,
    envelope_from: facts.envelopeFrom,
    tag: facts.tag,
    trust_reason: facts.trustReason,
    auth_domain: facts.verdict.authDomain,
    warnings: parts.warnings,
    fingerprint: facts.fingerprint,
    sent: facts.sent ?? null,
    attachments,
  };
}

/** What `render` cannot read from the octets. */
export interface EnvelopeFacts {
  readonly mailbox: string;
  readonly deliveredTo: readonly string[];
  readonly tag: string | null;
  readonly receivedAt: EpochMs;
  readonly receivedFromIp: string | null;
  readonly envelopeFrom: string;
}

export interface RenderedMessage {
  readonly id: string;
  /** The whole `.md`. */
  readonly document: string;
  readonly attachments: readonly { readonly filename: string; readonly bytes: Uint8Array }[];
}

/**
 * The document as a raw message would become it in an empty mailbox, unauthenticated.
 *
 * @param raw The message as received.
 */
export function renderMessage(raw: Uint8Array, envelope: EnvelopeFacts): RenderedMessage {
  const summary = summarizeMessage(raw);
  const read = readMessage(raw);
  const id = baseId(envelope.receivedAt, summary.header.subject);
  const entries = read.attachments.map(({ filename, contentType, bytes }) => ({
    filename,
    content_type: contentType,
    size: bytes.length,
    path: filename,
  }));
  const frontmatter = composeFrontmatter(
    read,
    {
      ...envelope,
      id,
      threadId: threadIdOf({
        messageId: summary.header.messageId,
        inReplyTo: summary.header.inReplyTo,
        references: summary.header.references,
        contentFingerprint: summary.contentFingerprint,
      }),
      sizeBytes: raw.length,
      verdict: { dkim: 'none', spf: 'none', dmarc: 'none', authDomain: null },
      trusted: 'none',
      trustReason: null,
      fingerprint: summary.contentFingerprint,
      flags: { read: false, read_at: null, labels: [] },
    },
    entries,
  );
  return { id, document: formatDocument(frontmatter, read.body), attachments: read.attachments };
}
