/**
 * What a message reports when it was written by a program and not by a person.
 *
 * - *Delivery report*: what became of a message of ours (RFC 3464, RFC 6533, or in the words of one server).
 * - *Complaint*: somebody's provider passes on that he called a message of ours spam (RFC 5965).
 * - *Disposition*: somebody's program says what it did with a message of ours (RFC 8098).
 * - *Auto-reply*: an answer that nobody wrote (RFC 3834).
 *
 * Anybody can send any of these: a report says what a message claims, and proves nothing.
 */

/** RFC 3464 §2.3.3. */
export type DeliveryAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export interface ReportedRecipient {
  /** As the report names it, without type and brackets; `""` where it does not. */
  readonly address: string;
  /** As the sender wrote it (RFC 3461 §4.2), where that is another one. */
  readonly originalAddress: string | null;
  /** Null for an action that is none of RFC 3464 and that no status explains. */
  readonly action: DeliveryAction | null;
  /** Enhanced status code such as `5.1.1` (RFC 3463). */
  readonly status: string | null;
  /** What the other side said, on one line, without its type. */
  readonly diagnostic: string | null;
  /** Who said so: a name or an address literal. */
  readonly remoteMta: string | null;
}

/** Which message of ours a report is about, as far as it tells. */
export interface ReportedMessage {
  /** Without angle brackets. */
  readonly originalMessageId: string | null;
  /** ENVID of RFC 3461 §4.4. */
  readonly originalEnvelopeId: string | null;
  readonly originalSubject: string | null;
}

export interface DeliveryReport extends ReportedMessage {
  readonly kind: 'delivery-report';
  /** `fields` are meant for machines; `text` was written for people, and is read as well as can be. */
  readonly source: 'fields' | 'text';
  /** The first {@link RECIPIENTS_MAX}. */
  readonly recipients: readonly ReportedRecipient[];
  readonly recipientCount: number;
  readonly reportingMta: string | null;
}

export interface ComplaintReport extends ReportedMessage {
  readonly kind: 'complaint';
  /** `abuse`, `fraud`, `not-spam`, `opt-out`, … (RFC 5965 §7.3), lower case. */
  readonly feedbackType: string;
  /** Who complained, where that is told. The first {@link RECIPIENTS_MAX}. */
  readonly recipients: readonly string[];
  readonly originalMailFrom: string | null;
  readonly sourceIp: string | null;
  /** The program that made the report. */
  readonly userAgent: string | null;
}

export interface DispositionReport extends ReportedMessage {
  readonly kind: 'disposition';
  /** The recipient that it speaks for; `""` where none is named. */
  readonly recipient: string;
  /** `displayed`, `deleted`, `dispatched`, `processed`, `denied`, … lower case (RFC 8098 §3.2.6.2). */
  readonly disposition: string;
  /** `error`, … lower case. */
  readonly modifiers: readonly string[];
  /** True where nobody confirmed that it be sent. */
  readonly isAutomatic: boolean;
  readonly userAgent: string | null;
}

export interface AutoReply extends ReportedMessage {
  readonly kind: 'auto-reply';
}

export type MessageReport = DeliveryReport | ComplaintReport | DispositionReport | AutoReply;

/** A report of more recipients is about a mailing of thousands: the rest is counted. */
export const RECIPIENTS_MAX: number = 1_000;
