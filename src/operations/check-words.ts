/** What each method found, in words: for a trace and for who asks why something is not trusted. */
import type {
  Alignment,
  ArcCheck,
  DmarcCheck,
  IprevCheck,
  SignatureCheck,
  SpfCheck,
  VerdictDetails,
} from '../authentication/verdict.ts';

/** One method, or one signature. */
export interface CheckWords {
  /** As people write it. */
  readonly method: 'SPF' | 'DKIM' | 'DMARC' | 'ARC' | 'iprev';
  readonly result: string;
  /** What stands behind the result; `""` where there is nothing to say. */
  readonly text: string;
}

const ALIGNMENT_WORDS: Readonly<Record<Alignment, string>> = {
  aligned: 'aligned with From',
  unaligned: 'not aligned with From',
  unknown: 'alignment with From unknown, since the DMARC record could not be had',
};

/** Fields that are worth a word when a signature leaves them out. */
const NOTABLE = [
  'from',
  'subject',
  'date',
  'message-id',
  'to',
  'cc',
  'reply-to',
  'content-transfer-encoding',
];

function sentence(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== '').join(', ');
}

/** Domains come from messages: one that is no plain name is shown quoted. */
function shown(domain: string): string {
  return /^[a-z0-9._-]{1,255}$/i.test(domain) ? domain : JSON.stringify(domain.slice(0, 255));
}

function spfWords({ result, identity, domain, alignment, reason }: SpfCheck): CheckWords {
  const of = domain === null ? null : `${shown(domain)} in ${identity === 'helo' ? 'HELO' : 'MAIL FROM'}`;
  const isTelling = domain !== null && result !== 'none';
  return {
    method: 'SPF',
    result,
    text: sentence([of, isTelling ? ALIGNMENT_WORDS[alignment] : null, reason]),
  };
}

function signatureWords({
  result,
  domain,
  selector,
  alignment,
  uncovered,
  reason,
}: SignatureCheck): CheckWords {
  const missing = NOTABLE.filter((name) => uncovered.includes(name));
  const text = sentence([
    domain === '' ? 'a signature without a domain' : `${shown(domain)} by selector ${shown(selector)}`,
    domain === '' ? null : ALIGNMENT_WORDS[alignment],
    reason,
    result === 'pass' && missing.length > 0 ? `does not cover ${missing.join(', ')}` : null,
  ]);
  return { method: 'DKIM', result, text };
}

function dkimWords({ signatures, signaturesNotJudged }: VerdictDetails): readonly CheckWords[] {
  const words = signatures.map(signatureWords);
  if (signaturesNotJudged > 0)
    words.push({
      method: 'DKIM',
      result: 'policy',
      text: `${signaturesNotJudged} more signatures, which nobody looked at: there are too many`,
    });
  return words.length > 0 ? words : [{ method: 'DKIM', result: 'none', text: 'there is no signature' }];
}

function dmarcWords({ result, recordDomain, policy, pct, adkim, aspf, reason }: DmarcCheck): CheckWords {
  const strict = [adkim === 'strict' ? 'DKIM' : null, aspf === 'strict' ? 'SPF' : null].filter(
    (method) => method !== null,
  );
  const asks =
    recordDomain === null || policy === null
      ? null
      : `${shown(recordDomain)} asks for ${policy}${pct === null || pct === 100 ? '' : ` for ${pct} % of its mail`}`;
  const alignment = strict.length === 0 ? null : `strict alignment of ${strict.join(' and ')}`;
  return { method: 'DMARC', result, text: sentence([asks, alignment, reason]) };
}

function arcWords({ result, sealers, vouches, reason }: ArcCheck): CheckWords {
  const last = sealers.at(-1);
  const sealed = last === undefined ? null : `sealed by ${shown(last)}`;
  const vouched =
    vouches === null
      ? null
      : `which says that ${shown(vouches.authDomain)} was authenticated when it came there`;
  return { method: 'ARC', result, text: sentence([sealed, vouched, reason]) };
}

function iprevWords({ result, name, reason }: IprevCheck): CheckWords {
  return { method: 'iprev', result, text: sentence([name === null ? null : shown(name), reason]) };
}

/** One entry a method, signatures one by one, in the order in which a reader would ask. */
export function describeChecks(details: VerdictDetails): readonly CheckWords[] {
  return [
    spfWords(details.spf),
    ...dkimWords(details),
    dmarcWords(details.dmarc),
    arcWords(details.arc),
    iprevWords(details.iprev),
  ];
}
