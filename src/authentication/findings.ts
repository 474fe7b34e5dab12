/** What the methods found, before anything is known of alignment: the parts of which a verdict is made. */
import type { EpochMs } from '../system/clock.ts';
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

/** One `method=result` of an ARC-Authentication-Results, with its properties by name (`header.d`). */
export interface SealedMethod {
  readonly method: string;
  readonly result: string;
  readonly properties: Readonly<Record<string, string>>;
}

export interface ArcFinding {
  readonly result: ArcCheck['result'];
  readonly reason: string | null;
  readonly sealers: readonly string[];
  /** What the highest instance says, whatever the chain's result; null without a chain. */
  readonly outermost: {
    readonly sealer: string;
    readonly methods: readonly SealedMethod[];
    readonly uncovered: readonly string[];
    readonly signedAt: EpochMs | null;
  } | null;
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
