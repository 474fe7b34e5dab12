/**
 * A reply as the parts of a draft: whom it goes to, what it is called, and what it answers.
 *
 * Whether a message may be answered at all (automatic mail, loops) is not known here.
 */
import { parseDomain } from '../../address/domain.ts';
import { foldLocalPart, splitTag } from '../../address/local-part.ts';
import { parseMailbox } from '../../address/mailbox.ts';
import type { NamedAddress } from './draft.ts';
import { addressesOf, messageIdOf, type OriginalMessage, referencesAfter } from './original.ts';
import { quoteOriginal } from './quote.ts';
import { replySubject } from './subject.ts';

export interface ReplyRequest {
  readonly original: OriginalMessage;
  /** `reply-all` also goes to the other recipients. */
  readonly mode: 'reply' | 'reply-all';
  /** Addresses of the mailbox that answers: address, aliases. A tag (`name+tag@`) needs no entry of its own. */
  readonly ownAddresses: readonly string[];
  /** True where the original lies in the folder of sent messages: its recipients are written to again. */
  readonly isSentByUs: boolean;
  /** False where Reply-To is not covered by what the message is trusted for: From is answered then. */
  readonly replyToMayBeUsed: boolean;
  /** Whether the text of the original is to be quoted. */
  readonly quote: boolean;
}

export interface ReplyParts {
  /** Empty where the original names nobody whom one could answer. */
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly subject: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** To stand below the answer, an empty line between; `""` where nothing is quoted. LF line ends. */
  readonly quoted: string;
  /** Whether Reply-To chose the recipient. */
  readonly usesReplyTo: boolean;
}

/** By which two addresses are one: the domain without case and in A-labels, the local part as it is (RFC 5321 §2.4). */
function sameness(address: string): string {
  const parsed = parseMailbox(address);
  if (parsed.kind === 'parsed') return `${parsed.value.localPart}@${parsed.value.domain}`;
  const at = address.lastIndexOf('@');
  const domain = parseDomain(address.slice(at + 1));
  return `${address.slice(0, at)}@${domain.kind === 'parsed' ? domain.value : address.slice(at + 1)}`;
}

/** The same for addresses of our own, whose local parts have no case and may have a tag (contract §7). */
function ownSameness(address: string): string {
  const same = sameness(address);
  const at = same.lastIndexOf('@');
  return `${foldLocalPart(splitTag(same.slice(0, at)).name)}${same.slice(at)}`;
}

/** Each address once, those of `without` left out. */
function distinct(
  addresses: readonly NamedAddress[],
  without: readonly NamedAddress[] = [],
): readonly NamedAddress[] {
  const seen = new Set(without.map(({ address }) => sameness(address)));
  return addresses.filter(({ address }) => {
    const same = sameness(address);
    if (seen.has(same)) return false;
    seen.add(same);
    return true;
  });
}

interface Recipients {
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly usesReplyTo: boolean;
}

/**
 * Whom a reply goes to (RFC 5322 §3.6.3): the authors in To; with `reply-all` all others in Cc, but for
 * ourselves and for what is no address and would keep the reply from all others.
 */
function recipientsOf(request: ReplyRequest): Recipients {
  const { original, mode, ownAddresses, isSentByUs, replyToMayBeUsed } = request;
  const own = new Set(ownAddresses.map(ownSameness));
  const others = (addresses: readonly NamedAddress[]): readonly NamedAddress[] =>
    addresses.filter(
      ({ address }) => !own.has(ownSameness(address)) && parseMailbox(address).kind === 'parsed',
    );
  const { fields } = original;
  const replyTo = isSentByUs || !replyToMayBeUsed ? [] : addressesOf(fields.reply_to);
  const authors = isSentByUs
    ? addressesOf(fields.to)
    : replyTo.length > 0
      ? replyTo
      : addressesOf(fields.from);
  const usesReplyTo = replyTo.length > 0;
  if (mode === 'reply') return { to: distinct(authors), cc: [], usesReplyTo };
  // A message to ourselves alone is answered to ourselves.
  const to = distinct(others(authors).length > 0 ? others(authors) : authors);
  const rest = isSentByUs ? fields.cc : [fields.to, fields.cc].filter((value) => value !== '').join(', ');
  return { to, cc: distinct(others(addressesOf(rest)), to), usesReplyTo };
}

/** Makes the parts of a reply. Pure; total for any frontmatter. */
export function replyDraftParts(request: ReplyRequest): ReplyParts {
  const { original } = request;
  return {
    ...recipientsOf(request),
    subject: replySubject(original.fields.subject),
    inReplyTo: messageIdOf(original.fields),
    references: referencesAfter(original.fields),
    quoted: request.quote ? quoteOriginal(original) : '',
  };
}
