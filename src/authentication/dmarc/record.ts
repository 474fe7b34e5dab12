/**
 * DMARC policy records (RFC 7489 §6.3, §6.4): the text of a TXT record in, what its owner asks for out.
 *
 * Pure, total and linear. What to do where there are several records, or none, is discovery's business.
 */

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';
export type AlignmentMode = 'relaxed' | 'strict';

export interface DmarcRecord {
  /** `p`: for the domain that has the record. */
  readonly policy: DmarcPolicy;
  /** `sp`: for its subdomains; as `p` where it is absent. */
  readonly subdomainPolicy: DmarcPolicy;
  /** `pct`, 0 to 100: the share of messages that the policy is meant for. It says nothing about one message. */
  readonly pct: number;
  readonly adkim: AlignmentMode;
  readonly aspf: AlignmentMode;
}

export type ParsedDmarcRecord =
  | { readonly kind: 'record'; readonly record: DmarcRecord }
  /** Another TXT record: it does not begin with this version (§6.6.3 step 2). */
  | { readonly kind: 'foreign' }
  /** DMARC1, and cannot be used (§6.6.3 step 6). */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Real records have some ten tags; a TXT record cannot be longer than a DNS message. */
const RECORD_CHARACTERS_MAX = 65_535;

/** `dmarc-version`: the version's case counts, and it must be followed by a separator or the end. */
const VERSION = /^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/;

/** `tag-name`, `=`, value: RFC 6376 §3.2, whose names count with their case; DMARC's own ABNF is without. */
const TAG = /^[ \t\r\n]*([A-Za-z][A-Za-z0-9_]*)[ \t\r\n]*=(.*)$/s;

function readTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const part of text.split(';')) {
    const match = TAG.exec(part);
    if (match === null) continue; // "Syntax errors in the remainder … SHOULD be … ignored" (§6.3).
    const name = (match[1] as string).toLowerCase();
    // Of equal names the first counts: nothing appended to a record changes what it said.
    if (!tags.has(name)) tags.set(name, (match[2] as string).trim());
  }
  return tags;
}

function policyOf(value: string | undefined): DmarcPolicy | null {
  const word = value?.toLowerCase();
  return word === 'none' || word === 'quarantine' || word === 'reject' ? word : null;
}

function modeOf(value: string | undefined): AlignmentMode {
  return value?.toLowerCase() === 's' ? 'strict' : 'relaxed';
}

function pctOf(value: string | undefined): number {
  const isNumber = value !== undefined && /^\d{1,3}$/.test(value);
  return isNumber && Number(value) <= 100 ? Number(value) : 100;
}

/**
 * True where a `rua` names at least one URI: `URI [ "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] ]`, commas and
 * exclamation marks in the URI encoded (§6.4).
 */
function hasReportUri(rua: string | undefined): boolean {
  const uri = /^[a-z][a-z0-9+.-]{0,40}:[^\s,!]{1,2000}(?:!\d{1,15}[kmgt]?)?$/i;
  return (rua ?? '').split(',').some((text) => uri.test(text.trim()));
}

/**
 * Parses one TXT record. Never throws.
 *
 * Unknown tags are ignored, wrong values of `pct`, `adkim` and `aspf` stand for their defaults (§6.3). A
 * record without a valid `p`, or with an invalid `sp`, counts as `p=none` where it asks for reports, and
 * else cannot be used (§6.6.3 step 6).
 *
 * @param text The record's strings, joined.
 */
export function parseDmarcRecord(text: string): ParsedDmarcRecord {
  const head = text.slice(0, RECORD_CHARACTERS_MAX);
  const version = VERSION.exec(head);
  if (version === null) return { kind: 'foreign' };
  const tags = readTags(head.slice(version[0].length));
  const modes = {
    pct: pctOf(tags.get('pct')),
    adkim: modeOf(tags.get('adkim')),
    aspf: modeOf(tags.get('aspf')),
  };
  const policy = policyOf(tags.get('p'));
  const subdomainPolicy = tags.has('sp') ? policyOf(tags.get('sp')) : policy;
  if (policy !== null && subdomainPolicy !== null)
    return { kind: 'record', record: { policy, subdomainPolicy, ...modes } };
  if (hasReportUri(tags.get('rua')))
    return { kind: 'record', record: { policy: 'none', subdomainPolicy: 'none', ...modes } };
  const wrong = policy === null ? 'a valid p= tag' : 'a valid sp= tag';
  return { kind: 'unusable', reason: `the DMARC record has not ${wrong}` };
}
