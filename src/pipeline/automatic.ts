/**
 * Whether a message was written by a program, so that no program may answer it (RFC 3834 §2). Pure.
 */
import type { MessageHeader } from '../message/message.ts';

/** Local parts that nobody reads, or that are a list's own (RFC 3834 §2, RFC 2142). */
const NOBODY = /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|owner-.*|.*-request)([+-].*)?$/i;

/**
 * @returns `<code>: <sentence>`; null for a letter. Codes: `null-sender`, `auto-submitted`, `list`, `role-address`.
 */
export function automaticReason(message: {
  readonly header: Pick<MessageHeader, 'from' | 'listId' | 'autoSubmitted'>;
  /** `""` is the null reverse-path. */
  readonly reversePath: string;
}): string | null {
  const { header, reversePath } = message;
  if (reversePath === '') return 'null-sender: It has the null reverse-path, which is never answered';
  // A comment or a parameter may follow the keyword (RFC 3834 §5).
  const keyword = /^[^\s;(]*/.exec(header.autoSubmitted.trim())?.[0].toLowerCase() ?? '';
  if (keyword !== '' && keyword !== 'no')
    return `auto-submitted: A program has sent it (Auto-Submitted: ${keyword})`;
  if (header.listId !== '') return 'list: It came by a mailing list';
  const address = /<([^<>]*)>\s*$/.exec(header.from)?.[1] ?? header.from;
  const localPart = address.slice(0, Math.max(0, address.lastIndexOf('@')));
  return NOBODY.test(localPart) ? `role-address: Nobody reads what is sent to ${localPart}` : null;
}
