/**
 * Composing: what a draft says becomes the octets that leave (RFC 5322, RFC 2045–2047, RFC 2231).
 *
 * Nothing is read and nothing is known of time here: the same draft makes the same octets, as often as
 * they are asked for. Attachments are streamed when they are. No Bcc, no Sender and no name of this
 * program is ever written.
 */
import { Buffer } from 'node:buffer';
import { bodyPart } from './body-part.ts';
import { type CheckedDraft, checkDraft } from './check-draft.ts';
import type { ComposeOutcome, Draft } from './draft.ts';
import { foldField } from './fold-field.ts';
import { addressWords, formatMailDate, unstructuredWords, type WrittenMailbox } from './header-text.ts';
import { boundReferences } from './message-id.ts';

/** Large providers refuse header sections of some 100 KiB; signatures and traces are yet to come. */
const HEADER_BYTES_MAX = 64 * 1024;

export interface ComposeLimits {
  /** Of the whole message as it leaves, in octets. */
  readonly maxBytes: number;
}

function idWords(ids: readonly string[]): readonly string[] {
  return ids.map((id) => `<${id}>`);
}

function destinations(checked: CheckedDraft): readonly string[] {
  const field = (name: string, mailboxes: readonly WrittenMailbox[]): readonly string[] =>
    mailboxes.length === 0 ? [] : [foldField(name, addressWords(mailboxes))];
  const fields = [...field('To', checked.to), ...field('Cc', checked.cc)];
  // All are blind: an empty group says so (RFC 5322 §3.6.3), where some would add a field of their own.
  return fields.length > 0 ? fields : [foldField('To', ['undisclosed-recipients:;'])];
}

/** Every field but those of the body, each at most once, in a fixed order. */
function headerFields(draft: Draft, checked: CheckedDraft): string {
  const references = boundReferences(draft.references);
  return [
    foldField('From', addressWords([checked.from])),
    ...destinations(checked),
    ...(checked.replyTo === null ? [] : [foldField('Reply-To', addressWords([checked.replyTo]))]),
    foldField('Subject', unstructuredWords(draft.subject)),
    foldField('Date', [formatMailDate(draft.date)]),
    foldField('Message-ID', idWords([draft.messageId])),
    ...(draft.inReplyTo === null ? [] : [foldField('In-Reply-To', idWords([draft.inReplyTo]))]),
    ...(references.length === 0 ? [] : [foldField('References', idWords(references))]),
    ...(draft.autoSubmitted === null ? [] : [foldField('Auto-Submitted', [draft.autoSubmitted])]),
    foldField('MIME-Version', ['1.0']),
  ].join('');
}

/** What stands behind the `@`; an address literal cannot stand in an id of ours. */
function idDomain({ address }: WrittenMailbox): string {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return domain.startsWith('[') ? 'literal.invalid' : domain;
}

/**
 * Composes a message. Its size is exact before an octet of an attachment is read.
 *
 * @returns The octets, to be had as often as wanted; or everything for which the draft cannot be sent.
 *   Reading `content` throws what an attachment's `open` throws, and `request.conflict` where its octets
 *   are not as many as the draft says.
 */
export function composeMessage(draft: Draft, { maxBytes }: ComposeLimits): ComposeOutcome {
  const outcome = checkDraft(draft);
  if (outcome.kind === 'refused') return outcome;
  const { checked } = outcome;
  const fields = headerFields(draft, checked);
  const body = bodyPart(draft, idDomain(checked.from));
  const head = Buffer.from(`${fields}${body.fields}\r\n`);
  const foot = Buffer.from('\r\n');
  const sizeBytes = head.length + body.bodySizeBytes + foot.length;
  if (head.length > HEADER_BYTES_MAX) {
    const message = `the header section has ${head.length} octets; at most ${HEADER_BYTES_MAX} are allowed: name fewer recipients`;
    return { kind: 'refused', problems: [{ field: 'to', message }] };
  }
  if (sizeBytes > maxBytes) {
    const message = `the message has ${sizeBytes} octets as it leaves, where attachments take four for three; at most ${maxBytes} are allowed`;
    return { kind: 'refused', problems: [{ field: 'attachments', message }] };
  }
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield head;
    yield* body.body();
    yield foot;
  };
  return { kind: 'composed', message: { content, sizeBytes, smtputf8: checked.smtputf8 } };
}
