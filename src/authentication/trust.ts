/**
 * Whether a mailbox trusts a message (contract §6, design §3.4): a pure decision over a verdict.
 *
 * Trust decides whether a hook may start by itself. It asks for one author who is on the list, and for
 * a *ground*: something that is aligned with From (RFC 7489 §3.1) and covers what the decision rests on.
 * A message nobody has authenticated has no ground.
 *
 * Several things may give a ground, and one is enough. Where none does, the reason is that of the one
 * that came closest, since that is the one to mend.
 */
import { matchesAny } from '../address/address-pattern.ts';
import { foldLocalPart, splitTag } from '../address/local-part.ts';
import { parseMailbox } from '../address/mailbox.ts';
import type { MailboxConfig } from '../config/config.ts';
import type { EpochMs } from '../system/clock.ts';
import { type TrustFailure, trustReason, type Unauthenticated } from './trust-reason.ts';
import type { Author, SignatureCheck, Trust, Verdict, VerdictDetails } from './verdict.ts';

/** What a mailbox asks for. */
export type TrustRules = Pick<
  MailboxConfig,
  'name' | 'trust' | 'trustedSenders' | 'trustSpf' | 'requireAddressed' | 'address' | 'aliases'
>;

/** What else the decision rests on. */
export interface TrustContext {
  readonly receivedAt: EpochMs;
  /** `[dedup] window`: a message older than that could start hooks again. */
  readonly windowMs: number;
  /** `arc_sealers`, lower case. */
  readonly arcSealers: readonly string[];
  /** Forward-paths that led the message here. */
  readonly deliveredTo: readonly string[];
}

/** What trust rests on. */
export type TrustGround =
  | { readonly kind: 'dkim'; readonly domain: string }
  | { readonly kind: 'arc'; readonly sealer: string; readonly domain: string }
  | { readonly kind: 'spf'; readonly domain: string };

export type TrustJudgement =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'trusted'; readonly ground: TrustGround }
  | { readonly kind: 'untrusted'; readonly failure: TrustFailure };

/**
 * What a signature must cover, as often as it occurs. A copy with another Message-ID, Date or Subject
 * would be another message, and start hooks again. Content-Type is not asked for: Gmail does not sign
 * it, and a second one is `repeated`.
 */
const FIELDS_TO_COVER: readonly string[] = ['from', 'subject', 'date', 'message-id'];

const DAY_MS = 86_400_000;
/** Clocks of senders may be this far ahead. A message from further ahead would stay young for too long. */
const AHEAD_MS_MAX = DAY_MS;

/**
 * @param rules What the mailbox asks for.
 * @returns `none` where the mailbox asks for nothing; else `false` with a reason that says what is
 *   missing and what would change it.
 */
export function decideTrust(rules: TrustRules, verdict: Verdict, context: TrustContext): Trust {
  const judgement = judgeTrust(rules, verdict, context);
  switch (judgement.kind) {
    case 'not-asked':
      return { trusted: 'none', reason: null };
    case 'trusted':
      return { trusted: 'true', reason: null };
    case 'untrusted':
      return { trusted: 'false', reason: trustReason(judgement.failure, rules) };
  }
}

/** The same decision, with what it rests on. */
export function judgeTrust(rules: TrustRules, verdict: Verdict, context: TrustContext): TrustJudgement {
  if (rules.trust === 'none') return { kind: 'not-asked' };
  const { details } = verdict;
  if (details === null) {
    const failure: TrustFailure = verdict.provisional ? { code: 'temperror', domain: null } : NOTHING_CHECKED;
    return { kind: 'untrusted', failure };
  }
  const author = onlyAuthor(details.author);
  if (author === null)
    return { kind: 'untrusted', failure: { code: 'multiple-from', author: details.author } };
  if (!matchesAny(rules.trustedSenders, author.address))
    return { kind: 'untrusted', failure: { code: 'no-match', address: author.address } };
  // No answer of DNS mends this one, so it is said before `temperror`.
  if (details.fields.repeated.length > 0)
    return { kind: 'untrusted', failure: { code: 'duplicate-field', fields: details.fields.repeated } };
  return judgeWays(waysToTrust(author.domain, details, { rules, context }), verdict, author.domain);
}

const NOTHING_CHECKED: TrustFailure = { code: 'unauthenticated', cause: { kind: 'not-checked' } };

interface OnlyAuthor {
  readonly address: string;
  readonly domain: string;
}

