/**
 * What authentication says of a message: results, what they rest on, the rank by which two copies are
 * compared, trust.
 *
 * Pure. It does not know DNS, the journal or the file system; the pipeline's step fills it in. A verdict
 * is stored as JSON with the message, so it is plain data and bounded.
 */
import type { EpochMs } from '../system/clock.ts';

/** Result words of RFC 8601 §2.7. */
export type AuthenticationResult =
  | 'pass'
  | 'fail'
  | 'softfail'
  | 'neutral'
  | 'policy'
  | 'none'
  | 'temperror'
  | 'permerror';

/**
 * How well a copy is authenticated, worst first. A stored copy absorbs another only when it stands
 * at least as high; a higher one promotes it.
 */
export const RANKS = ['fail', 'none', 'aligned-spf', 'aligned-dkim', 'trusted'] as const;
export type Rank = (typeof RANKS)[number];

/** Negative where `a` is worse than `b`, 0 where they are equal, positive where it is better. */
export function compareRank(a: Rank, b: Rank): number {
  return RANKS.indexOf(a) - RANKS.indexOf(b);
}

export interface Verdict {
  /** As the file shows them (contract §5). */
  readonly spf: AuthenticationResult;
  readonly dkim: AuthenticationResult;
  readonly dmarc: AuthenticationResult;
  /** The domain that is authenticated and aligned with From; null where there is none. */
  readonly authDomain: string | null;
  /** The rank without trust: `trusted` is decided per mailbox. */
  readonly rank: Exclude<Rank, 'trusted'>;
  /** DNS did not answer something that could raise or lower the rank or trust: it is worth asking again. */
  readonly provisional: boolean;
  /** What the results rest on; null where nobody has looked. */
  readonly details: VerdictDetails | null;
}

/** Whether a domain stands for From's (RFC 7489 §3.1). `unknown`: the policy that decides it could not be had. */
export type Alignment = 'aligned' | 'unaligned' | 'unknown';

/** Reasons are one sentence without a full stop, in our words, with what a message said quoted and bounded. */
export interface VerdictDetails {
  readonly author: Author;
  readonly fields: FieldFacts;
  readonly spf: SpfCheck;
  /** In order of appearance, at most `SIGNATURES_JUDGED_MAX`. */
  readonly signatures: readonly SignatureCheck[];
  /** Signatures beyond that, which nobody looked at. */
  readonly signaturesNotJudged: number;
  readonly dmarc: DmarcCheck;
  readonly arc: ArcCheck;
  readonly iprev: IprevCheck;
}

/** Who From names. */
export interface Author {
  /** Addresses in all From fields, groups included, lower case domain (A-labels), at most 10. */
  readonly addresses: readonly string[];
  /** How many there are in all. */
  readonly count: number;
  /** Domain of the only address in A-labels, lower case; null unless there is exactly one in exactly one field. */
  readonly domain: string | null;
}

/** What trust asks of the header section. */
export interface FieldFacts {
  /** Lower-case names of fields that may occur once (RFC 5322 §3.6, RFC 2045 §3) and occur more often. */
  readonly repeated: readonly string[];
  /** A Message-ID stands in it, by which copies of a signed letter are known. */
  readonly hasMessageId: boolean;
  /** When Date says the message was written; null where it is absent or no date. */
  readonly date: EpochMs | null;
  /** Top-level Content-Transfer-Encoding, lower case, where it changes how the body is read (design §3.4); else null. */
  readonly transferEncoding: string | null;
  /** Addresses in To and Cc, lower case, at most 50 each. */
  readonly to: readonly string[];
  readonly cc: readonly string[];
}

export interface SpfCheck {
  readonly result: AuthenticationResult;
  /** Which identity was checked (RFC 7208 §2.3, §2.4): HELO for a null reverse-path. */
  readonly identity: 'mailfrom' | 'helo';
  /** The domain that was checked; null where there was none to check. */
  readonly domain: string | null;
  readonly alignment: Alignment;
  readonly reason: string | null;
}

export interface SignatureCheck {
  readonly result: AuthenticationResult;
  /** `d=` and `s=`, lower case; `""` where the signature does not say. */
  readonly domain: string;
  readonly selector: string;
  /** `a=`. */
  readonly algorithm: string;
  /** The first 8 characters of `b=`, which tell signatures apart (RFC 6008). */
  readonly signatureStart: string;
  readonly alignment: Alignment;
  /**
   * Lower-case names, among {@link COVERABLE_FIELDS}, of fields of which the message has an occurrence
   * that this signature does not cover. A name that occurs nowhere is covered.
   */
  readonly uncovered: readonly string[];
  /** `t=`. */
  readonly signedAt: EpochMs | null;
  readonly reason: string | null;
}

/** Fields whose cover decides something. */
export const COVERABLE_FIELDS = [
  'from',
  'subject',
  'date',
  'message-id',
  'to',
  'cc',
  'reply-to',
  'content-type',
  'content-transfer-encoding',
] as const;

export interface DmarcCheck {
  readonly result: AuthenticationResult;
  /** Where the record was found (RFC 7489 §6.6.3); null where there is none. */
  readonly recordDomain: string | null;
  /** What the domain asks for, `sp` taken into account; null without a record. */
  readonly policy: 'none' | 'quarantine' | 'reject' | null;
  /** Of 100 messages how many the policy is meant for. */
  readonly pct: number | null;
  readonly adkim: 'relaxed' | 'strict' | null;
  readonly aspf: 'relaxed' | 'strict' | null;
  readonly reason: string | null;
}

export interface ArcCheck {
  readonly result: 'none' | 'pass' | 'fail' | 'temperror';
  /** `d=` of each ARC-Seal, from instance 1 on, lower case. */
  readonly sealers: readonly string[];
  /** What the outermost sealer says of the message as it came to it; null where its results name no aligned pass. */
  readonly vouches: ArcVouch | null;
  readonly reason: string | null;
}

/** A domain aligned with From that the outermost sealer found authenticated, under its own message signature. */
export interface ArcVouch {
  readonly sealer: string;
  readonly authDomain: string;
  /** As in {@link SignatureCheck.uncovered}, of the outermost ARC-Message-Signature. */
  readonly uncovered: readonly string[];
  readonly signedAt: EpochMs | null;
}

/** Whether the client's address has a name that leads back to it (RFC 8601 §3). */
export interface IprevCheck {
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror' | 'none';
  /** The name that leads back; null where none does. */
  readonly name: string | null;
  readonly reason: string | null;
}

/** The verdict of a message that nobody has looked at. */
export const UNAUTHENTICATED: Verdict = {
  spf: 'none',
  dkim: 'none',
  dmarc: 'none',
  authDomain: null,
  rank: 'none',
  provisional: false,
  details: null,
};

/** `trusted` in the file, and why. */
export interface Trust {
  readonly trusted: 'none' | 'true' | 'false';
  /** `<code>: <sentence>`; null where the mailbox asks for no trust or trust is given. */
  readonly reason: string | null;
}
