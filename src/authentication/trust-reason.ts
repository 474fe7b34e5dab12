/**
 * Why a message is not trusted, in words: what is missing, and what to do about it.
 *
 * One line, bounded. What a message said (addresses, domains) is shown without characters that do
 * something, so that a sender cannot write the reason.
 */
import { assertNever } from '../system/assert.ts';
import type { AuthenticationResult, Author } from './verdict.ts';

/** In the order in which they are asked; stable (contract §6). */
export const TRUST_CODES = [
  'multiple-from',
  'no-match',
  'duplicate-field',
  'temperror',
  'unauthenticated',
  'not-aligned',
  'not-covered',
  'stale',
  'not-addressed',
] as const;

export type TrustFailure =
  | { readonly code: 'multiple-from'; readonly author: Author }
  | { readonly code: 'no-match'; readonly address: string }
  | { readonly code: 'duplicate-field'; readonly fields: readonly string[] }
  /** `domain`: about whom DNS did not answer. */
  | { readonly code: 'temperror'; readonly domain: string | null }
  | { readonly code: 'unauthenticated'; readonly cause: Unauthenticated }
  | {
      readonly code: 'not-aligned';
      readonly domain: string;
      readonly fromDomain: string;
      /** From's domain asks for the very same domain (`adkim=s`). */
      readonly isStrict: boolean;
    }
  | {
      readonly code: 'not-covered';
      readonly domain: string;
      readonly fields: readonly string[];
      readonly transferEncoding: string | null;
    }
  /** There is no Message-ID that could be covered. */
  | { readonly code: 'not-covered'; readonly domain: string; readonly fields: 'no-message-id' }
  /** `ageMs`: at its receipt; negative where it lies ahead, null where nothing says. */
  | { readonly code: 'stale'; readonly ageMs: number | null; readonly ageMsMax: number }
  | {
      readonly code: 'not-addressed';
      readonly domain: string;
      readonly cause: 'absent' | 'unsigned' | 'spf-signs-nothing';
    };

export type Unauthenticated =
  | { readonly kind: 'not-checked' }
  /** `spf`: the domain for which SPF passes, aligned. */
  | { readonly kind: 'no-signature'; readonly domain: string; readonly spf: string | null }
  /** It is aligned with From, and does not verify. */
  | {
      readonly kind: 'broken';
      readonly by: 'dkim' | 'arc';
      readonly domain: string;
      readonly reason: string | null;
    }
  /** It is not aligned, and does not verify either. */
  | { readonly kind: 'no-pass'; readonly domain: string; readonly reason: string | null }
  | { readonly kind: 'no-vouch'; readonly sealer: string }
  | {
      readonly kind: 'spf';
      readonly result: AuthenticationResult;
      readonly isAligned: boolean;
      readonly domain: string;
    };

/** A line that a person reads to its end, and that fits the frontmatter of every message. */
const REASON_CHARACTERS_MAX = 480;
/** Of what a message said: enough to recognise it. */
const QUOTED_CHARACTERS_MAX = 100;
/** Addresses and fields that are named; the rest is counted. */
const NAMED_MAX = 3;

const DAY_MS = 86_400_000;

/** @returns `<code>: <sentence>` (contract §5), without a full stop. */
export function trustReason(
  failure: TrustFailure,
  mailbox: { readonly name: string; readonly address: string },
): string {
  const line = `${failure.code}: ${sentence(failure, mailbox)}`;
  return line.length <= REASON_CHARACTERS_MAX ? line : `${cut(line, REASON_CHARACTERS_MAX - 1)}…`;
}

function sentence(
  failure: TrustFailure,
  { name, address }: { readonly name: string; readonly address: string },
): string {
  switch (failure.code) {
    case 'multiple-from':
      return authorSentence(failure.author);
    case 'no-match':
      return (
        `${safe(failure.address)} is not in trusted_senders; add it to the list of mailbox ${name} ` +
        'if what this sender writes may start hooks'
      );
    case 'duplicate-field':
      return (
        `${namesOf(failure.fields)} ${failure.fields.length === 1 ? 'occurs' : 'occur'} more than once, ` +
        'as where a stranger adds to a signed message; the sender must write it once'
      );
    case 'temperror':
      return `DNS did not answer${failure.domain === null || failure.domain === '' ? '' : ` for ${safe(failure.domain)}`}, so nobody can say yet who wrote this; it is asked again by itself for a day`;
    case 'unauthenticated':
      return unauthenticatedSentence(failure.cause);
    case 'not-aligned':
      return notAlignedSentence(failure);
    case 'not-covered':
      if (failure.fields === 'no-message-id')
        return (
          'it has no Message-ID, so a copy that is changed where nobody signs could not be told from another ' +
          `letter; ask ${safe(failure.domain)} to send mail with one`
        );
      return (
        `the signature of ${safe(failure.domain)} does not cover ${namesOf(failure.fields)}, ` +
        `so anybody could have changed ${failure.fields.length === 1 ? 'it' : 'them'}; ` +
        `ask ${safe(failure.domain)} to sign ${failure.fields.length === 1 ? 'it' : 'them'}` +
        (failure.fields.includes('content-transfer-encoding')
          ? ` (the body is ${safe(failure.transferEncoding ?? 'encoded')}), or to send mail in several parts (text and HTML)`
          : '')
      );
    case 'stale':
      return staleSentence(failure);
    case 'not-addressed':
      return notAddressedSentence(failure, address);
    default:
      return assertNever(failure);
  }
}