/** Null unless From is one field with one address at a domain. */
function onlyAuthor({ addresses, count, domain }: Author): OnlyAuthor | null {
  const [address] = addresses;
  if (count !== 1 || address === undefined || domain === null) return null;
  // The list is asked about the address, the signature about the domain: they must be of one kind.
  return address.toLowerCase().endsWith(`@${domain}`) ? { address, domain } : null;
}

/** One way to trust: how it comes out, or that DNS has not said. */
type Way =
  | { readonly kind: 'holds'; readonly ground: TrustGround }
  | { readonly kind: 'open'; readonly domain: string }
  | { readonly kind: 'fails'; readonly failure: TrustFailure };

interface Asked {
  readonly rules: TrustRules;
  readonly context: TrustContext;
}

function waysToTrust(fromDomain: string, details: VerdictDetails, asked: Asked): readonly Way[] {
  const ways = details.signatures.map((signature) => signatureWay(signature, fromDomain, details, asked));
  const sealer = details.arc.sealers.at(-1);
  if (sealer !== undefined && asked.context.arcSealers.includes(sealer))
    ways.push(arcWay(sealer, details, asked));
  if (asked.rules.trustSpf) ways.push(spfWay(details, asked));
  return ways;
}

function judgeWays(ways: readonly Way[], verdict: Verdict, fromDomain: string): TrustJudgement {
  const holds = ways.find((way) => way.kind === 'holds');
  if (holds !== undefined) return { kind: 'trusted', ground: holds.ground };
  const open = ways.find((way) => way.kind === 'open');
  if (open !== undefined) return { kind: 'untrusted', failure: { code: 'temperror', domain: open.domain } };
  const none: TrustFailure = {
    code: 'unauthenticated',
    cause: { kind: 'no-signature', domain: fromDomain, spf: spfHint(verdict) },
  };
  const failures = ways.flatMap((way) => (way.kind === 'fails' ? [way.failure] : []));
  const closest = failures.reduce((best, next) => (closeness(next) > closeness(best) ? next : best), none);
  return { kind: 'untrusted', failure: closest };
}

/** The domain for which SPF passes, where `trust_spf` would let that count. */
function spfHint({ details }: Verdict): string | null {
  const spf = details?.spf;
  return spf?.result === 'pass' && spf.alignment === 'aligned' ? spf.domain : null;
}

/** Who signs as From and fails is nearer to it than who signs as somebody else. */
const UNAUTHENTICATED_CLOSENESS: Readonly<Record<Unauthenticated['kind'], number>> = {
  'not-checked': 0,
  'no-signature': 0,
  spf: 1,
  'no-pass': 1,
  'no-vouch': 3,
  broken: 3,
};

/** How far a way has come, so that the reason is that of the one to mend. */
function closeness(failure: TrustFailure): number {
  switch (failure.code) {
    case 'not-addressed':
      return 6;
    case 'stale':
      return 5;
    case 'not-covered':
      return 4;
    case 'unauthenticated':
      return UNAUTHENTICATED_CLOSENESS[failure.cause.kind];
    case 'not-aligned':
      return 2;
    default:
      return 0;
  }
}

function signatureWay(
  signature: SignatureCheck,
  fromDomain: string,
  details: VerdictDetails,
  asked: Asked,
): Way {
  const { result, alignment, domain, reason } = signature;
  if (alignment === 'unaligned')
    return result === 'pass'
      ? {
          kind: 'fails',
          failure: { code: 'not-aligned', domain, fromDomain, isStrict: details.dmarc.adkim === 'strict' },
        }
      : { kind: 'fails', failure: { code: 'unauthenticated', cause: { kind: 'no-pass', domain, reason } } };
  if (result !== 'pass' && result !== 'temperror')
    return {
      kind: 'fails',
      failure: { code: 'unauthenticated', cause: { kind: 'broken', by: 'dkim', domain, reason } },
    };
  const { date } = details.fields;
  const failure =
    coverFailure(domain, signature.uncovered, details) ??
    staleFailure([date, signature.signedAt], asked.context) ??
    addressedFailure(domain, signature.uncovered, details, asked);
  // What DNS has not said matters only where all else holds.
  if (failure !== null) return { kind: 'fails', failure };
  return result === 'pass' && alignment === 'aligned'
    ? { kind: 'holds', ground: { kind: 'dkim', domain } }
    : { kind: 'open', domain };
}

/**
 * A sealer that the configuration names, and what it found before it changed the message.
 *
 * Its own time of signing says nothing: a message that is led through a list again is sealed anew.
 */
