/**
 * Mailboxes: `Local-part "@" ( Domain / address-literal )` (RFC 5321 §4.1.2).
 *
 * A mailbox here is an address on the envelope. Display names, comments and groups belong to header
 * fields (RFC 5322 §3.4) and are not known here.
 */
import { type AddressLiteral, scanAddressLiteral } from './address-literal.ts';
import { type Domain, scanDomain } from './domain.ts';
import { formatLocalPart, LOCAL_PART_OCTETS_MAX, type LocalPart, scanLocalPart } from './local-part.ts';
import { octetLength } from './octets.ts';
import { malformed, type Parsed, type Scanned, whole } from './parsed.ts';

export interface Mailbox {
  readonly localPart: LocalPart;
  /** An address literal begins with `[`, a domain never does. */
  readonly domain: Domain | AddressLiteral;
}

/** Scans a mailbox that begins at `from`; its local part has at most `localPartOctetsMax` octets as written. */
export function scanMailbox(
  text: string,
  from: number,
  localPartOctetsMax: number = LOCAL_PART_OCTETS_MAX,
): Scanned<Mailbox> {
  const localPart = scanLocalPart(text, from);
  if (localPart.kind === 'malformed') return localPart;
  if (text.charAt(localPart.end) !== '@') return malformed(localPart.end, '"@" and a domain');
  if (octetLength(text.slice(from, localPart.end)) > localPartOctetsMax) {
    return malformed(from, `a local part of at most ${localPartOctetsMax} octets`);
  }
  const domainStart = localPart.end + 1;
  const domain =
    text.charAt(domainStart) === '[' ? scanAddressLiteral(text, domainStart) : scanDomain(text, domainStart);
  if (domain.kind === 'malformed') return domain;
  return {
    kind: 'scanned',
    value: { localPart: localPart.value, domain: domain.value },
    end: domain.end,
  };
}

/** Parses `text` as a mailbox and nothing else. Never throws. */
export function parseMailbox(text: string): Parsed<Mailbox> {
  return whole(text, scanMailbox(text, 0));
}

/** Writes a mailbox so that {@link parseMailbox} gives it back. */
export function formatMailbox(mailbox: Mailbox): string {
  return `${formatLocalPart(mailbox.localPart)}@${mailbox.domain}`;
}
