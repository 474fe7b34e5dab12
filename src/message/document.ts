/**
 * The frontmatter of a mailbox file: its fields, in the order of contract §5.
 *
 * Values are what a TOML parser gives back. Optional fields that are `null`, `""` or empty are
 * omitted as the contract says.
 */

export interface AttachmentEntry {
  readonly filename: string;
  readonly content_type: string;
  readonly size: number;
  readonly path: string;
}

export interface Frontmatter {
  readonly id: string;
  readonly message_id: string;
  readonly thread_id: string;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly reply_to: string;
  readonly delivered_to: string;
  readonly subject: string;
  readonly date: string;
  readonly received_at: string;
  /** Null by CLI. */
  readonly received_from_ip: string | null;
  readonly size_bytes: number;
  readonly in_reply_to: string;
  readonly references: string;
  readonly list_id: string;
  readonly auto_submitted: string;
  readonly dkim: string;
  readonly spf: string;
  readonly dmarc: string;
  readonly trusted: string;
  readonly mailbox: string;
  readonly read: boolean;
  readonly read_at: string | null;
  readonly labels: readonly string[];
  readonly envelope_from: string;
  readonly tag: string | null;
  readonly trust_reason: string | null;
  readonly auth_domain: string | null;
  readonly warnings: readonly string[];
  readonly fingerprint: string;
  readonly attachments: readonly AttachmentEntry[];
}
