/**
 * Reverse-path and forward-path: the mailboxes of MAIL and RCPT in their angle brackets.
 *
 *     Reverse-path = Path / "<>"                                           RFC 5321 §4.1.2
 *     Forward-path = Path / "<Postmaster>"                                 RFC 5321 §4.1.1.3
 *     Path         = "<" [ A-d-l ":" ] Mailbox ">"
 *     A-d-l        = "@" Domain *( "," "@" Domain )
 *
 * A source route (`A-d-l`) is read and dropped: it must be taken and should be ignored (§4.1.1.3,
 * Appendix C).
 */
import { scanDomain } from './domain.ts';
import { LOCAL_PART_OCTETS_MAX } from './local-part.ts';
import { type Mailbox, scanMailbox } from './mailbox.ts';
import { octetLength } from './octets.ts';
import { type Malformed, malformed, type Scanned } from './parsed.ts';

/** The punctuation counts (RFC 5321 §4.5.3.1.3). */
export const PATH_OCTETS_MAX = 256;

/**
 * A reverse-path's local part may fill the path. Senders write bounce addresses that name the
 * recipient, or a whole forwarded address, in the local part (VERP, SRS); they pass 64 octets, and
 * refusing them would lose mail over an address that is ours to keep, not to deliver to.
 */
const REVERSE_LOCAL_PART_OCTETS_MAX = PATH_OCTETS_MAX;

/** `text` is as given, without brackets and source route. */
export type ReversePath =
  /** `<>`: a notification; nothing may be sent in answer to it (RFC 5321 §4.5.5). */
  | { readonly kind: 'null'; readonly text: '' }
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox; readonly text: string };

/** `text` is as given, without brackets and source route. */
export type ForwardPath =
  /** `postmaster` without a domain, in any case (RFC 5321 §4.5.1). */
  | { readonly kind: 'postmaster'; readonly text: string }
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox; readonly text: string };

/** Where a source route that begins at `from` has ended: behind its colon, or `from` where there is none. */
function scanSourceRoute(text: string, from: number): number | Malformed {
  if (text.charAt(from) !== '@') return from;
  let at = from;
  for (;;) {
    if (text.charAt(at) !== '@') return malformed(at, '"@" and a domain of the source route');
    const domain = scanDomain(text, at + 1);
    if (domain.kind === 'malformed') return domain;
    at = domain.end;
    if (text.charAt(at) === ':') return at + 1;
    if (text.charAt(at) !== ',') return malformed(at, '"," or ":" of the source route');
    at += 1;
  }
}

function scanPath(
  text: string,
  from: number,
  localPartOctetsMax: number,
): Scanned<{ readonly mailbox: Mailbox; readonly text: string }> {
  if (text.charAt(from) !== '<') return malformed(from, '"<"');
  const start = scanSourceRoute(text, from + 1);
  if (typeof start !== 'number') return start;
  const mailbox = scanMailbox(text, start, localPartOctetsMax);
  if (mailbox.kind === 'malformed') return mailbox;
  if (text.charAt(mailbox.end) !== '>') return malformed(mailbox.end, '">"');
  const end = mailbox.end + 1;
  if (octetLength(text.slice(from, end)) > PATH_OCTETS_MAX) {
    return malformed(from, `a path of at most ${PATH_OCTETS_MAX} octets`);
  }
  return {
    kind: 'scanned',
    value: { mailbox: mailbox.value, text: text.slice(start, mailbox.end) },
    end,
  };
}

/**
 * Scans the reverse-path that begins at `from`; parameters may follow it.
 *
 * @returns The path and where it ended; or the first wrong character, from which the session makes
 *   `501 5.1.7`. Never throws.
 */
export function scanReversePath(text: string, from: number): Scanned<ReversePath> {
  if (text.startsWith('<>', from)) {
    return { kind: 'scanned', value: { kind: 'null', text: '' }, end: from + 2 };
  }
  const path = scanPath(text, from, REVERSE_LOCAL_PART_OCTETS_MAX);
  if (path.kind === 'malformed') return path;
  return { ...path, value: { kind: 'mailbox', ...path.value } };
}

/**
 * Scans the forward-path that begins at `from`; parameters may follow it.
 *
 * @returns The path and where it ended; or the first wrong character, from which the session makes
 *   `501 5.1.3`. Never throws.
 */
export function scanForwardPath(text: string, from: number): Scanned<ForwardPath> {
  const bare = text.slice(from, from + '<postmaster>'.length);
  if (bare.toLowerCase() === '<postmaster>') {
    const value = { kind: 'postmaster', text: bare.slice(1, -1) } as const;
    return { kind: 'scanned', value, end: from + bare.length };
  }
  const path = scanPath(text, from, LOCAL_PART_OCTETS_MAX);
  if (path.kind === 'malformed') return path;
  return { ...path, value: { kind: 'mailbox', ...path.value } };
}
