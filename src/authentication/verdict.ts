/**
 * What authentication says of a message: results, the rank by which two copies are compared, trust.
 *
 * Pure. It does not know DNS, the journal or the file system; the pipeline's step fills it in.
 */

/** Result words of RFC 8601 §2.7, as far as the file shows them. */
export type AuthenticationResult =
  | 'pass'
  | 'fail'
  | 'softfail'
  | 'neutral'
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
  readonly spf: AuthenticationResult;
  readonly dkim: AuthenticationResult;
  readonly dmarc: AuthenticationResult;
  /** The domain that is authenticated and aligned with From; null where there is none. */
  readonly authDomain: string | null;
  /** The rank without trust: `trusted` is decided per mailbox. */
  readonly rank: Exclude<Rank, 'trusted'>;
}

/** The verdict of a message that nobody has looked at. */
export const UNAUTHENTICATED: Verdict = {
  spf: 'none',
  dkim: 'none',
  dmarc: 'none',
  authDomain: null,
  rank: 'none',
};

/** `trusted` in the file, and why. */
export interface Trust {
  readonly trusted: 'none' | 'true' | 'false';
  /** `<code>: <sentence>`; null where the mailbox asks for no trust or trust is given. */
  readonly reason: string | null;
}
