/**
 * The front door of SPF (RFC 7208): whether a domain lets a client use its name in MAIL FROM or HELO.
 *
 * Terms are the RFC's: an *identity* is what the client said (`mailfrom`, `helo`); a *record* has
 * *directives* (a *qualifier* and a *mechanism*) and *modifiers*; a *void look-up* is a question without
 * a record for an answer. SPF says nothing of From: alignment is DMARC's.
 *
 * Explanations (`exp`) are checked for syntax and not fetched: nobody here would read them.
 */
import { parseDomain } from '../../address/domain.ts';
import type { Dns } from '../../system/dns.ts';
import { excerpt } from '../excerpt.ts';
import { parseClientAddress } from '../ip-address.ts';
import { evaluateDomain, type SpfResult } from './evaluate.ts';
import { SpfLookups } from './lookups.ts';

export type { SpfResult } from './evaluate.ts';

export interface SpfInput {
  /** Without a zone; null where no client brought the message. */
  readonly clientAddress: string | null;
  /** As the client gave it; null where it gave none. */
  readonly helo: string | null;
  /** Without angle brackets; `""` is the null reverse-path. */
  readonly reversePath: string;
}

export interface SpfOptions {
  readonly dns: Dns;
  /** Ends every question; the result is then `temperror`, unless it was already clear. */
  readonly signal: AbortSignal;
}

export interface SpfAnswer {
  readonly result: SpfResult;
  /** `helo` for a null reverse-path (§2.4), else `mailfrom`. */
  readonly identity: 'mailfrom' | 'helo';
  /** The domain that was checked, lower case, in A-labels; null where there was none to check. */
  readonly domain: string | null;
  /** One sentence without a full stop: what matched, or what was wrong and where. */
  readonly reason: string;
}

/** RFC 5321 §4.5.3.1.3 allows a path of 256 octets and §4.5.3.1.4 a command line of 512: no client gave more. */
const IDENTITY_CHARACTERS_MAX = 512;

/** Labels that may be asked for (§4.3): host names, and the underscore that some mail systems have. */
const LABEL = /^[a-z0-9_-]{1,63}$/;
const NAME_OCTETS_MAX = 253;

/**
 * Checks MAIL FROM, or HELO where the reverse-path is null.
 *
 * @returns A value whatever happens; never rejects. At most 11 records are read, and DNS is asked at
 *   most 11 + 10 × 11 + 11 questions (§4.6.4).
 */
export async function checkSpf(input: SpfInput, { dns, signal }: SpfOptions): Promise<SpfAnswer> {
  const identity = input.reversePath === '' ? 'helo' : 'mailfrom';
  const none = (reason: string): SpfAnswer => ({ result: 'none', identity, domain: null, reason });
  if (input.clientAddress === null) return none('no client brought the message');
  const client = parseClientAddress(input.clientAddress);
  if (client === null) return none(`${excerpt(input.clientAddress)} is no IP address`);
  const { localPart, domainText } = splitIdentity(input);
  if (domainText === null) return none('the client gave neither a return address nor its name');
  const domain = parseCheckedDomain(domainText);
  if (domain === null) return none(`${excerpt(domainText)} is no full domain name`);
  const outcome = await evaluateDomain(domain, {
    client,
    sender: { localPart, domain },
    helo: heloValue(input.helo),
    lookups: new SpfLookups({ client, dns, signal }),
  });
  return { result: outcome.result, identity, domain, reason: outcome.reason };
}

/** The sender (§2.4, §4.3): `postmaster` stands in for a local-part that is not there. */
function splitIdentity({ helo, reversePath }: SpfInput): {
  readonly localPart: string;
  readonly domainText: string | null;
} {
  if (reversePath === '') return { localPart: 'postmaster', domainText: helo };
  // Too long to come from a client, and too long to be taken for a domain.
  if (reversePath.length > IDENTITY_CHARACTERS_MAX)
    return { localPart: 'postmaster', domainText: reversePath };
  const at = reversePath.lastIndexOf('@');
  const localPart = reversePath.slice(0, Math.max(0, at));
  return { localPart: localPart === '' ? 'postmaster' : localPart, domainText: reversePath.slice(at + 1) };
}

/**
 * A domain that DNS can be asked about (§4.3): two labels or more, none empty or too long, not an
 * address. U-labels become A-labels.
 */
function parseCheckedDomain(text: string): string | null {
  if (text.length > IDENTITY_CHARACTERS_MAX) return null;
  const isInternational = /[^ -~]/.test(text);
  const international = isInternational ? parseDomain(text) : null;
  if (international?.kind === 'malformed') return null;
  const domain = (international?.value ?? text).toLowerCase().replace(/\.$/, '');
  const labels = domain.split('.');
  if (domain.length > NAME_OCTETS_MAX || labels.length < 2) return null;
  if (!labels.every((label) => LABEL.test(label))) return null;
  return /^\d+$/.test(labels.at(-1) ?? '') ? null : domain;
}

/** What `%{h}` stands for. */
function heloValue(helo: string | null): string {
  if (helo === null || helo === '' || helo.length > IDENTITY_CHARACTERS_MAX) return 'unknown';
  const international = /[^ -~]/.test(helo) ? parseDomain(helo) : null;
  return international?.kind === 'parsed' ? international.value : helo;
}
