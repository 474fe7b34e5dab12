/** What the methods found, before anything is known of alignment: the parts of which a verdict is made. */
import type { EpochMs } from '../system/clock.ts';
import type { MethodResult } from './authentication-results.ts';
import type { DmarcDiscovery } from './dmarc/discovery.ts';
import type { ArcCheck, Author, FieldFacts, IprevCheck, SignatureCheck, SpfCheck } from './verdict.ts';

export type SpfFinding = Omit<SpfCheck, 'alignment'>;
export type SignatureFinding = Omit<SignatureCheck, 'alignment'>;

export interface DkimFinding {
  /** In order of appearance. */
  readonly signatures: readonly SignatureFinding[];
  /** Signatures that nobody looked at, because there are too many. */
  readonly notJudged: number;
}

/** What the last sealer of a chain says of the message as it came to it. */
export interface OutermostSet {
  /** `d=` of its seal, lower case. */
  readonly sealer: string;
  /** From its ARC-Authentication-Results. */
  readonly methods: readonly MethodResult[];
  /** As in `SignatureCheck`, of its ARC-Message-Signature. */
  readonly uncovered: readonly string[];
  readonly signedAt: EpochMs | null;
}

export interface ArcFinding {
  readonly result: ArcCheck['result'];
  readonly reason: string | null;
  readonly sealers: readonly string[];
  /** Null unless the chain passes. */
  readonly outermost: OutermostSet | null;
}

export interface Findings {
  readonly author: Author;
  readonly fields: FieldFacts;
  readonly spf: SpfFinding;
  readonly dkim: DkimFinding;
  readonly arc: ArcFinding;
  readonly iprev: IprevCheck;
  /** Null where there is no author domain to ask. */
  readonly discovery: DmarcDiscovery | null;
}