function authorSentence({ addresses, count }: Author): string {
  const must = 'a trusted message has one From with one address at a domain';
  if (count === 0) return `From names no address; ${must}`;
  if (count === 1)
    return `From is ${safe(addresses[0] ?? 'unreadable')} and not one address at a domain; ${must}`;
  const named = addresses.slice(0, NAMED_MAX).map(safe).join(', ');
  return `From names ${count} addresses (${named}${count > NAMED_MAX ? ', …' : ''}); ${must}`;
}

const ANYBODY = 'or set fire_on_untrusted on the hook if anyone may start it';

function unauthenticatedSentence(cause: Unauthenticated): string {
  switch (cause.kind) {
    case 'not-checked':
      return 'nobody has checked who wrote this message';
    case 'no-signature':
      return (
        `the message has no DKIM signature; ask ${safe(cause.domain)} to sign its mail` +
        (cause.spf === null
          ? `, ${ANYBODY}`
          : `, or set trust_spf on the mailbox: SPF passes for ${safe(cause.spf)}`)
      );
    case 'broken':
      return cause.by === 'dkim'
        ? `the signature of ${safe(cause.domain)} does not verify${because(cause.reason)}; the message was changed on its way, is forged, or the signer must mend it: aimx authenticate shows the checks`
        : `the ARC seals up to ${safe(cause.domain)} do not verify${because(cause.reason)}; ask who runs ${safe(cause.domain)}`;
    case 'no-pass':
      return `no signature of From's domain is there, and that of ${safe(cause.domain)} does not verify${because(cause.reason)}; ask the sender to sign with DKIM, ${ANYBODY}`;
    case 'no-vouch':
      return `${safe(cause.sealer)}, whose ARC seal is believed, did not find the author authenticated when the message came to it; ask the author to sign with DKIM`;
    case 'spf':
      return (
        `no signature of From's domain verifies, and SPF does not stand for it (${cause.result}` +
        (cause.domain === '' ? '' : ` for ${safe(cause.domain)}`) +
        `${cause.isAligned ? '' : ", which is not From's domain"}); ask the sender to sign with DKIM`
      );
    default:
      return assertNever(cause);
  }
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : ` (${safe(reason)})`;
}

function notAlignedSentence({
  domain,
  fromDomain,
  isStrict,
}: TrustFailure & { code: 'not-aligned' }): string {
  const related = domain.endsWith(`.${fromDomain}`) || fromDomain.endsWith(`.${domain}`);
  const strict = isStrict && related ? ', which asks for the very same domain (adkim=s)' : '';
  return (
    `the signature is ${safe(domain)}'s, From is ${safe(fromDomain)}'s${strict}; ` +
    `ask them to sign as ${safe(fromDomain)}, ${ANYBODY}`
  );
}

function staleSentence({ ageMs, ageMsMax }: TrustFailure & { code: 'stale' }): string {
  if (ageMs === null) return 'nothing that is signed says when it was written; the sender must write a Date';
  if (ageMs < 0)
    return `it says that it was written ${days(-ageMs)} after it came; the clock of the sender is wrong`;
  return (
    `it was written ${days(ageMs)} before it came, and is trusted up to ${days(ageMsMax)} ([dedup] window less a day), ` +
    'since an old message sent again would start hooks again; ask for a new one, or release its runs'
  );
}

function days(ms: number): string {
  const count = Math.floor(ms / DAY_MS);
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}

function notAddressedSentence(
  { domain, cause }: TrustFailure & { code: 'not-addressed' },
  address: string,
): string {
  switch (cause) {
    case 'absent':
      return `neither To nor Cc names ${address}, as require_addressed asks: it was written to somebody else, or in Bcc`;
    case 'unsigned':
      return `${address} stands in a To or Cc that the signature of ${safe(domain)} does not cover, as require_addressed asks; ask ${safe(domain)} to sign To and Cc`;
    case 'spf-signs-nothing':
      return `SPF signs neither To nor Cc, as require_addressed asks; ask ${safe(domain)} to sign with DKIM`;
    default:
      return assertNever(cause);
  }
}

/** `subject` → `Subject`, `message-id` → `Message-ID`. */
function fieldName(name: string): string {
  return name
    .split('-')
    .map((part) =>
      part === 'id' || part === 'mime' ? part.toUpperCase() : part.slice(0, 1).toUpperCase() + part.slice(1),
    )
    .join('-');
}

function namesOf(fields: readonly string[]): string {
  const named = fields.slice(0, NAMED_MAX).map((name) => safe(fieldName(name)));
  const rest = fields.length - named.length;
  const all = rest > 0 ? [...named, `${rest} more`] : named;
  return all.length < 2 ? (all[0] ?? 'a field') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** What a message said, for a line: nothing that moves a cursor, turns text or ends a line; bounded. */
function safe(text: string): string {
  const shown = text.slice(0, QUOTED_CHARACTERS_MAX * 2).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return shown.length <= QUOTED_CHARACTERS_MAX ? shown : `${cut(shown, QUOTED_CHARACTERS_MAX - 1)}…`;
}

/** At most so many UTF-16 code units, no character halved. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
