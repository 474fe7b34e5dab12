/**
 * `check_host()` of RFC 7208 §4: what a domain says of a client.
 *
 * It asks through {@link SpfLookups}, which holds the limits; records that include one another, or
 * themselves, end there.
 */
import { assertNever } from '../../system/assert.ts';
import { excerpt } from '../excerpt.ts';
import {
  addressRecordType,
  dottedAddress,
  type IpAddress,
  isInNetwork,
  parseAddressRecord,
} from '../ip-address.ts';
import { MX_NAMES_MAX, permanent, type SpfLookups, type SpfProblem } from './lookups.ts';
import { expandDomainSpec, type MacroString, usesLetter } from './macro.ts';
import {
  type Directive,
  isSpfRecord,
  type ParsedSpfRecord,
  type PrefixLengths,
  parseSpfRecord,
  type Qualified,
  type SpfRecord,
} from './record.ts';

/** Results of RFC 7208 §2.6. */
export type SpfResult = Qualified | 'none' | 'temperror' | 'permerror';

export interface SpfOutcome {
  readonly result: SpfResult;
  /** One sentence without a full stop. */
  readonly reason: string;
}

/** What stays the same in every record that a check comes to. */
export interface SpfSubject {
  readonly client: IpAddress;
  readonly sender: { readonly localPart: string; readonly domain: string };
  /** What the client called itself. */
  readonly helo: string;
  readonly lookups: SpfLookups;
}

type Matched = 'match' | 'no-match' | SpfProblem;

/** Value of `%{p}` for a client without a name that leads back to it (§7.3). */
const NO_CLIENT_NAME = 'unknown';

/** @param domain Without a dot at the end. */
export async function evaluateDomain(domain: string, subject: SpfSubject): Promise<SpfOutcome> {
  const parsed = await readRecord(domain, subject);
  if (!('record' in parsed)) return parsed;
  const { directives, redirect } = parsed.record;
  for (const directive of directives) {
    const matched = await matchDirective(directive, domain, subject);
    if (matched === 'no-match') continue;
    if (matched !== 'match') return matched;
    const reason = `${excerpt(directive.text)} of ${excerpt(domain)} matched`;
    return { result: directive.qualified, reason };
  }
  if (redirect === null) return { result: 'neutral', reason: `no term of ${excerpt(domain)} matched` };
  return followRedirect(redirect, domain, subject);
}

/** §6.1: what the target says of the client. */
async function followRedirect(
  { target, text }: NonNullable<SpfRecord['redirect']>,
  domain: string,
  subject: SpfSubject,
): Promise<SpfOutcome> {
  const where = `${excerpt(text)} of ${excerpt(domain)}`;
  const tooMany = subject.lookups.countTerm(where);
  if (tooMany !== null) return tooMany;
  const name = await expandTarget(target, { domain, subject, where });
  if (name === null) return permanent(`${where} leads to no domain name`);
  if (typeof name !== 'string') return name;
  const outcome = await evaluateDomain(name, subject);
  // Whoever redirects says that there is a record.
  return outcome.result === 'none' ? permanent(`${where} leads nowhere: ${outcome.reason}`) : outcome;
}

/** The one record of a domain (§4.3 to §4.6), or what its absence means. */
async function readRecord(
  domain: string,
  { lookups }: SpfSubject,
): Promise<Extract<ParsedSpfRecord, { readonly kind: 'parsed' }> | SpfOutcome> {
  const shown = excerpt(domain);
  // §4.3; what else DNS cannot hold, it says itself.
  if (!/[^.]\.[^.]/.test(domain)) return { result: 'none', reason: `${shown} is no full domain name` };
  const answer = await lookups.ask(domain, 'TXT');
  if (answer.kind === 'problem') return answer;
  const records = answer.kind === 'records' ? answer.records.filter(isSpfRecord) : [];
  const [record] = records;
  if (record === undefined) return { result: 'none', reason: `${shown} has no SPF record` };
  if (records.length > 1) return permanent(`${shown} has ${records.length} SPF records`);
  const parsed = parseSpfRecord(record);
  return parsed.kind === 'parsed' ? parsed : permanent(`the record of ${shown} ${parsed.problem}`);
}

/** Where a term stands. */
interface Place {
  readonly domain: string;
  readonly subject: SpfSubject;
  /** Names the term and the domain, for reasons. */
  readonly where: string;
}

async function matchDirective(
  { mechanism, text }: Directive,
  domain: string,
  subject: SpfSubject,
): Promise<Matched> {
  if (mechanism.name === 'all') return 'match';
  if ('network' in mechanism)
    return isInNetwork(subject.client, mechanism.network, mechanism.prefixLength) ? 'match' : 'no-match';
  const where = `${excerpt(text)} of ${excerpt(domain)}`;
  const tooMany = subject.lookups.countTerm(where);
  if (tooMany !== null) return tooMany;
  const place = { domain, subject, where };
  const target = mechanism.target === null ? domain : await expandTarget(mechanism.target, place);
  if (target === null) return 'no-match';
  if (typeof target !== 'string') return target;
  switch (mechanism.name) {
    case 'include':
      return matchInclude(target, place);
    case 'exists':
      return matchExists(target, place);
    case 'a':
      return matchAddresses([target], mechanism.prefixLengths, place);
    case 'mx':
      return matchMx(target, mechanism.prefixLengths, place);
    case 'ptr':
      return matchPtr(target, place);
    default:
      return assertNever(mechanism);
  }
}