function arcWay(sealer: string, details: VerdictDetails, asked: Asked): Way {
  const { result, vouches, reason } = details.arc;
  if (result === 'temperror') return { kind: 'open', domain: sealer };
  if (result !== 'pass' || vouches === null || vouches.sealer !== sealer)
    return {
      kind: 'fails',
      failure: {
        code: 'unauthenticated',
        cause:
          result === 'pass'
            ? { kind: 'no-vouch', sealer }
            : { kind: 'broken', by: 'arc', domain: sealer, reason },
      },
    };
  const failure =
    coverFailure(sealer, vouches.uncovered, details) ??
    staleFailure([details.fields.date], asked.context) ??
    addressedFailure(sealer, vouches.uncovered, details, asked);
  return failure === null
    ? { kind: 'holds', ground: { kind: 'arc', sealer, domain: vouches.authDomain } }
    : { kind: 'fails', failure };
}

/** SPF covers no field: it says that the client may send for the domain, and nothing of what came. */
function spfWay(details: VerdictDetails, asked: Asked): Way {
  const { result, alignment, domain } = details.spf;
  const shown = domain ?? '';
  if ((result !== 'pass' && result !== 'temperror') || alignment === 'unaligned')
    return {
      kind: 'fails',
      failure: {
        code: 'unauthenticated',
        cause: { kind: 'spf', result, isAligned: alignment === 'aligned', domain: shown },
      },
    };
  const failure =
    staleFailure([details.fields.date], asked.context) ??
    (asked.rules.requireAddressed
      ? ({ code: 'not-addressed', domain: shown, cause: 'spf-signs-nothing' } as const)
      : null);
  if (failure !== null) return { kind: 'fails', failure };
  return result === 'pass' && alignment === 'aligned'
    ? { kind: 'holds', ground: { kind: 'spf', domain: shown } }
    : { kind: 'open', domain: shown };
}

function coverFailure(
  domain: string,
  uncovered: readonly string[],
  { fields }: VerdictDetails,
): TrustFailure | null {
  if (!fields.hasMessageId) return { code: 'not-covered', domain, fields: 'no-message-id' };
  const asked =
    fields.transferEncoding === null ? FIELDS_TO_COVER : [...FIELDS_TO_COVER, 'content-transfer-encoding'];
  const missing = asked.filter((name) => uncovered.includes(name));
  if (missing.length === 0) return null;
  return { code: 'not-covered', domain, fields: missing, transferEncoding: fields.transferEncoding };
}

/**
 * Fingerprints are kept for the window, so what is older could start hooks again.
 *
 * @param written When it was written, by everything that is signed: the latest counts. What lies ahead
 *   of its receipt by a day at most is old before its fingerprint is gone, hence the day less.
 */
function staleFailure(
  written: readonly (EpochMs | null)[],
  { receivedAt, windowMs }: TrustContext,
): TrustFailure | null {
  const times = written.filter((time) => time !== null);
  const ageMsMax = windowMs - AHEAD_MS_MAX;
  if (times.length === 0) return { code: 'stale', ageMs: null, ageMsMax };
  const ageMs = receivedAt - Math.max(...times);
  return ageMs < ageMsMax && ageMs >= -AHEAD_MS_MAX ? null : { code: 'stale', ageMs, ageMsMax };
}

function addressedFailure(
  domain: string,
  uncovered: readonly string[],
  { fields }: VerdictDetails,
  { rules, context }: Asked,
): TrustFailure | null {
  if (!rules.requireAddressed) return null;
  const ours = new Set(
    [rules.address, ...rules.aliases, ...context.deliveredTo]
      .filter((address) => !address.startsWith('*@'))
      .flatMap((address) => [...spellings(address)]),
  );
  const names = (addresses: readonly string[]): boolean =>
    addresses.some((address) => spellings(address).some((spelling) => ours.has(spelling)));
  const signed = [
    ...(uncovered.includes('to') ? [] : fields.to),
    ...(uncovered.includes('cc') ? [] : fields.cc),
  ];
  if (names(signed)) return null;
  const cause = names([...fields.to, ...fields.cc]) ? 'unsigned' : 'absent';
  return { code: 'not-addressed', domain, cause };
}

/** An address as it is compared, with its tag and without (contract §7). */
function spellings(address: string): readonly string[] {
  const parsed = parseMailbox(address);
  if (parsed.kind === 'malformed') return [address.toLowerCase()];
  const local = foldLocalPart(parsed.value.localPart);
  const { domain } = parsed.value;
  return [`${local}@${domain}`, `${splitTag(local).name}@${domain}`];
}
