/**
 * Who sends and to whom: From of a mailbox that is the caller's, recipients as a caller names them, the
 * envelope that is made of both.
 *
 * The reader of addresses is lenient with what came by mail; what is to be sent is not: another address
 * than the one that was meant would be another recipient.
 */
import { formatLocalPart, LOCAL_PART_OCTETS_MAX, splitTag } from '../address/local-part.ts';
import { formatMailbox, type Mailbox, parseMailbox } from '../address/mailbox.ts';
import { octetLength } from '../address/octets.ts';
import { returnTag } from '../address/return-path.ts';
import type { MailboxConfig } from '../config/config.ts';
import type { OutgoingRecipient, QueueId, Submission } from '../journal/journal.ts';
import type { NamedAddress } from '../message/compose/draft.ts';
import { parseAddresses } from '../message/header/addresses.ts';
import { createRouter, type Router } from '../smtp/routing.ts';
import { AimxError } from '../system/errors.ts';
import { ownMailboxes, requireConfig } from './access.ts';
import type { OperationContext } from './operation.ts';

export interface Sender {
  readonly mailbox: MailboxConfig;
  /** Its domain in A-labels. */
  readonly address: NamedAddress;
}

export type Recipient = Submission['recipients'][number];

const CONTROL = /\p{Cc}/u;

/** The address that a mailbox sends from unless another is named. */
function ownAddress({ address }: MailboxConfig): NamedAddress {
  const parsed = parseMailbox(address);
  return { name: '', address: parsed.kind === 'parsed' ? formatMailbox(parsed.value) : address };
}

/** A mailbox that takes every address has none of its own to send from. */
function isCatchall({ address }: Pick<MailboxConfig, 'address'>): boolean {
  return address.startsWith('*@');
}

/** The addresses of a value, each with what it means; null for one that is none. */
function entriesOf(value: string): readonly { readonly name: string; readonly address: Mailbox | null }[] {
  // The parser takes octets, as they stand in a header; what is text already is not to be guessed at.
  const found = parseAddresses(Buffer.from(value).toString('latin1'));
  return found.map(({ name, address }) => {
    const parsed = parseMailbox(address);
    // Two addresses without a comma would be one, with the other as its name.
    const isTwo = name.includes('@') && !value.includes(`<${address}>`);
    return { name, address: parsed.kind === 'parsed' && !isTwo ? parsed.value : null };
  });
}

/**
 * Who sends: an address that leads to a mailbox of the caller, or a mailbox's name; absent: the caller's
 * only mailbox.
 *
 * @throws `request.invalid`, `request.not-found`.
 */
export function senderOf(context: OperationContext, from: string | undefined): Sender {
  const mailboxes = ownMailboxes(context);
  if (from === undefined) {
    const [only, ...others] = mailboxes.filter((mailbox) => !isCatchall(mailbox));
    if (only !== undefined && others.length === 0) return { mailbox: only, address: ownAddress(only) };
    throw new AimxError('request.invalid', 'It is not said which of your mailboxes sends', {
      hint: `give --from; yours: ${mailboxes.map(({ name }) => name).join(', ') || 'none'}`,
    });
  }
  const named = mailboxes.find(({ name }) => name === from);
  if (named !== undefined && !isCatchall(named)) return { mailbox: named, address: ownAddress(named) };
  const [entry, ...more] = entriesOf(from);
  const answer = entry?.address == null ? null : createRouter(requireConfig(context))(entry.address);
  const mailbox =
    answer?.kind === 'accept' ? mailboxes.find(({ name }) => name === answer.route.mailbox) : undefined;
  if (entry?.address == null || more.length > 0 || mailbox === undefined)
    throw new AimxError('request.not-found', `${JSON.stringify(from)} is no address of a mailbox of yours`, {
      hint:
        named === undefined
          ? 'aimx mailboxes list shows yours; a mailbox sends only as itself'
          : `${named.name} takes every address: give the one that sends, such as you@${named.address.slice(2)}`,
    });
  return { mailbox, address: { name: entry.name, address: formatMailbox(entry.address) } };
}

