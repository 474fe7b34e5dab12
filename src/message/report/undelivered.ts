/** What a delivery report of our own is written from. */
import type { EpochMs } from '../../system/clock.ts';

export interface UndeliveredRecipient {
  /** As given, without angle brackets. */
  readonly address: string;
  /** Enhanced status code (RFC 3463). */
  readonly status: string | null;
  /** The last reply, with its code, or in our words why there was none. */
  readonly reply: string | null;
  /** `mx.example.com [192.0.2.1]:25`. */
  readonly remote: string | null;
  readonly attempts: number;
  /** How many of the attempts ended in doubt: it may have arrived (RFC 1047). */
  readonly doubts: number;
  readonly lastAttemptAt: EpochMs | null;
  /** Null where it is not tried again. */
  readonly nextAt: EpochMs | null;
}

export interface DeliveryReportFacts {
  readonly kind: 'failed' | 'delayed';
  /** Who reports: our name in SMTP. */
  readonly hostname: string;
  /** Addresses of the report itself. */
  readonly from: string;
  readonly to: string;
  /** Of the report, without angle brackets. */
  readonly messageId: string;
  /** Unique: it is part of the boundary. Hex. */
  readonly unique: string;
  readonly at: EpochMs;
  readonly original: {
    readonly queueId: string;
    /** Of the sent copy. */
    readonly id: string;
    /** Without angle brackets. */
    readonly messageId: string;
    readonly subject: string;
    readonly submittedAt: EpochMs;
    readonly expiresAt: EpochMs;
    /** Its octets from the beginning; what stands behind the header section is left out. */
    readonly head: Uint8Array;
  };
  readonly recipients: readonly UndeliveredRecipient[];
}
