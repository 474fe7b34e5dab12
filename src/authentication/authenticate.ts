/**
 * Authenticates one message: SPF, DKIM, ARC, iprev and DMARC, all at once, and one verdict of them.
 *
 * Every method asks DNS through the port and is total. Nothing is decided here: what the findings come to
 * is `compose-verdict.ts`, whether a mailbox trusts it `trust.ts`.
 */
import { verifyArc } from './arc/verify-arc.ts';
import type { AuthenticationInput, AuthenticationWorld } from './authentication.ts';
import { composeVerdict } from './compose-verdict.ts';
import { verifyDkim } from './dkim/verify-dkim.ts';
import { type DmarcDiscovery, discoverDmarc } from './dmarc/discovery.ts';
import { readFieldFacts } from './field-facts.ts';
import type { ArcFinding, DkimFinding, SpfFinding } from './findings.ts';
import { checkIprev } from './iprev.ts';
import { checkSpf } from './spf/spf.ts';
import { COVERABLE_FIELDS, type IprevCheck, type Verdict } from './verdict.ts';

/**
 * What a method that breaks has found: nothing in the message's favour. It is `permerror` and not
 * `temperror`, since the same message would break it again.
 */
async function orBroken<Finding>(
  method: string,
  finding: Promise<Finding>,
  options: { readonly broken: (reason: string) => Finding; readonly world: AuthenticationWorld },
): Promise<Finding> {
  try {
    return await finding;
  } catch (error) {
    options.world.onDefect?.(method, error);
    return options.broken(
      `aimx failed at it, which is a mistake of aimx: ${error instanceof Error ? error.name : 'unknown'}`,
    );
  }
}

function brokenSpf(reason: string): SpfFinding {
  return { result: 'permerror', identity: 'mailfrom', domain: null, reason };
}

function brokenDkim(reason: string): DkimFinding {
  const nameless = { domain: '', selector: '', algorithm: '', signatureStart: '', signedAt: null };
  return {
    signatures: [{ result: 'permerror', ...nameless, uncovered: COVERABLE_FIELDS, reason }],
    notJudged: 0,
  };
}

function brokenArc(reason: string): ArcFinding {
  return { result: 'fail', reason, sealers: [], outermost: null };
}

function brokenIprev(reason: string): IprevCheck {
  return { result: 'permerror', name: null, reason };
}

function brokenDmarc(domain: string): (reason: string) => DmarcDiscovery {
  return (reason) => ({ kind: 'unusable', domain, reason });
}

/**
 * Authenticates a message. Never rejects; linear in the message.
 *
 * @param world.signal What DNS has not answered by then is `temperror`, and the verdict is `provisional`
 *   where that matters.
 */
export async function authenticate(input: AuthenticationInput, world: AuthenticationWorld): Promise<Verdict> {
  const { content, receivedAt } = input;
  // Questions go out before the message is read and hashed, which may take long.
  const spf = orBroken('spf', checkSpf(input, world), { broken: brokenSpf, world });
  const iprev = orBroken('iprev', checkIprev(input.clientAddress, world), { broken: brokenIprev, world });
  const { author, fields } = readFieldFacts(content);
  const discovery =
    author.domain === null
      ? null
      : orBroken('dmarc', discoverDmarc(author.domain, world), { broken: brokenDmarc(author.domain), world });
  const dkim = orBroken('dkim', verifyDkim(content, { ...world, receivedAt }), { broken: brokenDkim, world });
  const arc = orBroken('arc', verifyArc(content, { ...world, receivedAt }), { broken: brokenArc, world });
  return composeVerdict({
    author,
    fields,
    spf: await spf,
    dkim: await dkim,
    arc: await arc,
    iprev: await iprev,
    discovery: await discovery,
  });
}
