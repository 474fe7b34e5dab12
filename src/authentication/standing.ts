/**
 * What the checks of a message come to: its rank, the domain that vouches for From, and whether DNS has
 * left something open. Pure.
 */
import type { VouchFinding } from './arc-vouch.ts';
import { comparableDomain } from './organizational-domain.ts';
import type { ArcCheck, DmarcCheck, FieldFacts, SignatureCheck, SpfCheck, Verdict } from './verdict.ts';

export interface Checks {
  readonly fields: FieldFacts;
  readonly spf: SpfCheck;
  readonly signatures: readonly SignatureCheck[];
  readonly dmarc: DmarcCheck;
  readonly arc: ArcCheck['result'];
  /** Null unless the chain passes. */
  readonly vouch: VouchFinding | null;
}

type Aligned = Pick<SpfCheck, 'result' | 'alignment'>;

/** Fields without whose cover a signature trusts nobody (design §3.4). */
const NEEDED: readonly string[] = ['from', 'subject', 'date', 'message-id'];

function covers(signature: SignatureCheck, { transferEncoding }: FieldFacts): boolean {
  const needed = transferEncoding === null ? NEEDED : [...NEEDED, 'content-transfer-encoding'];
  return !needed.some((name) => signature.uncovered.includes(name));
}

function isAligned(check: Aligned, result: 'pass' | 'fail'): boolean {
  return check.alignment === 'aligned' && check.result === result;
}

/** True where an answer of DNS that is still out could make it an aligned pass. */
function isOpen({ result, alignment }: Aligned): boolean {
  if (result === 'temperror') return alignment !== 'unaligned';
  return result === 'pass' && alignment === 'unknown';
}

/** Of the aligned signatures that pass: first one that covers what is needed, then one of From's own domain. */
function bestSignature({ signatures, fields }: Checks, author: string | null): SignatureCheck | null {
  const merit = (signature: SignatureCheck): number =>
    (covers(signature, fields) ? 2 : 0) + (comparableDomain(signature.domain) === author ? 1 : 0);
  return signatures
    .filter((signature) => isAligned(signature, 'pass'))
    .reduce<SignatureCheck | null>(
      (best, one) => (best === null || merit(one) > merit(best) ? one : best),
      null,
    );
}

/**
 * Worse than nothing is evidence against: From's domain asks in DMARC that something aligned passes and
 * nothing does; its SPF record denies the client; or a signature in its name is not over this message. The
 * last is what a mailing list leaves of a signed letter, and what a forger leaves who changes one: either
 * way not what the author signed, so it may not stand in for a copy of which nothing is known.
 */
function hasEvidenceAgainst({ spf, signatures, dmarc }: Checks): boolean {
  return (
    dmarc.result === 'fail' ||
    isAligned(spf, 'fail') ||
    signatures.some((signature) => isAligned(signature, 'fail'))
  );
}

function rankOf(checks: Checks, hasSignature: boolean): Verdict['rank'] {
  if (hasSignature) return 'aligned-dkim';
  if (isAligned(checks.spf, 'pass')) return 'aligned-spf';
  // Nothing counts against a message while an answer is out that could speak for it.
  if ([checks.spf, ...checks.signatures].some(isOpen)) return 'none';
  return hasEvidenceAgainst(checks) ? 'fail' : 'none';
}

/** @param author The author's domain; null where there is none, and then nothing is aligned. */
export function decideStanding(
  checks: Checks,
  author: string | null,
): Pick<Verdict, 'rank' | 'authDomain' | 'provisional'> {
  const signature = bestSignature(checks, author);
  const { spf, signatures, arc, vouch } = checks;
  const bySpf = isAligned(spf, 'pass') && spf.domain !== null ? comparableDomain(spf.domain) : null;
  // A signature that covers everything is the best there is: no answer could add to it.
  const isSettled = signature !== null && covers(signature, checks.fields);
  // What a sealer says is known only once its chain holds.
  const isChainOpen = arc === 'temperror' || vouch?.alignment === 'unknown';
  return {
    rank: rankOf(checks, signature !== null),
    authDomain: signature?.domain ?? bySpf,
    provisional: author !== null && !isSettled && (isChainOpen || [spf, ...signatures].some(isOpen)),
  };
}