/** §5.2: only a pass matches; a record that is not there is an error of whoever includes it. */
async function matchInclude(target: string, { subject, where }: Place): Promise<Matched> {
  const { result, reason } = await evaluateDomain(target, subject);
  switch (result) {
    case 'pass':
      return 'match';
    case 'fail':
    case 'softfail':
    case 'neutral':
      return 'no-match';
    case 'none':
      return permanent(`${where} leads nowhere: ${reason}`);
    case 'temperror':
    case 'permerror':
      return { kind: 'problem', result, reason };
    default:
      return assertNever(result);
  }
}

/** §5.7: A, whatever family the client is of. */
async function matchExists(target: string, { subject: { lookups }, where }: Place): Promise<Matched> {
  const answer = await lookups.ask(target, 'A');
  if (answer.kind === 'problem') return answer;
  return answer.kind === 'records' ? 'match' : (lookups.countVoids(1, where) ?? 'no-match');
}

/** Whether one of the names has an address in the client's network; all are asked at once. */
async function matchAddresses(
  names: readonly string[],
  prefixLengths: PrefixLengths,
  { subject: { client, lookups }, where }: Place,
): Promise<Matched> {
  const type = addressRecordType(client);
  const answers = await Promise.all(names.map((name) => lookups.ask(name, type)));
  const isMatch = answers.some(
    (answer) =>
      answer.kind === 'records' &&
      answer.records.some((text) => {
        const address = parseAddressRecord(type, text);
        return address !== null && isInNetwork(client, address, prefixLengths[client.family]);
      }),
  );
  // What did not answer, or had nothing, does not change that another matched.
  if (isMatch) return 'match';
  const problem = answers.find((answer) => answer.kind === 'problem');
  if (problem !== undefined) return problem;
  return lookups.countVoids(answers.filter(({ kind }) => kind === 'void').length, where) ?? 'no-match';
}

/** §5.4: without an MX record the domain's own address is not taken. */
async function matchMx(target: string, prefixLengths: PrefixLengths, place: Place): Promise<Matched> {
  const { subject, where } = place;
  const answer = await subject.lookups.ask(target, 'MX');
  if (answer.kind === 'problem') return answer;
  if (answer.kind === 'void') return subject.lookups.countVoids(1, where) ?? 'no-match';
  if (answer.records.length > MX_NAMES_MAX)
    return permanent(`${where} leads to more than ${MX_NAMES_MAX} names`);
  // An empty name says that the domain takes no mail (RFC 7505 §3).
  const names = answer.records.map(({ exchange }) => exchange).filter((name) => name !== '' && name !== '.');
  return matchAddresses(names, prefixLengths, place);
}

/** §5.5: one of the client's names is the target or below it. */
async function matchPtr(target: string, { subject, where }: Place): Promise<Matched> {
  const names = await subject.lookups.clientNames(where);
  if ('kind' in names) return names;
  return names.validated.some((name) => isAtOrBelow(name, target)) ? 'match' : 'no-match';
}

/** @param name Lower case. */
function isAtOrBelow(name: string, domain: string): boolean {
  return `.${name}`.endsWith(`.${domain.toLowerCase()}`);
}

/** The name that a domain-spec stands for here; null where it is none, or a permerror. */
async function expandTarget(macros: MacroString, place: Place): Promise<string | null | SpfProblem> {
  const { domain, subject } = place;
  const clientName = usesLetter(macros, 'p') ? await chooseClientName(place) : '';
  if (typeof clientName !== 'string') return clientName;
  const { localPart, domain: senderDomain } = subject.sender;
  return expandDomainSpec(macros, {
    s: `${localPart}@${senderDomain}`,
    l: localPart,
    o: senderDomain,
    d: domain,
    i: dottedAddress(subject.client),
    p: clientName,
    v: subject.client.family === 'ipv4' ? 'in-addr' : 'ip6',
    h: subject.helo,
  });
}

/** §7.3, `p`: the domain itself, else a name below it, else any. Asking for it is a look-up of its own. */
async function chooseClientName({
  domain,
  subject: { lookups },
  where,
}: Place): Promise<string | SpfProblem> {
  const tooMany = lookups.hasClientNames ? null : lookups.countTerm(where);
  if (tooMany !== null) return tooMany;
  const names = await lookups.clientNames(where);
  if ('kind' in names) return names;
  const { validated } = names;
  return (
    validated.find((name) => name === domain.toLowerCase()) ??
    validated.find((name) => isAtOrBelow(name, domain)) ??
    validated[0] ??
    NO_CLIENT_NAME
  );
}
