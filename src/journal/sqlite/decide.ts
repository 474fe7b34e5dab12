/**
 * What becomes of a copy: the decision table of identity, on values alone (design §3.3).
 */
import { compareRank, type Rank } from '../../authentication/verdict.ts';
import type { DeliveryState } from '../rows.ts';
import type { DedupMode } from '../transitions.ts';

export type MatchedBy = 'exact' | 'content' | 'message-id' | 'legacy';

/** The delivery that holds the same message, as far as the decision needs it. */
export interface StoredCopy {
  readonly by: MatchedBy;
  readonly state: DeliveryState;
  /** Null for a file of the earlier version. */
  readonly rank: Rank | null;
  /** A client is known to have seen our `250` for it. */
  readonly witnessed: boolean;
}

export interface Copy {
  readonly rank: Rank;
  /** It has neither Message-ID nor Date. */
  readonly lacksIdentity: boolean;
  /** DNS has not said all of it yet, and will be asked again: its rank may rise. */
  readonly provisional: boolean;
}

export type Ruling =
  | 'deliver'
  /** A message of its own with the same bytes: it takes the fingerprints over. */
  | 'take-over'
  | 'absorb'
  | 'promote'
  /** The stored copy is on its way into the mailbox; a promotion needs it to be there. */
  | 'wait'
  /** Nothing would be lost but the chance to promote: it is decided when DNS has answered. */
  | 'wait-for-verdict';

/** @param stored Null where the mailbox holds no such message within the window. */
export function decideCopy(copy: Copy, stored: StoredCopy | null): Ruling {
  if (stored === null) return 'deliver';
  const byContent = stored.by === 'exact' || stored.by === 'content';
  if (copy.lacksIdentity && byContent && stored.witnessed) return 'take-over';
  if (stored.rank === null) return 'absorb';
  if (compareRank(copy.rank, stored.rank) <= 0)
    return copy.provisional && stored.rank !== 'trusted' ? 'wait-for-verdict' : 'absorb';
  return stored.state === 'delivered' ? 'promote' : 'wait';
}

/** Fingerprints by which a copy is looked for, in order. */
export function lookups(mode: DedupMode, messageId: string | null): readonly MatchedBy[] {
  switch (mode) {
    case 'off':
      return [];
    case 'message-id':
      return messageId === null ? ['exact', 'content', 'legacy'] : ['message-id', 'legacy'];
    case 'content':
      return ['exact', 'content', 'legacy'];
  }
}
