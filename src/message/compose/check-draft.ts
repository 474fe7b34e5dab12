/**
 * What may be sent: the limits of a draft, and its addresses as they are written.
 *
 * Addresses and ids are refused where they are wrong, since another one would be another place; free
 * text is made fit instead (header-text.ts).
 */
import { Buffer } from 'node:buffer';
import { formatMailbox, parseMailbox } from '../../address/mailbox.ts';
import { isAscii } from '../../address/octets.ts';
import { wellFormed } from '../charset/charset.ts';
import { oneLine } from '../header/encoded-word.ts';
import type { Draft, DraftAttachment, DraftProblem, NamedAddress } from './draft.ts';
import { headerText, type WrittenMailbox } from './header-text.ts';
import { isWritableMessageId, MESSAGE_ID_CHARACTERS_MAX } from './message-id.ts';

/** In To and Cc together: what has more readers is a list's business, and header sections have limits elsewhere. */
export const HEADER_RECIPIENTS_MAX: number = 500;
/** A subject that fits into one line of RFC 5322 §2.1.1 before it is encoded. */
export const SUBJECT_BYTES_MAX: number = 998;
/** Names of people and of rooms; what is longer hides the address behind it. */
export const NAME_BYTES_MAX: number = 256;
/** An address that fits into a path (RFC 5321 §4.5.3.1.3), without its brackets. */
export const ADDRESS_BYTES_MAX: number = 254;
export const ATTACHMENTS_MAX: number = 100;
/** Of the text, and of the HTML. A book has as much; what is larger is a file. */
export const BODY_BYTES_MAX: number = 1024 * 1024;
/** Characters of a wrong value that a problem repeats. */
const SHOWN_CHARACTERS_MAX = 100;

/** Two tokens (RFC 2045 §5.1); no registered one is longer. */
const CONTENT_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** What is checked and can be written. */
export interface CheckedDraft {
  readonly from: WrittenMailbox;
  readonly to: readonly WrittenMailbox[];
  readonly cc: readonly WrittenMailbox[];
  readonly replyTo: WrittenMailbox | null;
  readonly smtputf8: boolean;
}

function shown(value: string): string {
  return JSON.stringify(oneLine(wellFormed(value.slice(0, SHOWN_CHARACTERS_MAX))));
}

class DraftChecker {
  readonly problems: DraftProblem[] = [];
  smtputf8 = false;

  say(field: string, message: string): void {
    this.problems.push({ field, message });
  }

  limit(field: string, found: number, { max, unit }: { readonly max: number; readonly unit: string }): void {
    if (found > max) this.say(field, `${found} ${unit}; at most ${max} are allowed`);
  }

  bytes(field: string, text: string, max: number): void {
    this.limit(field, Buffer.byteLength(text), { max, unit: 'octets' });
  }

  mailbox(field: string, { name, address }: NamedAddress): WrittenMailbox {
    this.bytes(`${field}.name`, headerText(name), NAME_BYTES_MAX);
    const parsed = parseMailbox(address);
    // Controls beyond ASCII pass the grammar of RFC 6531 §3.3, and are nobody's address.
    if (parsed.kind === 'malformed' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(address)) {
      const expected = parsed.kind === 'malformed' ? `, where ${parsed.expected} is expected` : '';
      this.say(field, `${shown(address)} is no address${expected}`);
      return { name: '', address: '' };
    }
    const written = formatMailbox(parsed.value);
    this.bytes(field, written, ADDRESS_BYTES_MAX);
    if (!isAscii(written)) this.smtputf8 = true;
    return { name, address: written };
  }

  messageId(field: string, id: string): void {
    if (isWritableMessageId(id)) return;
    this.say(
      field,
      `${shown(id)} is no Message-ID: at most ${MESSAGE_ID_CHARACTERS_MAX} printable ASCII characters without spaces and angle brackets are allowed`,
    );
  }

  attachment(field: string, attachment: DraftAttachment): void {
    const { contentType, sizeBytes } = attachment;
    if (!CONTENT_TYPE.test(contentType)) {
      this.say(
        `${field}.contentType`,
        `${shown(contentType)} is no media type; "type/subtype" in lower case, without parameters, is allowed`,
      );
    } else if (contentType.startsWith('multipart/')) {
      // It needs a boundary, and may not be encoded (RFC 2045 §6.4).
      this.say(`${field}.contentType`, `${shown(contentType)} cannot be attached`);
    }
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      this.say(`${field}.sizeBytes`, `${sizeBytes} is no number of octets`);
    }
  }
}

/** Checks a draft: what is written of it; or everything that is wrong with it. Never throws. */
export function checkDraft(
  draft: Draft,
):
  | { readonly kind: 'checked'; readonly checked: CheckedDraft }
  | { readonly kind: 'refused'; readonly problems: readonly DraftProblem[] } {
  const checker = new DraftChecker();
  checker.limit('to', draft.to.length + draft.cc.length, {
    max: HEADER_RECIPIENTS_MAX,
    unit: 'recipients in To and Cc',
  });
  checker.limit('attachments', draft.attachments.length, { max: ATTACHMENTS_MAX, unit: 'attachments' });
  // Each of too many needs no words.
  if (checker.problems.length > 0) return { kind: 'refused', problems: checker.problems };
  const from = checker.mailbox('from', draft.from);
  const to = draft.to.map((each, index) => checker.mailbox(`to[${index}]`, each));
  const cc = draft.cc.map((each, index) => checker.mailbox(`cc[${index}]`, each));
  const replyTo = draft.replyTo === null ? null : checker.mailbox('replyTo', draft.replyTo);
  checker.bytes('subject', headerText(draft.subject), SUBJECT_BYTES_MAX);
  checker.messageId('messageId', draft.messageId);
  if (draft.inReplyTo !== null) checker.messageId('inReplyTo', draft.inReplyTo);
  draft.references.forEach((id, index) => {
    checker.messageId(`references[${index}]`, id);
  });
  checker.bytes('body.text', draft.body.text, BODY_BYTES_MAX);
  if (draft.body.format === 'html') checker.bytes('body.html', draft.body.html, BODY_BYTES_MAX);
  draft.attachments.forEach((each, index) => {
    checker.attachment(`attachments[${index}]`, each);
  });
  if (checker.problems.length > 0) return { kind: 'refused', problems: checker.problems };
  return { kind: 'checked', checked: { from, to, cc, replyTo, smtputf8: checker.smtputf8 } };
}
