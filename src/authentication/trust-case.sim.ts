/** A message as trust sees it, to be varied in tests: signed by its author's domain, and listed. */
import type { EpochMs } from '../system/clock.ts';
import type { TrustContext, TrustRules } from './trust.ts';
import { type SignatureCheck, UNAUTHENTICATED, type Verdict, type VerdictDetails } from './verdict.ts';

export const DAY = 86_400_000;
export const RECEIVED: EpochMs = Date.UTC(2026, 10, 25, 12) as EpochMs;
export const ago = (days: number): EpochMs => (RECEIVED - days * DAY) as EpochMs;

export const RULES: TrustRules = {
  name: 'agent',
  trust: 'verified',
  trustedSenders: ['*@corp.example'],
  trustSpf: false,
  requireAddressed: false,
  address: 'agent@aimx.example',
  aliases: ['helper@aimx.example'],
};
export const CONTEXT: TrustContext = {
  receivedAt: RECEIVED,
  windowMs: 35 * DAY,
  arcSealers: [],
  deliveredTo: ['agent@aimx.example'],
};

/** A passing signature of From's domain that covers everything. */
export const SIGNED: SignatureCheck = {
  result: 'pass',
  domain: 'corp.example',
  selector: 's',
  algorithm: 'rsa-sha256',
  signatureStart: 'abcdefgh',
  alignment: 'aligned',
  uncovered: [],
  signedAt: ago(0),
  reason: null,
};
export const FOREIGN: SignatureCheck = { ...SIGNED, domain: 'mailer.example', alignment: 'unaligned' };
export const BROKEN: SignatureCheck = { ...SIGNED, result: 'fail', reason: 'the body was changed' };

/** A plain message of ann@corp.example, signed by her domain and unknown to SPF. */
export const PLAIN: VerdictDetails = {
  author: { addresses: ['ann@corp.example'], count: 1, domain: 'corp.example' },
  fields: {
    repeated: [],
    hasMessageId: true,
    date: ago(0),
    transferEncoding: null,
    to: ['agent@aimx.example'],
    cc: [],
  },
  spf: { result: 'none', identity: 'mailfrom', domain: null, alignment: 'unaligned', reason: null },
  signatures: [SIGNED],
  signaturesNotJudged: 0,
  dmarc: {
    result: 'pass',
    recordDomain: 'corp.example',
    policy: 'reject',
    pct: 100,
    adkim: 'relaxed',
    aspf: 'relaxed',
    reason: null,
  },
  arc: { result: 'none', sealers: [], vouches: null, reason: null },
  iprev: { result: 'none', name: null, reason: null },
};

export interface TrustCase {
  readonly details?: Partial<VerdictDetails>;
  readonly fields?: Partial<VerdictDetails['fields']>;
  readonly rules?: Partial<TrustRules>;
  readonly context?: Partial<TrustContext>;
  readonly provisional?: boolean;
}

/** The verdict of {@link PLAIN}, varied. */
export function verdictOf({ details, fields, provisional = false }: TrustCase): Verdict {
  const whole = { ...PLAIN, ...details, fields: { ...PLAIN.fields, ...details?.fields, ...fields } };
  return { ...UNAUTHENTICATED, dkim: 'pass', rank: 'aligned-dkim', provisional, details: whole };
}