/**
 * Reads what a caller names as recipients, each value one address or several with commas.
 *
 * @param field For the error: `to`, `cc`, `bcc`.
 * @throws `request.invalid` for what is no address.
 */
export function recipientsOf(field: string, values: readonly string[]): readonly NamedAddress[] {
  return values.flatMap((value) => {
    if (CONTROL.test(value))
      throw new AimxError('request.invalid', `${field}: ${JSON.stringify(value)} holds a control character`, {
        hint: 'give each recipient by itself',
      });
    const found = entriesOf(value);
    if ((found.length === 0 && value.trim() !== '') || found.some(({ address }) => address === null))
      throw new AimxError('request.invalid', `${field}: ${JSON.stringify(value)} holds what is no address`, {
        hint: 'write it as you@example.com or Name <you@example.com>, several with commas between',
      });
    return found.flatMap(({ name, address }) =>
      address === null ? [] : [{ name, address: formatMailbox(address) }],
    );
  });
}

/** Whether an address leads to a mailbox here. @throws `request.invalid` for one of ours that leads nowhere. */
function isLocal(route: Router, address: Mailbox): boolean {
  const answer = route(address);
  if (answer.kind !== 'unknown-mailbox') return answer.kind === 'accept';
  throw new AimxError('request.invalid', `There is no mailbox ${formatMailbox(address)} here`, {
    hint: 'aimx mailboxes list shows the addresses; nothing was sent',
  });
}

/**
 * The envelope: each address once, whatever it is named for first.
 *
 * @throws `request.invalid`, `request.too-large`.
 */
export function envelopeOf(
  context: OperationContext,
  fields: Readonly<Record<OutgoingRecipient['field'], readonly NamedAddress[]>>,
): readonly Recipient[] {
  const config = requireConfig(context);
  const route = createRouter(config);
  const recipients = new Map<string, Recipient>();
  for (const field of ['to', 'cc', 'bcc'] as const)
    for (const { address } of fields[field]) {
      const parsed = parseMailbox(address);
      if (parsed.kind !== 'parsed') continue;
      const { value } = parsed;
      const written = formatMailbox(value);
      const key = written.toLowerCase();
      if (recipients.has(key)) continue;
      const domain = value.domain.toLowerCase();
      recipients.set(key, { address: written, field, domain, isLocal: isLocal(route, value) });
    }
  const { maxRecipients } = config.smtp;
  if (recipients.size === 0)
    throw new AimxError('request.invalid', 'It is not said to whom', { hint: 'give --to' });
  if (recipients.size > maxRecipients)
    throw new AimxError('request.too-large', `${recipients.size} recipients: allowed are ${maxRecipients}`, {
      hint: 'send it in parts, or raise [smtp] max_recipients',
    });
  return [...recipients.values()];
}

/**
 * The reverse-path, with the queue id in it, by which what comes back is matched (RFC 5321 §4.4 leaves it
 * to us); the address itself where such a path would be too long or lead elsewhere.
 */
export function reversePathOf(context: OperationContext, sender: Sender, queueId: QueueId): string {
  const { address } = sender.address;
  const parsed = parseMailbox(address);
  if (parsed.kind !== 'parsed') return address;
  const { domain } = parsed.value;
  const localPart = formatLocalPart(`${splitTag(parsed.value.localPart).name}+${returnTag(queueId)}`);
  const tagged = parseMailbox(`${localPart}@${domain}`);
  if (tagged.kind !== 'parsed' || octetLength(localPart) > LOCAL_PART_OCTETS_MAX) return address;
  const answer = createRouter(requireConfig(context))(tagged.value);
  const leadsBack = answer.kind === 'accept' && answer.route.mailbox === sender.mailbox.name;
  return leadsBack ? formatMailbox(tagged.value) : address;
}
