/**
 * A message that somebody wants to send, before it is octets.
 *
 * Terms: a *draft* says what the message is to be; *composing* (compose.ts) makes of it the octets that
 * leave. Every value of a draft is data: what would end a header field is encoded or refused, never
 * written as it is.
 */
import type { EpochMs } from '../../system/clock.ts';

/** An address with the name that is shown; the address without angle brackets. */
export interface NamedAddress {
  /** `""` where there is none. */
  readonly name: string;
  readonly address: string;
}

export interface DraftAttachment {
  /** As the sender calls it; made safe when it is composed. */
  readonly filename: string;
  /** Lower case, such as `application/pdf`. */
  readonly contentType: string;
  readonly sizeBytes: number;
  /** The octets, as often as asked for. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** What the text calls it by (`![](chart.png)`), for a picture that is shown in its place; null: beside the text. */
  readonly inlineAs: string | null;
  /**
   * True where the octets were looked at (seven-bit.ts): a message is then attached as one. Any other
   * `message/*` travels as octets, since it may not be encoded under that type (RFC 2046 §5.2).
   */
  readonly isSevenBit?: boolean;
}

export interface Draft {
  readonly from: NamedAddress;
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  /** Bcc is never part of a draft: it is envelope alone. */
  readonly replyTo: NamedAddress | null;
  readonly subject: string;
  readonly date: EpochMs;
  /** Without angle brackets. */
  readonly messageId: string;
  /** Without angle brackets; null where it answers nothing. */
  readonly inReplyTo: string | null;
  /** In order, without angle brackets. */
  readonly references: readonly string[];
  /** RFC 3834 §5: what a program sends by itself. Null for what a person asked to send. */
  readonly autoSubmitted: 'auto-generated' | 'auto-replied' | null;
  readonly body: DraftBody;
  readonly attachments: readonly DraftAttachment[];
}

export type DraftBody =
  /** The Markdown is the text part, and HTML is made from it. */
  | { readonly format: 'markdown'; readonly text: string }
  /** The text alone. */
  | { readonly format: 'text'; readonly text: string }
  /** The sender's own HTML beside his text. */
  | { readonly format: 'html'; readonly text: string; readonly html: string };

/** The octets that leave, unsigned. */
export interface ComposedMessage {
  /** From the first header field on, CRLF line ends, in pieces; the same octets at every call. 7-bit unless `smtputf8`. */
  readonly content: () => AsyncIterable<Uint8Array>;
  readonly sizeBytes: number;
  /** A header field holds an address that is not ASCII: the message can only go where SMTPUTF8 is offered (RFC 6531). */
  readonly smtputf8: boolean;
}

/** Why a draft cannot be sent: one for each thing that is wrong. */
export interface DraftProblem {
  /** `to`, `subject`, `attachments[0].filename`, … */
  readonly field: string;
  /** What was found, and what is allowed. */
  readonly message: string;
}

export type ComposeOutcome =
  | { readonly kind: 'composed'; readonly message: ComposedMessage }
  | { readonly kind: 'refused'; readonly problems: readonly DraftProblem[] };
