/** Makes one verdict of what the methods found. Pure: the same findings always come to the same. */
import { findVouch } from './arc-vouch.ts';
import { alignmentOf } from './dmarc/alignment.ts';
import { dmarcWithoutAuthor, evaluateDmarc, modesOf } from './dmarc/evaluate.ts';
import type { Findings } from './findings.ts';
import { decideStanding } from './standing.ts';
import type { AuthenticationResult, DmarcCheck, SignatureCheck, SpfCheck, Verdict } from './verdict.ts';

/** The four words of the file (contract §5): the best that any signature came to; all else is a failure. */
function dkimWord(signatures: readonly SignatureCheck[]): AuthenticationResult {
  const results = signatures.map(({ result }) => result).filter((result) => result !== 'none');
  if (results.length === 0) return 'none';
  if (results.includes('pass')) return 'pass';
  return results.includes('temperror') ? 'temperror' : 'fail';
}

/** The four words of the file: a record that cannot be used is as good as none. */
function dmarcWord({ result }: DmarcCheck): AuthenticationResult {
  return result === 'permerror' ? 'none' : result;
}

export function composeVerdict(findings: Findings): Verdict {
  const { author, fields, discovery, arc } = findings;
  const modes = modesOf(discovery);
  const spf: SpfCheck = {
    ...findings.spf,
    alignment: alignmentOf(findings.spf.domain, { author: author.domain, mode: modes.aspf }),
  };
  const signatures: readonly SignatureCheck[] = findings.dkim.signatures.map((signature) => ({
    ...signature,
    alignment: alignmentOf(signature.domain, { author: author.domain, mode: modes.adkim }),
  }));
  const dmarc =
    author.domain === null || discovery === null
      ? dmarcWithoutAuthor(author.count)
      : evaluateDmarc({ author: author.domain, discovery, identifiers: [spf, ...signatures] });
  const vouch = author.domain === null ? null : findVouch(arc.outermost, { author: author.domain, modes });
  const isVouched = arc.result === 'pass' && vouch?.alignment === 'aligned';
  return {
    spf: spf.result,
    dkim: dkimWord(signatures),
    dmarc: dmarcWord(dmarc),
    ...decideStanding({ fields, spf, signatures, dmarc, arc: arc.result, vouch }, author.domain),
    details: {
      author,
      fields,
      spf,
      signatures,
      signaturesNotJudged: findings.dkim.notJudged,
      dmarc,
      arc: {
        result: arc.result,
        sealers: arc.sealers,
        vouches: isVouched ? vouch.vouch : null,
        reason: arc.reason,
      },
      iprev: findings.iprev,
    },
  };
}
